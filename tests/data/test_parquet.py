import datetime
import json
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq

from loanword.data.codes import Findings
from loanword.data.columns import Foreign
from loanword.data.parquet import parse, stream
from loanword.data.read import read
from loanword.errors import DataError, MissingExtra

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def packed(table, **options):
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue().to_pybytes()


def columns(data, wanted=("text", "label")):
    findings = Findings("a.parquet", unit="row")
    return parse(data, wanted=wanted, findings=findings), findings.problems


def classes(labels, names):
    features = {"label": {"names": names, "_type": "ClassLabel"}, "text": {"dtype": "string", "_type": "Value"}}
    table = pa.table({"text": ["a"] * len(labels), "label": labels})
    return table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


@settings(deadline=None)
@given(st.lists(st.tuples(st.none() | TEXT, st.none() | st.integers(-(2**63), 2**63 - 1)), min_size=1, max_size=6))
def test_what_pyarrow_writes_comes_back(rows):
    texts, labels = map(list, zip(*rows, strict=True))
    for kind in (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())):
        table = pa.table({"text": pa.array(texts, pa.string()).cast(kind), "label": pa.array(labels, pa.int64())})
        cells, problems = columns(packed(table))
        assert problems == []
        assert (cells.values["text"], cells.values["label"]) == (texts, labels)
        assert cells.lines == list(range(1, len(rows) + 1))


def test_many_rows_come_in_order_and_only_wanted_columns():
    table = pa.table({"text": [f"t{row}" for row in range(3456)], "note": [0] * 3456})
    cells, _ = columns(packed(table, row_group_size=1000))
    assert cells.columns == ("text", "note")
    assert cells.values == {"text": [f"t{row}" for row in range(3456)]}
    assert cells.lines[-1] == 3456


def test_other_types_are_named_not_read():
    moment = datetime.datetime(2020, 1, 1)
    table = pa.table({"text": [b"a", None], "label": pa.array([moment, None], pa.timestamp("ns"))})
    cells, problems = columns(packed(table))
    assert problems == []
    assert cells.values == {"text": [Foreign("binary"), None], "label": [Foreign("timestamp[ns]"), None]}


@pytest.mark.parametrize("labels", [[0.0, 1.0], [True, False], [[1], [2]], [{"a": 1}, {"a": 2}], [b"x", b"y"]])
def test_a_column_of_the_wrong_type_is_one_problem(tmp_path, labels):
    path = tmp_path / "a.parquet"
    path.write_bytes(packed(pa.table({"text": ["a", "b"], "label": labels})))
    with pytest.raises(DataError) as caught:
        read(path, language="en")
    (found,) = caught.value.problems
    assert (found.code, found.line, found.column) == ("LW302", 1, "label")
    assert "row 1: all 2 rows hold" in found.cause


def test_class_names_of_the_datasets_library_are_used(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(packed(classes([1, 0], ["no", "yes"])))
    assert read(path, language="en").label == ["yes", "no"]
    path.write_bytes(packed(classes([1, -1, 2, None], ["no", "yes"])))
    with pytest.raises(DataError) as caught:
        read(path, language="en")
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [
        ("LW301", 2),
        ("LW304", 3),
        ("LW301", 4),
    ]


@pytest.mark.parametrize(
    "metadata",
    [
        "",
        "[]",
        "{}",
        '{"info": 3}',
        '{"info": {"features": {"label": {"_type": "ClassLabel"}}}}',
        '{"info": {"features": {"label": {"_type": "ClassLabel", "names": [1, 2]}}}}',
        '{"info": {"features": {"label": {"_type": "ClassLabel", "names": 3}}}}',
        "[" * 10**5,
    ],
)
def test_metadata_that_is_not_understood_is_ignored(tmp_path, metadata):
    table = pa.table({"text": ["a"], "label": [1]}).replace_schema_metadata({"huggingface": metadata})
    (tmp_path / "a.parquet").write_bytes(packed(table))
    assert read(tmp_path / "a.parquet", language="en").label == ["1"]


def test_lists_come_through_with_the_names_of_their_classes():
    features = {"label": {"feature": {"names": ["no", "yes"], "_type": "ClassLabel"}, "_type": "List"}}
    table = pa.table({"text": ["a", "b", "c"], "label": [[1, 0], [], None]})
    table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    cells, problems = columns(packed(table))
    assert (cells.values["label"], cells.class_names, problems) == ([[1, 0], [], None], {"label": ["no", "yes"]}, [])
    texts = pa.table({"text": ["a", "b"], "label": pa.array([["x", None], ["y"]], pa.large_list(pa.string()))})
    assert columns(packed(texts))[0].values["label"] == [["x", None], ["y"]]
    moments = pa.table({"text": ["a"], "label": [[datetime.datetime(2020, 1, 1)]]})
    assert isinstance(columns(packed(moments))[0].values["label"][0], Foreign)


def test_text_that_is_not_utf8_is_placed():
    broken = pa.Array.from_buffers(pa.string(), 3, pa.array([b"a", b"\xff", b"c"]).buffers())
    _, problems = columns(packed(pa.table({"text": broken})))
    assert [(problem.code, problem.line) for problem in problems] == [("LW109", 2)]


def test_a_list_with_text_that_is_not_utf8_is_placed():
    broken = pa.StringArray.from_buffers(2, pa.py_buffer(np.array([0, 1, 2], np.int32)), pa.py_buffer(b"a\xff"))
    lists = pa.ListArray.from_arrays([0, 1, 2], broken)
    _, problems = columns(packed(pa.table({"text": ["a", "b"], "label": lists})))
    assert [(problem.code, problem.column) for problem in problems] == [("LW109", "label")]
    assert "row 2" in problems[0].cause


def test_duplicate_columns():
    table = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["text", "text"])
    with pytest.raises(DataError, match="LW113"):
        columns(packed(table))


