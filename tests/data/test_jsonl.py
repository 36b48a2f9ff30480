import json
import os
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanword.data.codes import Findings
from loanword.data.jsonl import objects_of, parse, write_jsonl
from loanword.data.read import read
from loanword.data.records import Table
from loanword.data.shapes.labelled_text import PLAIN_TEXT
from loanword.data.shapes.pairs import SCORED_PAIR
from loanword.errors import DataError, UsageError

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
SCALAR = st.one_of(TEXT, st.integers(), st.none(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
VALUE = st.recursive(SCALAR, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3))


def columns(text, *, array=False, wanted=("text", "label")):
    findings = Findings("a.jsonl")
    cells = parse(text, array=array, wanted=wanted, findings=findings)
    return cells, [(problem.code, problem.line) for problem in findings.problems]


def found(text, *, array=False):
    try:
        return columns(text, array=array)[1]
    except DataError as error:
        return [(problem.code, problem.line) for problem in error.problems]


@settings(deadline=None)
@given(
    st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=6), st.booleans(), st.sampled_from(["\n", "\r\n", "\n\n"])
)
def test_lines_that_the_standard_writer_writes_come_back(rows, ascii_only, end):
    objects = [{"text": text, "label": label} for text, label in rows]
    cells, problems = columns("".join(json.dumps(one, ensure_ascii=ascii_only) + end for one in objects))
    assert problems == []
    assert list(zip(cells.values["text"], cells.values["label"], strict=True)) == rows
    assert cells.lines == [1 + row * end.count("\n") for row in range(len(rows))]


@settings(deadline=None)
@given(st.lists(st.tuples(VALUE, VALUE), min_size=1, max_size=6), st.sampled_from([None, 0, 2]))
def test_arrays_come_back_with_the_line_of_each_object(rows, indent):
    objects = [{"text": text, "label": label} for text, label in rows]
    text = json.dumps(objects, indent=indent)
    cells, problems = columns(text, array=True)
    assert problems == []
    assert list(zip(cells.values["text"], cells.values["label"], strict=True)) == rows
    lines = text.split("\n")
    if indent == 2:
        assert cells.lines == [number for number, line in enumerate(lines, start=1) if line.startswith("  {")]
    assert len(cells.lines) == len(rows)


def test_absent_keys_are_none_and_all_keys_are_named():
    cells, _ = columns('{"text": "a"}\n{"label": 1, "note": 2}\n')
    assert cells.columns == ("text", "label", "note")
    assert cells.values == {"text": ["a", None], "label": [None, 1]}


def test_other_line_separators_do_not_end_a_row():
    cells, _ = columns('{"text": "a\u2028b\u0085c\u2029"}\n{"text": "d"}')
    assert cells.values["text"] == ["a\u2028b\u0085c\u2029", "d"]
    assert cells.lines == [1, 2]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ('{"text": "a", "label": NaN}', "LW208"),
        ('{"text": "a", "label": -Infinity}', "LW208"),
        ('{"text": "a", "label": ' + "9" * 10_000 + "}", "LW208"),
        ('{"text": "a", "label": -' + "9" * 10_000 + "}", "LW208"),
        ('{"text": "a", "text": "b"}', "LW207"),
        ('{"text": {"x": 1, "x": 1}}', "LW207"),
        ('{"text": "a"', "LW205"),
        ('{"text": "a\tb"}', "LW205"),
        ("{'text': 'a'}", "LW205"),
        ('{"text": "a",}', "LW205"),
        ('{"text": "a"} {"text": "b"}', "LW205"),
        ('{"text": "\\x41"}', "LW205"),
        ("text,label", "LW205"),
        ('["a", "b"]', "LW206"),
        ("3", "LW206"),
        ("null", "LW206"),
        ('{"text": ' + "[" * 200_000 + "]" * 200_000 + "}", "LW209"),
        ('{"text": ' * 200_000, "LW209"),
    ],
)
def test_broken_rows_are_placed_and_the_rest_is_read(row, code):
    text = '{"text": "a"}\n' + row + '\n{"text": "z"}\n'
    cells, problems = columns(text)
    assert problems == [(code, 2)]
    assert cells.values["text"][-1] == "z"


@pytest.mark.parametrize("number", ["NaN", "Infinity", "9" * 10_000])
def test_a_number_that_is_none_is_told_once(tmp_path, number):
    """Not a second time as a cell without content; what is wrong with other rows is told as well."""
    sound = '{"text": "a", "pair": "b", "score": 1}\n'
    bad = f'{{"text": "a", "pair": "b", "score": {number}}}\n'
    for content, expected in (
        (sound + bad + '{"text": "a", "pair": "b"}\n', [("LW208", 2), ("LW301", 3)]),
        (bad, [("LW208", 1)]),
        (f"{number}\n" + bad, [("LW208", 1), ("LW208", 2)]),
    ):
        path = tmp_path / "a.jsonl"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(DataError) as caught:
            read(path, language="en", shape=SCORED_PAIR)
        assert [(problem.code, problem.line) for problem in caught.value.problems] == expected


