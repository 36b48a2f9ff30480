import json

import pytest

from loanword.data.codes import Findings
from loanword.data.columns import Cells, Source
from loanword.data.read import read
from loanword.data.shapes.many_labels import MANY_LABELS
from loanword.errors import DataError


def filled(*values, names=None, labelled=True):
    """What is made of the cells of the column, and the problems with them."""
    cells = Cells(
        columns=("text", "labels"),
        lines=list(range(1, len(values) + 1)),
        values={"text": ["some text"] * len(values), "labels": list(values)},
        class_names={"labels": names} if names else {},
    )
    columns = {"text": "text", "labels": "labels"}
    source = Source(cells, columns, Findings("f.jsonl"), language="en", labelled=labelled)
    return MANY_LABELS.fill(source).label, source.findings.problems


@pytest.mark.parametrize(
    ("value", "names", "expected"),
    [
        (["joy", "anger"], None, ("anger", "joy")),
        ([], None, ()),
        ("joy|anger", None, ("anger", "joy")),
        ("joy", None, ("joy",)),
        ("", None, ()),
        ([3, 1], None, ("1", "3")),
        ([2, 0], ["joy", "fear", "anger"], ("anger", "joy")),
        (["a|b"], None, ("a|b",)),
    ],
)
def test_labels_are_names_sorted(value, names, expected):
    assert filled(value, names=names) == ([expected], [])


@pytest.mark.parametrize(
    ("value", "names", "code", "says"),
    [
        (None, None, "LW301", "no labels"),
        (3.5, None, "LW302", "a decimal number"),
        ({"a": 1}, None, "LW302", "an object"),
        ("joy | anger", None, "LW310", "a blank stands at the edge of the label 'joy '"),
        ("joy||anger", None, "LW310", "label 2 of the row is the text '', which names no class"),
        ("joy|", None, "LW310", "label 2"),
        (" ", None, "LW310", "a blank stands"),
        ("['joy', 'anger']", None, "LW310", "a list written as a string"),
        ('["joy"]', None, "LW310", "a list written as a string"),
        (["joy", "joy"], None, "LW310", "the label 'joy' stands there twice"),
        ("joy|anger|joy", None, "LW310", "stands there twice"),
        (["joy", None], None, "LW310", "label 2 of the row is null, which names no class"),
        (["joy", " "], None, "LW310", "label 2 of the row is the text ' ', which names no class"),
        (["joy", " anger"], None, "LW310", "a blank stands at the edge of the label ' anger'"),
        ([["joy"]], None, "LW310", "label 1 of the row is a list, which names no class"),
        ([True], None, "LW310", "label 1 of the row is true, which names no class"),
        ([1.5], None, "LW310", "label 1 of the row is the number 1.5, which names no class"),
        ([5], ["joy"], "LW310", "label 1 of the row is the number 5, which names no class"),
        (["j\0y"], None, "LW310", "NUL"),
    ],
)
def test_what_is_no_list_of_different_names(value, names, code, says):
    _, problems = filled(["fine"] if names is None else [0], value, names=names)
    assert [(problem.code, problem.line) for problem in problems] == [(code, 2)]
    assert says in problems[0].cause


@pytest.mark.parametrize(
    ("values", "line", "cause"),
    [
        ([["1"], [1, 2]], 1, "1 label is a string, 2 labels are an integer"),
        ([["1", "b"], ["c", 1]], 2, "1 label is an integer, 3 labels are a string"),
        (["1|b", [1]], 2, "1 label is an integer, 2 labels are a string"),
    ],
)
def test_strings_and_integers_are_not_mixed(values, line, cause):
    _, problems = filled(*values)
    assert [(problem.code, problem.line, problem.cause) for problem in problems] == [("LW303", line, cause)]
    assert filled(["a"], [0], names=["a"]) == ([("a",), ("a",)], [])


def test_labels_may_be_absent_where_nothing_is_learned():
    assert filled(None, ["a"], labelled=False) == ([None, ("a",)], [])


def test_files_of_either_kind_give_the_same_table(tmp_path):
    rows = [("one, two", ("a", "b")), ("three", ()), ("four", ("b",))]
    objects = [{"text": text, "labels": list(labels)} for text, labels in rows]
    (tmp_path / "x.jsonl").write_text("".join(json.dumps(row) + "\n" for row in objects), encoding="utf-8")
    lines = ["text\tlabels", *(f"{text}\t{'|'.join(labels)}" for text, labels in rows)]
    (tmp_path / "x.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    lines = ["text,labels", *(f'"{text}",{"|".join(labels)}' for text, labels in rows)]
    (tmp_path / "x.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    tables = [read(tmp_path / name, language="en", shape=MANY_LABELS) for name in ("x.jsonl", "x.tsv", "x.csv")]
    assert {tuple(table.label) for table in tables} == {tuple(labels for _, labels in rows)}
    assert {tuple(table.text) for table in tables} == {tuple(text for text, _ in rows)}


def test_problems_have_their_lines(tmp_path):
    (tmp_path / "x.csv").write_text("text,labels\nfine,a\nwrong,a|a\nalso wrong,b|\n", encoding="utf-8")
    with pytest.raises(DataError) as told:
        read(tmp_path / "x.csv", language="en", shape=MANY_LABELS)
    assert [(one.code, one.line, one.column) for one in told.value.problems] == [
        ("LW310", 3, "labels"),
        ("LW310", 4, "labels"),
    ]
