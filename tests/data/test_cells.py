import pytest

from loanword.data.cells import UNUSABLE, is_integer, kind, note_mixed, seen, strings, texts
from loanword.data.codes import Findings
from loanword.data.columns import Cells, Foreign, Source


def source(*values):
    cells = Cells(columns=("c",), lines=list(range(1, len(values) + 1)), values={"c": list(values)})
    return Source(cells, {"x": "c"}, Findings("f.csv"), language="en", labelled=True)


def noted(found):
    return [(problem.code, problem.line, problem.column) for problem in found.findings.problems]


def test_a_text_stays_what_it_is_and_an_empty_one_is_noted():
    found = source("NA", " x ", "007", " ", None)
    assert texts(found, "x") == ["NA", " x ", "007", " ", ""]
    assert noted(found) == [("LW210", 4, "c"), ("LW210", 5, "c")]
    assert "the summary is missing" in texts_cause(source(None))


def texts_cause(found):
    texts(found, "x", what="summary")
    return found.findings.problems[0].cause


def test_integers_are_strings_only_where_they_may_be():
    assert strings(source("a", 7, None), "x", integers=True) == ["a", "7", None]
    found = source("a", 7, True)
    assert strings(found, "x") == ["a", None, None]
    assert noted(found) == [("LW211", 2, "c"), ("LW211", 3, "c")]


def test_a_column_of_another_kind_is_noted_once():
    found = source(1.5, 2.5)
    strings(found, "x")
    assert noted(found) == [("LW211", 1, "c")]
    assert "all 2 rows hold a decimal number" in found.findings.problems[0].cause


@pytest.mark.parametrize(("text", "code"), [("a\0b", "LW212"), ("a\ud800b", "LW213")])
def test_what_no_text_may_hold(text, code):
    found = source(text)
    strings(found, "x")
    assert noted(found) == [(code, 1, "c")]
    assert UNUSABLE.search(text)


def test_what_is_seen_is_shown():
    assert [seen(value) for value in ("2", 2, 2.5, True, False, None, [1], "x" * 50)] == [
        "the text '2'",
        "the number 2",
        "the number 2.5",
        "true",
        "false",
        "null",
        "a list",
        f"the text '{'x' * 39}'…",
    ]


def test_mixed_labels_are_noted_at_the_first_of_the_rarer_kind():
    found = source("a", 1, "b")
    note_mixed(found, "x", [1, 3], [])
    assert noted(found) == []
    note_mixed(found, "x", [1, 3], [2])
    assert noted(found) == [("LW303", 2, "c")]
    assert found.findings.problems[0].cause == "1 label is an integer, 2 labels are a string"


def test_kinds_are_named():
    named = [kind(value) for value in (True, 1, 1.0, {}, [], Foreign("date"), b"")]
    assert named == [
        "true or false",
        "an integer",
        "a decimal number",
        "an object",
        "a list",
        "of the type date",
        "of the type bytes",
    ]
    assert [is_integer(value) for value in (1, True, 1.0)] == [True, False, False]
