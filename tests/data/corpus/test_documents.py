"""Sources of every kind, read in order; all that is wrong with them is told, and then no document follows."""

import gzip
import json
from itertools import islice

import pytest

from loanword.data.corpus import documents as reader
from loanword.data.corpus.documents import Document, documents
from loanword.errors import DataError, MissingExtra, UsageError


def found(source, **options):
    return [(document.text, document.line) for document in documents(source, language="en", **options)]


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "texts"
    (root / "b").mkdir(parents=True)
    (root / ".hidden").mkdir()
    (root / "a.txt").write_text("one\n\ntwo\nthree\n", encoding="utf-8")
    (root / "b" / "x.jsonl").write_text('{"text": "four"}\n', encoding="utf-8")
    (root / "b" / "y.txt.gz").write_bytes(gzip.compress(b"five\nsix\n"))
    (root / "b" / "z_00").write_text('<doc id="1" url="u" title="T">\nT\n\nseven\n\n</doc>\n', encoding="utf-8")
    (root / "LICENSE").write_text("as you like", encoding="utf-8")
    (root / "table.csv").write_text("text\nno\n", encoding="utf-8")
    (root / ".hidden" / "c.txt").write_text("no\n", encoding="utf-8")
    return root


def test_a_folder_in_the_order_of_its_names_and_what_is_left_alone_is_told(folder):
    told = []
    read = list(documents(folder, language="eng", tell=told.append))
    assert [one.text for one in read] == ["one", "two\nthree", "four", "five\nsix", "seven"]
    assert [one.line for one in read] == [1, 3, 1, 1, 1]
    assert {one.language for one in read} == {"en"}
    assert read[0] == Document("one", "en", str(folder / "a.txt"), 1)
    assert told == [
        f"{folder}: 2 files are of no kind that is read: 'LICENSE', 'table.csv'",
        f"{folder / 'a.txt'}: a document ends at a blank line: 1 gaps part its first 3 lines",
    ]


def test_the_boundary_that_is_said_is_not_guessed(folder):
    told = []
    assert [text for text, _ in found(folder, boundary="line", tell=told.append)][:5] == [
        "one", "two", "three", "four", "five"
    ]  # fmt: skip
    assert len(told) == 1
    assert found(folder / "a.txt", boundary="file") == [("one\ntwo\nthree", 1)]


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.json", "rows"])
def test_json_lines_by_any_name(tmp_path, name):
    (tmp_path / name).write_text('{"body": "one"}\n{"body": "two"}\n', encoding="utf-8")
    assert found(tmp_path / name, column="body") == [("one", 1), ("two", 2)]


def test_an_extract_of_a_wiki_may_be_called_txt(tmp_path):
    (tmp_path / "a.txt").write_text('<doc id="1" title="T">\nT\n\nseven\n</doc>\n', encoding="utf-8")
    assert found(tmp_path / "a.txt") == [("seven", 1)]


def test_one_document_is_held_at_a_time(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("first\n" * 100_000 + "last\n", encoding="utf-8")
    reading = documents(path, language="en")
    assert [one.line for one in islice(reading, 3)] == [1, 2, 3]
    reading.close()


def test_after_a_problem_none_follows_and_the_problems_of_all_files_are_told(tmp_path):
    for name, rows in {"a": ['{"text": "one"}', "{", '{"text": "no"}'], "b": ['{"text": "no"}', "[1]"]}.items():
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows), encoding="utf-8")
    read = []
    with pytest.raises(DataError) as caught:
        read.extend(one.text for one in documents(tmp_path, language="en"))
    assert read == ["one"]
    assert [(problem.path[-7:], problem.line, problem.code) for problem in caught.value.problems] == [
        ("a.jsonl", 2, "LW205"), ("b.jsonl", 2, "LW206")
    ]  # fmt: skip


def test_there_is_an_end_to_problems(tmp_path, monkeypatch):
    monkeypatch.setattr(reader, "MOST", 5)
    for name in "abc":
        (tmp_path / f"{name}.jsonl").write_text('{"text": "one"}\n' + "[1]\n" * 3, encoding="utf-8")
    with pytest.raises(DataError, match="may be more") as caught:
        list(documents(tmp_path, language="en"))
    assert [problem.path[-7:] for problem in caught.value.problems] == ["a.jsonl"] * 3 + ["b.jsonl"] * 3


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("gone.txt", None, "LW101"),
        ("a.csv", "text\n", "LW104"),
        ("a.parquet.gz", "", "LW104"),
        ("odd", "what", "LW104"),
    ],
)
def test_what_cannot_be_read_is_told_before_anything_is(tmp_path, name, content, code):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=code):
        documents(tmp_path / name, language="en")


@pytest.mark.parametrize("name", ["a.txt", "wiki_00.gz", "a.txt.gz"])
def test_damage_is_told_once(tmp_path, name):
    data = {".txt": "one".encode("utf-16"), ".gz": gzip.compress(b"one\ntwo\n" * 99)[:-9]}[f".{name.split('.')[-1]}"]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError) as caught:
        list(documents(tmp_path, language="en"))
    assert len(caught.value.problems) == 1


def test_calls_that_do_not_fit(tmp_path):
    (tmp_path / "a.csv").write_text("text\n", encoding="utf-8")
    for source, options, said in (
        (tmp_path, {}, "holds no documents, but 1 files of other kinds"),
        (tmp_path / "a.csv", {"boundary": "word"}, "unknown boundary 'word'; known: auto, line, blank, file"),
        ("hub:a/b/c", {}, "is not of the form"),
    ):
        with pytest.raises(UsageError, match=said):
            documents(source, language="en", **options)
    with pytest.raises(UsageError, match="not a language tag"):
        documents(tmp_path / "a.csv", language="??")


def test_the_hub_is_read_row_by_row(monkeypatch):
    def stream(reference, column, findings):
        yield from enumerate(["one", None, "two"], start=1)

    monkeypatch.setattr(reader.rows.hub, "stream", stream)
    read = list(documents("hub:org/name:conf@train", language="en"))
    assert [(one.text, one.origin, one.line) for one in read] == [
        (text, "hub:org/name:conf@train", line) for text, line in (("one", 1), ("", 2), ("two", 3))
    ]


def test_what_is_not_installed_is_told_before_anything_is_read(tmp_path, monkeypatch):
    (tmp_path / "a.jsonl").write_text(json.dumps({"text": "one"}), encoding="utf-8")
    (tmp_path / "b.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd")
    monkeypatch.setitem(__import__("sys").modules, "zstandard", None)
    with pytest.raises(MissingExtra, match="corpus"):
        documents(tmp_path, language="en")
    (tmp_path / "b.jsonl.zst").unlink()
    (tmp_path / "c.parquet").write_bytes(b"PAR1")
    monkeypatch.setattr(reader, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="parquet"):
        documents(tmp_path, language="en")
