import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanword.data.codes import Findings
from loanword.data.csv import parse
from loanword.errors import DataError

CELL = st.text(st.one_of(st.sampled_from('",\t\r\n; a'), st.characters(exclude_categories=["Cs"])), max_size=12)
HOSTILE = st.text(st.sampled_from('",\r\nab;\t'), max_size=60)


def columns(text, *, tabs=False, wanted=("text", "label")):
    findings = Findings("a.csv")
    cells = parse(text, tabs=tabs, wanted=wanted, findings=findings)
    return cells, [(problem.code, problem.line) for problem in findings.problems]


def found(text, *, tabs=False):
    try:
        return columns(text, tabs=tabs)[1]
    except DataError as error:
        return [(problem.code, problem.line) for problem in error.problems]


@settings(deadline=None)
@given(st.lists(st.tuples(CELL, CELL), max_size=8), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_the_standard_writer_writes_comes_back(rows, end, quote_all):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL)
    starts = []
    for row in [("text", "label"), *rows]:
        starts.append(stream.getvalue().count("\n") + 1)
        # A writer with LF line ends leaves a lone CR unquoted, which is refused here.
        if any("\r" in cell for cell in row):
            csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL).writerow(row)
        else:
            writer.writerow(row)
    cells, problems = columns(stream.getvalue())
    assert problems == []
    assert list(zip(cells.values["text"], cells.values["label"], strict=True)) == rows
    assert cells.lines == starts[1:]


@settings(deadline=None)
@given(HOSTILE)
def test_what_is_accepted_is_what_the_standard_reader_reads(text):
    """Any text either gives problems or the same rows as Python's reader."""
    body = "text,label\n" + text
    cells, problems = columns(body)
    if not problems:
        expected = [row for row in csv.reader(io.StringIO(body, newline=""), strict=True) if row][1:]
        assert list(map(list, zip(cells.values["text"], cells.values["label"], strict=True))) == [
            row for row in expected if row != [""]
        ]


TAB_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n"), min_size=1, max_size=12)


@settings(deadline=None)
@given(st.lists(st.tuples(TAB_CELL, TAB_CELL), min_size=1, max_size=8))
def test_tabs_have_no_quoting(rows):
    body = "".join(f"{text}\t{label}\n" for text, label in [("text", "label"), *rows])
    cells, problems = columns(body, tabs=True)
    assert problems == []
    assert list(zip(cells.values["text"], cells.values["label"], strict=True)) == rows


def test_only_wanted_columns_are_kept_and_all_are_named():
    cells, _ = columns("id,text,note\n1,a,b\n", wanted=("text",))
    assert cells.columns == ("id", "text", "note")
    assert cells.values == {"text": ["a"]}


def test_line_numbers_count_physical_lines():
    cells, problems = columns('text,label\r\n"a\nb\r\n\rc",x\n\n\nd,y\r\ne\n"f\u2028",z')
    assert cells.lines == [2, 7, 9]
    assert problems == [("LW201", 8)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('a,"b\nc,d\ne,f\n', [("LW202", 2)]),
        ('a,"b\nc,"d"\ne,f\n', [("LW202", 2)]),
        ('a,b\nc,"d"x\ne,f\n', [("LW203", 3)]),
        ('a,b\nc,d"x"\ne,f\n', [("LW203", 3)]),
        ("a,b\nc\rd,e\n", [("LW204", 3)]),
        ('a,"b\n\nc"\rd\n', [("LW204", 4), ("LW203", 4)]),
        ("a,b\nc\nd,e,f\ng,h", [("LW201", 3), ("LW201", 4)]),
        ("a,b,\n", [("LW201", 2)]),
        ('"x"",y\nc,d\n"""",z\n"q\n', [("LW202", 2), ("LW202", 5)]),
    ],
)
def test_broken_rows_are_placed_and_the_rest_is_read(body, expected):
    assert found("text,label\n" + body) == expected


def test_rows_around_a_never_closed_cell_are_kept():
    cells, problems = columns('text,label\na,x\nb,"y\nc,z\n')
    assert problems == [("LW202", 3)]
    assert cells.values["text"] == ["a", "c"]


def test_many_stray_marks_take_linear_time():
    cells, problems = columns("text,label\n" + 'a "b" c,"x\n' * 50_000 + '"\n' * 50_000)
    assert len(problems) >= 50_000
    assert cells.lines == []


def test_a_million_characters_in_a_cell():
    cells, problems = columns(f'text,label\n"{"a" * 10**6}",{"b" * 10**6}\n')
    assert problems == []
    assert (len(cells.values["text"][0]), len(cells.values["label"][0])) == (10**6, 10**6)


def test_blank_lines_are_rows_only_in_a_single_column():
    assert columns("\ntext,label\n\na,b\n\n\n")[0].lines == [4]
    assert columns('text\na\n\n"b"\n\r\n\n')[0].values["text"] == ["a", "", "b"]
    assert columns('text\na\n""\n')[0].values["text"] == ["a", ""]


@pytest.mark.parametrize(
    ("text", "tabs", "expected"),
    [
        ("text;label\na;b\n", False, [("LW114", 1)]),
        ('"text";"label"\r\n"a";"b"\n', False, [("LW114", 1)]),
        ("text\tlabel\na\tb\n", False, [("LW114", 1)]),
        ("text,label\na,b\n", True, [("LW114", 1)]),
        ('{"text": "a", "label": "b"}\n', False, [("LW105", 1)]),
        ('[\n{"text": "a"}]\n', True, [("LW105", 1)]),
        ("text,label,text\na,b,c\n", False, [("LW113", 1)]),
        ('te"xt,label\na,b\n', False, [("LW203", 1)]),
        ("text,label\ra,b\r", False, [("LW204", 1)]),
    ],
)
def test_headers(text, tabs, expected):
    assert found(text, tabs=tabs) == expected


def test_without_a_header_the_rows_are_not_guessed_at():
    with pytest.raises(DataError):
        columns('te"xt,label\na,b\n')


def test_a_mapped_column_may_hold_another_delimiter_in_its_name():
    assert columns('"a;b"\nx\n', wanted=("a;b",))[0].values == {"a;b": ["x"]}


def test_columns_without_a_name_may_repeat():
    assert columns(",text,label,,\n0,a,b,,\n")[1] == []
