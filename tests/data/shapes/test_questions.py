import json

import pytest

from loanword.data.read import read
from loanword.data.records import Span
from loanword.data.shapes.questions import QUESTION
from loanword.errors import DataError

CONTEXT = "Zoë 😀 lives in Köln."


@pytest.fixture
def rows(tmp_path):
    def write(*answers, shape=QUESTION):
        path = tmp_path / "qa.jsonl"
        content = [{"question": "Where?", "context": CONTEXT, "title": "t", "answers": answer} for answer in answers]
        path.write_text("".join(json.dumps(row) + "\n" for row in content), encoding="utf-8")
        return read(path, language="de:en", shape=shape)

    return write


@pytest.mark.parametrize(
    "answers",
    [
        {"text": ["Köln"], "answer_start": [15]},
        [{"text": "Köln", "answer_start": 15}],
        {"text": ["Köln"]},
        ["Köln"],
        "Köln",
    ],
)
def test_answers_as_they_are_written(rows, answers):
    (record,) = rows(answers)
    assert record.label == (Span(15, 19, "Köln"),)
    assert (record.text, record.pair, record.group) == (CONTEXT, "Where?", "t")
    assert record.languages == ("de", "en")


@pytest.mark.parametrize("nothing", [{"text": [], "answer_start": []}, []])
def test_a_question_without_an_answer(rows, nothing):
    (record,) = rows(nothing)
    assert record.label == ()


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"text": ["Köln"], "answer_start": [18]}, "it stands at 15"),
        ({"text": ["Bonn"], "answer_start": [15]}, "the text has 'Köln' at 15"),
        (
            {"text": ["Köln"], "answer_start": [-6]},
            "the answer 'Köln' is said to start at -6, and no place is negative; it",
        ),
        ({"text": ["Köln"], "answer_start": [20]}, "start at 20, which lies beyond the text of 20 code points; it"),
        (
            {"text": ["Köln", "lives"], "answer_start": [15]},
            "there are 2 answers, and of places",
        ),
        ({"text": ["Köln"], "answer_start": ["15"]}, "answer_start of 'Köln' is the text '15' where an integer"),
        ({"text": ["Köln"], "answer_start": [15.0]}, "is the number 15.0 where an integer is needed"),
        ({"text": ["Köln"], "answer_start": [True]}, "is true where an integer is needed"),
        ({"text": [None], "answer_start": [0]}, "an answer is missing"),
        ([" "], "an answer is empty"),
        ([3], "an answer is an integer"),
        (["Bonn"], "the answer 'Bonn' is not in the text. "),
    ],
)
def test_answers_that_do_not_stand_there(rows, answers, says):
    with pytest.raises(DataError) as caught:
        rows(["Köln"], answers)
    (problem,) = caught.value.problems
    assert (problem.code, problem.line) == ("LW309", 2)
    assert says in str(caught.value)


def test_answers_may_be_absent_where_they_are_to_be_found(rows):
    with pytest.raises(DataError):
        rows(None)
    (record,) = rows(None, shape=QUESTION.unlabelled)
    assert record.label is None
