import json

import pytest

from loanword.data.codes import Findings
from loanword.data.squad import parse
from loanword.errors import DataError

WANTED = ("question", "context", "answers", "id", "group")


def dumped(articles, **options):
    return json.dumps({"version": "v2.0", "data": articles}, ensure_ascii=False, **options)


def question(name, *answers, **more):
    return {"id": name, "question": f"{name}?", "answers": [{"text": t, "answer_start": s} for t, s in answers], **more}


ARTICLES = [
    {"title": "One", "paragraphs": [{"context": "Anna sings.", "qas": [question("q1", ("Anna", 0)), question("q2")]}]},
    {"paragraphs": [{"context": "Bob.", "qas": [question("q3", ("Bob", 0), is_impossible=True)]}]},
]


def read(text):
    findings = Findings("f.json")
    cells = parse(text, wanted=WANTED, findings=findings)
    findings.raise_any()
    return cells


@pytest.mark.parametrize("indent", [None, 1])
def test_questions_of_all_paragraphs_with_their_article(indent):
    cells = read(dumped(ARTICLES, indent=indent))
    assert cells.values["question"] == ["q1?", "q2?", "q3?"]
    assert cells.values["context"] == ["Anna sings.", "Anna sings.", "Bob."]
    assert cells.values["group"] == ["One", "One", "article 2"]
    assert cells.values["answers"][0] == [{"text": "Anna", "answer_start": 0}]
    assert cells.values["answers"][1:] == [[], []]
    assert cells.lines == ([1, 1, 1] if indent is None else sorted(cells.lines))
    if indent:
        lines = dumped(ARTICLES, indent=indent).split("\n")
        assert all(f'"q{n}"' in lines[line - 1] for n, line in enumerate(cells.lines, start=1))


def test_an_array_of_rows_is_read_too():
    rows = [{"question": "q", "context": "c", "answers": {"text": ["c"], "answer_start": [0]}}]
    assert read(json.dumps(rows)).values["question"] == ["q"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"data": 3}', "LW116"),
        (dumped([{"title": "x"}]), "LW206"),
        (dumped([{"paragraphs": [{"context": "c"}]}]), "LW206"),
        ('{"data": [', "LW205"),
        (dumped(ARTICLES).replace(": 0}", ": NaN}"), "LW208"),
    ],
)
def test_another_layout_is_told(text, code):
    with pytest.raises(DataError) as caught:
        read(text)
    assert {problem.code for problem in caught.value.problems} == {code}