def test_places_inside_a_row_are_characters_of_the_line():
    findings = Findings("a.jsonl")
    parse('{"text": "a"}\n   {"text" "b"}', array=False, wanted=(), findings=findings)
    assert findings.problems[0].cause.endswith("at character 12")


@pytest.mark.parametrize(
    ("text", "array", "expected"),
    [
        ('[{"text": "a"}]', False, [("LW116", 1)]),
        ('{\n  "text": "a"\n}\n', False, [("LW116", 1)]),
        ('{\n  "text": "a"\n}\n', True, [("LW116", 1)]),
        ("text,label\na,b\n", False, [("LW105", 0)]),
        ('[{"text": "a"},\n{"text": "b"}', True, [("LW205", 2)]),
        ('[{"text": "a"},\n\n{"text": "b"} {"text": "c"}]', True, [("LW205", 3)]),
        ('[{"text": "a"},\n{"text": "b"}]\n{}', True, [("LW205", 3)]),
        ('[{"text": "a"},\n{"text":\n\n oops}]', True, [("LW205", 4)]),
        ('[{"text": "a"},\n]', True, [("LW205", 2)]),
        ('[{"text": "a"}, 3,\n[1]]', True, [("LW206", 1), ("LW206", 2)]),
        ("[", True, [("LW205", 1)]),
        ("[" * 200_000, True, [("LW209", 1)]),
        ("[]", True, []),
    ],
)
def test_whole_files(text, array, expected):
    assert found(text, array=array) == expected


def test_objects_a_line_are_read_from_json_too():
    assert columns('{"text": "a"}\n{"text": "b"}\n', array=True)[0].values["text"] == ["a", "b"]


ROW = st.tuples(TEXT.filter(lambda text: text.strip() and "\0" not in text), st.sampled_from(["x", "y z", "7"]))


@settings(deadline=None)
@given(st.lists(ROW, min_size=1, max_size=5))
def test_written_tables_come_back(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("written") / "a.jsonl"
    texts, labels = map(list, zip(*rows, strict=True))
    table = Table("pt-BR", texts, labels, group=[f"g{row}" for row in range(len(rows))])
    write_jsonl(table, path)
    back = read(path, language="pt_BR")
    assert (back.text, back.label, back.group, back.language) == (table.text, table.label, table.group, "pt-BR")
    assert list(path.parent.iterdir()) == [path]


def test_rows_without_a_label_are_written_without_one(tmp_path):
    write_jsonl(Table("en", ["é漢"], [None]), tmp_path / "a.jsonl")
    assert (tmp_path / "a.jsonl").read_text("utf-8") == '{"text": "é漢", "language": "en"}\n'
    assert read(tmp_path / "a.jsonl", language="en", shape=PLAIN_TEXT).label == [None]


def test_a_failed_write_leaves_the_earlier_file(tmp_path, monkeypatch):
    path = tmp_path / "a.jsonl"
    write_jsonl(Table("en", ["old"], ["x"]), path)
    before = path.read_bytes()

    def fail(_number):
        raise OSError("disk full")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_jsonl(Table("en", ["new"], ["x"]), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_what_could_not_be_read_back_is_not_written(tmp_path):
    with pytest.raises(DataError) as caught:
        write_jsonl(Table("en", ["a", "b\0", "\ud800"], ["x", "y", "z"]), tmp_path / "a.jsonl")
    assert [problem.line for problem in caught.value.problems] == [2, 3]
    with pytest.raises(UsageError, match=r"\.jsonl"):
        write_jsonl(Table("en", ["a"], ["x"]), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_the_recursion_limit_is_left_alone():
    before = sys.getrecursionlimit()
    found("[" * 100_000, array=True)
    assert sys.getrecursionlimit() == before


def test_numbered_lines_give_their_values_and_what_is_none_is_noted():
    findings = Findings("a.jsonl")
    lines = [(3, '{"a": 1}'), (5, ""), (6, "[2]\r"), (9, "{"), (12, '{"n": NaN}')]
    assert list(objects_of(lines, findings)) == [(3, {"a": 1}, True), (6, [2], True), (12, {"n": None}, False)]
    assert [(problem.code, problem.line) for problem in findings.problems] == [("LW205", 9), ("LW208", 12)]
