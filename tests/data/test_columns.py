import pytest

from loanword.data.codes import Findings
from loanword.data.columns import Cells, expect_column, expect_columns, name_columns
from loanword.data.shapes.labelled_text import LABELLED_TEXT
from loanword.errors import DataError, UsageError


def test_a_map_renames_and_the_rest_keeps_its_name():
    names = name_columns(LABELLED_TEXT, {"text": "body"})
    assert names["text"] == "body"
    assert names["label"] == "label"
    assert set(names) == set(LABELLED_TEXT.columns)


def test_a_map_to_what_the_shape_lacks():
    with pytest.raises(UsageError, match="group"):
        name_columns(LABELLED_TEXT, {"groop": "x"})


def test_absent_columns_are_told_together_with_what_there_is():
    findings = Findings("file.csv")
    expect_columns(
        Cells(columns=("Text", "topic")), shape=LABELLED_TEXT, columns={"group": "document"}, findings=findings
    )
    assert [problem.column for problem in findings.problems] == ["text", "label", "document"]
    assert "did you mean 'Text'" in findings.problems[0].cause
    assert (
        findings.problems[0].fix
        == 'Say which column holds it: --column text=NAME, or columns={"text": "NAME"} in Python'
    )
    none = Findings("file.csv")
    expect_columns(Cells(columns=("text", "label")), shape=LABELLED_TEXT, columns=None, findings=none)
    assert none.problems == []


def test_the_one_column_that_is_needed():
    findings = Findings("a.jsonl")
    expect_column("text", ("id", "text"), findings)
    expect_column("text", ("id", "Text"), findings, line=4, stop=False)
    (problem,) = findings.problems
    assert (problem.code, problem.line, problem.column) == ("LW112", 4, "text")
    assert problem.cause == "there is no column 'text' (did you mean 'Text'?); there are: 'id', 'Text'"
    with pytest.raises(DataError, match="there are: none"):
        expect_column("text", (), findings)
