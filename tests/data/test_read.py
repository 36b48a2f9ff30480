import csv
import gzip
import io
import json
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq

import loanword.data
from loanword.data.codes import CODES, Findings, shown
from loanword.data.read import EXTENSIONS, read
from loanword.data.records import Table
from loanword.data.shapes.labelled_text import LABELLED_TEXT, PLAIN_TEXT
from loanword.errors import DataError, UsageError

PECULIAR = [
    "NA",
    "NaN",
    "null",
    "None",
    "007",
    " x ",
    "1.0",
    "1e5",
    "-0",
    "True",
    "\ufeffx",
    "'",
    "=1+1",
    "\\N",
    "\u200b",
]
TEXT = st.sampled_from(PECULIAR) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9
)
FILLED = TEXT.filter(str.strip)
ROWS = st.lists(st.tuples(FILLED, FILLED, TEXT, TEXT), min_size=1, max_size=5)
COLUMNS = ("text", "label", "id", "group")


def as_csv(rows, *, end="\r\n"):
    stream = io.StringIO(newline="")
    csv.writer(stream, lineterminator=end, quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    return stream.getvalue().encode()


def as_objects(rows):
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def as_jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in as_objects(rows)).encode()


def as_json(rows):
    return json.dumps(as_objects(rows), ensure_ascii=False, indent=1).encode()


def as_parquet(rows):
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(as_objects(rows)), sink)
    return sink.getvalue().to_pybytes()


WRITERS = {".csv": as_csv, ".jsonl": as_jsonl, ".json": as_json, ".parquet": as_parquet}


@pytest.fixture
def put(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def problems(source, **options):
    with pytest.raises(DataError) as caught:
        read(source, **{"language": "en", **options})
    return [(problem.code, problem.line, problem.column) for problem in caught.value.problems]


@settings(deadline=None)
@given(rows=ROWS, packed=st.booleans())
@example(rows=[(text, text, text, text) for text in PECULIAR], packed=False)
@pytest.mark.parametrize("extension", sorted(WRITERS))
def test_text_in_is_text_out(tmp_path_factory, extension, rows, packed):
    content = WRITERS[extension](rows)
    path = tmp_path_factory.getbasetemp() / f"rows{extension}{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(content, mtime=0) if packed else content)
    table = read(path, language="en")
    assert list(zip(table.text, table.label, table.id, table.group, strict=True)) == rows
    assert (table.language, table.origin) == ("en", str(path))


@settings(deadline=None)
@given(rows=ROWS)
@example(rows=[(text, text, text, text) for text in PECULIAR])
def test_text_between_tabs_in_is_text_out(tmp_path_factory, rows):
    rows = [tuple(re.sub(r"[\t\r\n]", "_", cell) for cell in row) for row in rows]
    path = tmp_path_factory.getbasetemp() / "rows.tsv"
    path.write_bytes("".join("\t".join(row) + "\n" for row in [COLUMNS, *rows]).encode())
    table = read(path, language="en")
    assert list(zip(table.text, table.label, table.id, table.group, strict=True)) == rows


def test_every_extension_has_a_round_trip():
    assert {*WRITERS, ".tsv"} == set(EXTENSIONS)


def test_extensions_in_any_case_and_paths_as_text(put):
    assert len(read(str(put("A.CSV", "text,label\na,b\n")), language="en")) == 1
    assert len(read(put("b.Jsonl.GZ", gzip.compress(b'{"text": "a", "label": "b"}')), language="en")) == 1


def test_columns_are_mapped(put):
    path = put("a.csv", "body,topic,block,text\na,b,c,d\n")
    table = read(path, language="en", columns={"text": "body", "label": "topic", "group": "block"})
    assert (table.text, table.label, table.group, table.id) == (["a"], ["b"], ["c"], [""])


def test_one_column_may_serve_twice(put):
    table = read(put("a.csv", "text,label\na,b\n"), language="en", columns={"group": "text"})
    assert (table.text, table.group) == (["a"], ["a"])


def test_absent_columns_are_listed_with_the_nearest_first(put):
    path = put("a.csv", "TEXT,lable\na,b\n")
    assert problems(path) == [("LW112", 0, "text"), ("LW112", 0, "label")]
    with pytest.raises(DataError, match=r"did you mean 'TEXT'\?\); there are: 'TEXT', 'lable'"):
        read(path, language="en")
    with pytest.raises(DataError, match=r"no column 'grp' for group; there are"):
        read(path, language="en", columns={"group": "grp"})


def test_columns_that_the_shape_lacks_are_a_wrong_call(put):
    with pytest.raises(UsageError, match=r"no column 'txt' \(did you mean 'text'\?\)"):
        read(put("a.csv", "text,label\na,b\n"), language="en", columns={"txt": "text"})


def test_plain_text_needs_no_label(put):
    path = put("a.csv", "text,label\na,\nb,x\n")
    assert read(path, language="en", shape=PLAIN_TEXT).label == [None, "x"]
    assert problems(path, shape=LABELLED_TEXT) == [("LW301", 2, "label")]
    assert read(put("b.csv", "text\na\n"), language="en", shape=PLAIN_TEXT).label == [None]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ('"x"', None),
        ("7", None),
        ("-12345678901234567890123", None),
        ("true", "LW302"),
        ("1.0", "LW302"),
        ("1e999", "LW302"),
        ("[1]", "LW302"),
        ('{"a": 1}', "LW302"),
        ("null", "LW301"),
        ('""', "LW301"),
        ('" "', "LW301"),
        ("NaN", "LW208"),
        ('"a\\u0000"', "LW212"),
        ('"\\udc00"', "LW213"),
    ],
)
def test_labels(put, value, code):
    path = put("a.jsonl", f'{{"text": "a", "label": {value}}}\n')
    if code is None:
        assert read(path, language="en").label == [str(json.loads(value))]
    else:
        assert code in [found for found, _, _ in problems(path)]


