from dataclasses import replace

import pytest

from loanword.data.records import Record, Span, Table, names_of, told
from loanword.data.shapes.labelled_text import LABELLED_TEXT


@pytest.fixture
def table():
    return Table(language="de", text=["a", "b", "c"], label=["x", None, "y"], group=["g", "g", "h"], line=[2, 3, 5])


def test_rows_are_records(table):
    assert len(table) == 3
    assert table[1] == Record(text="b", language="de", label=None, id="", group="g", line=3)
    assert list(table) == [table[0], table[1], table[2]]
    assert table.id == ["", "", ""]


def test_select_keeps_rows_together(table):
    chosen = table.select([2, 0])
    assert [(record.text, record.label, record.group, record.line) for record in chosen] == [
        ("c", "y", "h", 5),
        ("a", "x", "g", 2),
    ]
    assert chosen.language == "de"
    assert len(table.select([])) == 0


@pytest.mark.parametrize("cut", [slice(2), slice(1, None), slice(None, None, 2), slice(None, None, -1), slice(5, 9)])
def test_a_slice_is_a_table(table, cut):
    part = table[cut]
    assert isinstance(part, Table)
    assert (part.language, part.origin) == (table.language, table.origin)
    assert list(part) == list(table)[cut]
    assert part == table.select(list(range(3))[cut])


def test_a_shape_lists_its_columns():
    assert LABELLED_TEXT.columns == ("text", "label", "id", "language", "group")


def test_what_is_left_out_is_counted_in_words_and_stays_with_parts_of_a_table(table):
    assert told({}) == told({"fuzzy": 0}) == ""
    assert told({"fuzzy": 1}) == "1 entry is left out (1 fuzzy)"
    assert told({"fuzzy": 1200, "obsolete": 1}) == "1,201 entries are left out (1,200 fuzzy, 1 obsolete)"
    assert replace(table, left_out={"fuzzy": 1})[:1].left_out == {"fuzzy": 1}


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("x", ("x",)),
        (("x", "y"), ("x", "y")),
        ((), ()),
        (None, None),
        (0.5, None),
        ((Span(0, 1, "x"),), None),
    ],
)
def test_what_a_label_names(label, names):
    assert names_of(label) == names
    assert Table(language="en", text=["a"], label=[label]).named == [names or ()]
