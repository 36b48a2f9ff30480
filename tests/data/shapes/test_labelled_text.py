import pytest

from loanword.data.codes import Findings
from loanword.data.columns import Cells, Source
from loanword.data.shapes.labelled_text import LABELLED_TEXT, PLAIN_TEXT, labels


def source(*values, names=None, labelled=True):
    cells = Cells(
        columns=("label",),
        lines=list(range(1, len(values) + 1)),
        values={"label": list(values)},
        class_names={"label": names} if names else {},
    )
    return Source(cells, {"label": "label"}, Findings("f.csv"), language="en", labelled=labelled)


@pytest.mark.parametrize(
    ("values", "names", "expected"),
    [
        (["a", "b"], None, ["a", "b"]),
        ([3, 4], None, ["3", "4"]),
        ([0, 1], ["no", "yes"], ["no", "yes"]),
    ],
)
def test_labels_become_strings(values, names, expected):
    found = source(*values, names=names)
    assert labels(found, "label") == expected
    assert found.findings.problems == []


@pytest.mark.parametrize(
    ("values", "names", "code"),
    [
        (["a", None], None, "LW301"),
        (["a", " "], None, "LW301"),
        ([1.5, "a"], None, "LW302"),
        (["a", 3, "b"], None, "LW303"),
        ([0, 5], ["no", "yes"], "LW304"),
    ],
)
def test_labels_that_will_not_do(values, names, code):
    found = source(*values, names=names)
    labels(found, "label")
    assert [problem.code for problem in found.findings.problems] == [code]


def test_they_may_be_absent_where_nothing_is_learned():
    found = source("a", None, -1, names=["x"], labelled=False)
    labels(found, "label")
    assert not found.findings.problems
    assert (LABELLED_TEXT.ways, PLAIN_TEXT.ways) == ([("text", "label")], [("text",)])
    assert PLAIN_TEXT.columns == LABELLED_TEXT.columns