def test_strings_and_integers_do_not_mix(put):
    rows = ["1", '"1"', "2", "3"]
    path = put("a.jsonl", "".join(f'{{"text": "a", "label": {row}}}\n' for row in rows))
    assert problems(path) == [("LW303", 2, "label")]
    path = put("b.jsonl", "".join(f'{{"text": "a", "label": "{row}"}}\n' for row in "xy") + '{"text": "a", "label": 0}')
    assert problems(path) == [("LW303", 3, "label")]


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("3", "LW211"),
        ("true", "LW211"),
        ('["a"]', "LW211"),
        ("null", "LW210"),
        ('" \\t\\u00a0"', "LW210"),
        ('""', "LW210"),
    ],
)
def test_texts(put, value, code):
    path = put("a.jsonl", f'{{"text": {value}, "label": "x"}}\n{{"text": "a", "label": "x"}}\n')
    assert problems(path) == [(code, 1, "text")]


def test_ids_may_be_integers_and_nothing_else(put):
    assert read(put("a.jsonl", '{"text": "a", "label": "x", "id": 7}'), language="en").id == ["7"]
    path = put("b.jsonl", '{"text": "a", "label": "x", "id": 7}\n{"text": "a", "label": "x", "id": 7.5}')
    assert problems(path) == [("LW211", 2, "id")]


def test_all_problems_come_at_once_in_the_order_of_lines(put):
    path = put("a.csv", b'text,label,lang\na,x,en\n,x,en\nb,,de\nc\nd,x,?\n\xe9,x,en\n"e\n')
    found = problems(path)
    assert [(code, line) for code, line, _ in found] == [
        ("LW210", 3),
        ("LW301", 4),
        ("LW401", 4),
        ("LW201", 5),
        ("LW402", 6),
        ("LW109", 7),
        ("LW202", 8),
    ]


@pytest.mark.parametrize(
    ("asked", "stated", "code"),
    [
        ("pt-BR", "pt-br", None),
        ("pt-BR", "pt", None),
        ("pt", "pt_BR", None),
        ("pt-BR", "pt-PT", "LW401"),
        ("zh-CN", "zh-Hans", None),
        ("zh-TW", "zh-Hant", None),
        ("zh-CN", "zh-Hant", "LW401"),
        ("zh-CN", "zho_Hans", None),
        ("sw", "swh", None),
        ("en", "eng", None),
        ("en", "enm", "LW401"),
        ("en", "de", "LW401"),
        ("en", "qqqqqqqqq", "LW402"),
        ("en", "\0", "LW402"),
        ("en", "", None),
    ],
)
@pytest.mark.parametrize("column", ["language", "lang", "locale"])
def test_stated_languages(put, asked, stated, code, column):
    path = put("a.csv", f"text,label,{column}\na,x,{stated}\n")
    columns = {"language": "locale"} if column == "locale" else None
    if code is None or (
        code == "LW402" and columns is None
    ):  # A column that states no language is about something else.
        read(path, language=asked, columns=columns)
    else:
        assert problems(path, language=asked, columns=columns) == [(code, 2, column)]


def test_a_column_of_another_name_states_no_language(put):
    assert len(read(put("a.csv", "text,label,locale\na,x,de\n"), language="en")) == 1


def rows_in(*languages, column="language"):
    return f"text,label,{column}\n" + "".join(f"a,x,{language}\n" for language in languages)


@pytest.mark.parametrize("column", ["language", "lang"])
@pytest.mark.parametrize(
    "languages", [("Python", "C++", "Go"), ("Python", "C++", "Lua", "CSS", "Java"), ("English", "English"), ("", "")]
)
def test_a_column_about_other_languages_is_none(put, column, languages):
    """Lua and CSS are tags by chance, of Luba-Lulua and Costanoan."""
    assert len(read(put("a.csv", rows_in(*languages, column=column)), language="en")) == len(languages)


