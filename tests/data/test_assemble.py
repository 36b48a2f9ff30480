import pytest

from loanword.data.assemble import assemble
from loanword.data.codes import Findings
from loanword.data.columns import Cells
from loanword.data.shapes.labelled_text import LABELLED_TEXT
from loanword.errors import DataError


def cells(**values):
    rows = len(next(iter(values.values())))
    return Cells(columns=tuple(values), lines=list(range(2, rows + 2)), values=values)


def made(content, *, language="de"):
    return assemble(content, language=language, shape=LABELLED_TEXT, columns=None, findings=Findings("f.csv"))


def test_strings_stay_what_they_are():
    table = made(cells(text=["NA", " x ", "007"], label=["null", "0", "01"]))
    assert table.text == ["NA", " x ", "007"]
    assert table.label == ["null", "0", "01"]
    assert table.line == [2, 3, 4]


def test_integer_labels_become_digits_and_mixed_ones_are_refused():
    assert made(cells(text=["a", "b"], label=[1, 0])).label == ["1", "0"]
    with pytest.raises(DataError, match=r"f\.csv"):
        made(cells(text=["a", "b"], label=[1, "x"]))


def test_every_problem_of_every_column_at_once():
    with pytest.raises(DataError) as stop:
        made(cells(text=["", "b\0", None], label=["x", None, "y"], language=["de", "fr", "de-AT"]))
    lines = {problem.line for problem in stop.value.problems}
    codes = {problem.code for problem in stop.value.problems}
    assert lines == {2, 3, 4}
    assert len(codes) >= 3


def test_what_a_source_has_beside_its_rows_is_kept_and_told_where_nothing_is_left():
    left_out = {"fuzzy": 2, "untranslated": 1}
    table = made(Cells(("text", "label"), [1], {"text": ["a"], "label": ["b"]}, left_out=left_out))
    assert table.left_out == left_out
    with pytest.raises(
        DataError, match=r"LW111 there are no rows; 3 entries are left out \(2 fuzzy, 1 untranslated\)\."
    ):
        made(Cells(("text", "label"), left_out=left_out))