def test_without_a_wanted_column_nothing_is_unpacked(tmp_path):
    (tmp_path / "a.parquet").write_bytes(packed(pa.table({"body": ["a"]})))
    with pytest.raises(DataError, match="LW112") as caught:
        read(tmp_path / "a.parquet", language="en")
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(("content", "count"), [("x" * 10**5, 2000), ("x", 6 * 10**6)])
def test_files_that_unpack_without_end_are_given_up(content, count):
    places = pa.array(np.zeros(count, dtype=np.int8))
    column = pa.DictionaryArray.from_arrays(places, pa.array([content]))
    data = packed(pa.table({"text": column}), compression="zstd", store_schema=False)
    assert len(data) < 10**6
    with pytest.raises(DataError, match="LW107"):
        columns(data)


def test_a_large_dictionary_is_counted_once():
    texts = [f"{row:06d}" * 20 for row in range(20_000)]
    table = pa.table({"text": pa.array(texts).dictionary_encode()})
    cells, problems = columns(packed(table, compression="zstd", compression_level=9))
    assert problems == []
    assert cells.values["text"] == texts


def test_damage_anywhere_is_a_problem_or_harmless():
    table = pa.table({"text": [f"text {row}" for row in range(50)], "label": ["x", "y"] * 25})
    whole = packed(table)
    refused = 0
    for place in range(0, len(whole), 7):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :]):
            try:
                columns(damaged)
            except DataError as error:
                refused += error.problems[0].code == "LW115"
    assert refused > len(whole) / 7


def test_the_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pip install 'loanword\[parquet\]'"):
        columns(b"PAR1")


def test_rows_of_a_file_one_after_the_other(tmp_path):
    texts = [None if number % 7 == 3 else f"text {number}" for number in range(1200)]
    for kind in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())):
        table = pa.table({"n": range(1200), "text": pa.array(texts).cast(kind)})
        pq.write_table(table, tmp_path / "a.parquet", row_group_size=500)
        found = stream(tmp_path / "a.parquet", "text", Findings("a", unit="row"))
        assert next(found) == (1, "text 0")
        assert list(found) == list(enumerate(texts, start=1))[1:]


def test_a_stream_that_cannot_be_had(tmp_path, monkeypatch):
    path = tmp_path / "a.parquet"
    for table, code in (
        (packed(pa.table({"body": ["a"]})), "LW112"),
        (b"PAR1 and no more", "LW115"),
        (packed(pa.table({"text": [f"text {number}" for number in range(5000)]}))[:-9], "LW115"),
        (packed(pa.table({"text": ["tick" * 5000] * 5000})), "LW107"),
    ):
        path.write_bytes(table)
        with pytest.raises(DataError, match=code):
            list(stream(path, "text", Findings("a")))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match="parquet"):
        list(stream(path, "text", Findings("a")))


def test_memory_is_that_of_a_row_group_not_of_the_file(tmp_path):
    peaks = []
    for count in (1, 20):
        path = tmp_path / f"{count}.parquet"
        texts = [f"{number} {number * 7919 % 104729} is what this is about" * 20 for number in range(500 * count)]
        pq.write_table(pa.table({"text": texts}), path, row_group_size=500, use_dictionary=False, compression="none")
        del texts
        pool = pa.default_memory_pool()
        before, most = pool.bytes_allocated(), 0
        for _ in stream(path, "text", Findings("a")):
            most = max(most, pool.bytes_allocated() - before)
        peaks.append(most)
    assert 100_000 < peaks[0] < 3_000_000
    assert peaks[1] < 1.05 * peaks[0]
