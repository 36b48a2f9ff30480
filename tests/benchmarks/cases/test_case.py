import gzip

import pytest

case = pytest.importorskip("benchmarks.cases.case", reason="run from the repository root")
from loanword.data.records import Table  # noqa: E402
from loanword.data.shapes.labelled_text import LABELLED_TEXT  # noqa: E402


def table(tag, count, groups=None):
    text = [f"{tag} {row}" for row in range(count)]
    return Table(tag, text, ["a"] * count, group=list(groups or map(str, range(count))))


def test_a_part_of_the_training_rows_is_of_every_language():
    rows = case.Rows({"en": table("en", 10), "de": table("de", 3)}, {}, {"set/de": table("de", 9)})
    half = rows.part(0.5)
    assert [len(part) for part in half.train.values()] == [5, 2]
    assert set(half.train["en"].text) < set(rows.train["en"].text)
    assert half.train == rows.part(0.5).train
    assert half.tests is rows.tests
    assert len(rows.part(9.0).train["en"]) == 10


def test_a_little_of_everything():
    rows = case.Rows({"en": table("en", 90), "de": table("de", 10)}, {"en": table("en", 9)}, {"set/de": table("de", 9)})
    small = rows.small(2)
    assert [len(part) for part in small.train.values()] == [18, 2]
    assert (len(small.dev["en"]), len(small.tests["set/de"])) == (2, 2)


def test_what_is_drawn_hangs_on_its_names_alone_and_keeps_its_order():
    whole = table("en", 50)
    first, again, other = (case.some(whole, 20, "a", seed) for seed in (1, 1, 2))
    assert first.text == again.text != other.text
    assert first.text == sorted(first.text, key=lambda text: int(text.split()[1]))
    assert case.some(whole, 50, "a") is whole


def test_the_same_groups_are_drawn_of_every_language():
    groups = [f"g{row // 3}" for row in range(30)]
    found = case.some_groups({"en": table("en", 30, groups), "zh": table("zh", 30, groups)}, 4, "a")
    assert found["en"].group == found["zh"].group
    assert len(set(found["en"].group)) == 4
    assert len(found["en"]) == 12


def test_what_is_joined_is_parted_again():
    tables = {"a/en": table("en", 2), "b/de": table("de", 3), "b/zh": table("zh", 0)}
    records, sizes = case.joined(tables)
    assert case.parted([record.text for record in records], sizes) == {name: part.text for name, part in tables.items()}


def test_files_are_found_by_language_packed_or_not(tmp_path, monkeypatch):
    monkeypatch.setattr(case, "DATA", tmp_path)
    (tmp_path / "set").mkdir()
    row = '{"text": "a", "label": "b"}\n'
    (tmp_path / "set" / "x-de.test.jsonl").write_text(row)
    (tmp_path / "set" / "x-pt-br.test.jsonl.gz").write_bytes(gzip.compress(row.encode()))
    (tmp_path / "set" / "x-de.train.jsonl").write_text(row)
    found = case.found("set", "x-*.test.jsonl", shape=LABELLED_TEXT)
    assert {tag: part.language for tag, part in found.items()} == {"de": "de", "pt-br": "pt-BR"}
