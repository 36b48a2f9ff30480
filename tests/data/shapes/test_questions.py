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
        ({"text": ["Köln"], "answer_start": [-1]}, "is not where it should be"),
        (
            {"text": ["Köln", "lives"], "answer_start": [15]},
            "there are 2 answers, and of places",
        ),
        ({"text": ["Köln"], "answer_start": ["15"]}, "an answer starts at"),
        ({"text": [None], "answer_start": [0]}, "an answer is missing"),
        ([" "], "an answer is empty"),
        ([3], "an answer is an integer"),
        (["Bonn"], "it is not in the text"),
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