def test_a_column_that_is_mapped_is_about_the_language(put):
    path = put("a.csv", rows_in("Python", "en", "C++"))
    assert problems(path, columns={"language": "language"}) == [("LW402", 2, "language"), ("LW402", 4, "language")]
    path = put("b.csv", rows_in("Python", "C++"))
    assert problems(path, columns={"language": "language"}) == [("LW402", 2, "language")]
    path = put("c.jsonl", '{"text": "a", "label": "x", "lang": 3}')
    assert len(read(path, language="en")) == 1
    assert problems(path, columns={"language": "lang"}) == [("LW402", 1, "lang")]


def test_a_mistyped_tag_among_others_is_told(put):
    assert problems(put("a.csv", rows_in("en", "en", "englisch", "en"))) == [("LW402", 4, "language")]
    path = put("b.csv", "text,label,language,lang\n" + "a,x,Python,de\n" * 2)
    assert problems(path, language="en") == [("LW401", 2, "lang")]


def test_a_whole_column_of_another_language_is_one_problem(put):
    path = put("a.csv", rows_in(*["fr"] * 500))
    with pytest.raises(DataError, match=r"all 500 rows are in fr, en was asked for. Give the file as fr") as caught:
        read(path, language="en")
    assert len(caught.value.problems) == 1
    assert problems(put("b.csv", rows_in("fr", "fr", "de"))) == [("LW401", line, "language") for line in (2, 3, 4)]
    assert problems(put("c.csv", rows_in("fr", "fr", "en"))) == [("LW401", line, "language") for line in (2, 3)]


def test_the_languages_of_the_call_are_canonical(put):
    path = put("a.csv", "text,label\na,x\n")
    assert read(path, language="pt_br").language == "pt-BR"
    with pytest.raises(UsageError):
        read(path, language="no language")


@pytest.mark.parametrize("name", ["a.txt", "a", "a.gz", "a.xlsx", "a.csv.zip", "a.csv.bz2"])
def test_other_extensions_are_refused(put, name):
    assert problems(put(name, "text,label\na,x\n")) == [("LW104", 0, "")]


def test_a_folder_is_called_one(tmp_path):
    assert problems(tmp_path) == [("LW102", 0, "")]


def test_header_without_rows(put):
    assert problems(put("a.csv", "text,label\n")) == [("LW111", 0, "")]
    assert problems(put("a.json", "[]")) == [("LW111", 0, "")]


def test_a_file_has_no_splits(put):
    with pytest.raises(UsageError, match="split=train"):
        read(put("a.csv", "text,label\na,x\n"), language="en", split="train")


def test_bundled_corpora_are_delegated(monkeypatch):
    asked = []
    module = ModuleType("loanword.data.builtin")

    def load(name, *, language, split):
        asked.append((name, language, split))
        return Table(language, ["a"], ["x"])

    module.load = load
    monkeypatch.setitem(sys.modules, "loanword.data.builtin", module)
    assert read("builtin:some", language="eng", split="dev").text == ["a"]
    assert read("builtin:some@test", language="en").label == ["x"]
    assert asked == [("some", "en", "dev"), ("some", "en", "test")]
    with pytest.raises(UsageError, match="one of them"):
        read("builtin:some@test", language="en", split="dev")
    with pytest.raises(UsageError, match="leave out columns"):
        read("builtin:some", language="en", columns={"text": "x"})


def test_messages_show_no_text_of_the_rows(put):
    secret = "Xylophone"
    rows = [
        f'{{"text": "{secret}", "label": true}}',
        f'{{"text": "{secret}\\u0000", "label": "x"}}',
        f'{{"text": "{secret}',
    ]
    for name, content in {
        "a.jsonl": "\n".join(rows),
        "a.csv": f'text,label\n{secret}\n"{secret}"{secret},x\n{secret},"x\n',
    }.items():
        with pytest.raises(DataError) as caught:
            read(put(name, content), language="en")
        assert len(caught.value.problems) == 3
        assert secret not in str(caught.value)


def test_names_from_files_are_shown_safely():
    assert shown("a\n\ud800\x1b[31m") == "'a\\n\\ud800\\x1b[31m'"
    assert len(shown("x" * 10**6)) < 50


def test_every_code_is_used_and_every_used_code_has_a_meaning():
    root = Path(loanword.data.__file__).parent.parent
    used = {
        code
        for path in root.rglob("*.py")
        if path.name != "codes.py"
        for code in re.findall(r'"(LW[1-4]\d\d)"', path.read_text(encoding="utf-8"))
    }
    assert used
    assert used == set(CODES)
    assert len(set(CODES.values())) == len(CODES)
    assert all(re.fullmatch(r"LW[1-4]\d\d", code) for code in CODES)


def test_findings_are_told_in_the_order_of_lines():
    findings = Findings("a.csv")
    findings.add("LW201", cause="two", fix="mend it", line=5)
    with pytest.raises(DataError) as caught:
        findings.stop("LW111", cause="one", fix="mend it")
    assert str(caught.value) == "a.csv: LW111 one. Mend it.\na.csv:5: LW201 two. Mend it."


def test_importing_the_readers_imports_no_optional_package():
    check = "import sys, loanword.data.read; print({'pyarrow', 'datasets', 'torch', 'pandas'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
