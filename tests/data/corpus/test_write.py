"""What is written is read again as it was kept, in every packing; and nothing is there if anything was wrong."""

import json

import pytest
from tests.corpus import SENTENCES

from loanword.data.corpus import write as writer
from loanword.data.corpus.corpus import Corpus
from loanword.data.corpus.documents import documents
from loanword.data.corpus.settings import CorpusSettings
from loanword.data.corpus.write import write
from loanword.errors import DataError, LoanwordError, UsageError

TAGS = ("en", "ru", "zh")


@pytest.fixture
def corpus(tmp_path):
    for tag in TAGS:
        lines = [f"{line}, {number}" for number in range(10) for line in SENTENCES[tag]]
        (tmp_path / f"{tag}.txt").write_text("\n".join(lines), encoding="utf-8")
    sources = {tag: str(tmp_path / f"{tag}.txt") for tag in TAGS}
    return Corpus(sources, CorpusSettings(identify=False, min_characters=1))


@pytest.mark.parametrize(("packing", "ending"), [("none", ""), ("gz", ".gz"), ("zst", ".zst")])
def test_what_was_kept_is_read_again(corpus, tmp_path, packing, ending):
    if packing == "zst":
        pytest.importorskip("zstandard", reason="needs the extra 'corpus'")
    report = write(corpus, tmp_path / "out", packing=packing)
    names = [f"{tag}{part}.jsonl{ending}" for tag in TAGS for part in ("", ".held-out")]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted([*names, "report.json"])
    assert json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8")) == report
    kept = list(corpus.documents())
    for tag in TAGS:
        for part, aside in (("", False), (".held-out", True)):
            path = tmp_path / "out" / f"{tag}{part}.jsonl{ending}"
            wanted = [one.text for one in kept if (one.language, one.held_out) == (tag, aside)]
            assert [one.text for one in documents(path, language=tag)] == wanted != []
    first = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    write(corpus, tmp_path / "again", packing=packing)
    assert {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()} == first


def test_a_row_says_where_it_is_from(corpus, tmp_path):
    write(corpus, tmp_path / "out")
    rows = [json.loads(line) for line in (tmp_path / "out" / "zh.jsonl").read_text(encoding="utf-8").splitlines()]
    lines = (tmp_path / "zh.txt").read_text(encoding="utf-8").splitlines()
    assert [row["text"] for row in rows] == [lines[row["line"] - 1] for row in rows]
    assert {(row["language"], row["origin"]) for row in rows} == {("zh", str(tmp_path / "zh.txt"))}


def test_the_report_says_all_that_is_to_be_said(corpus, tmp_path):
    report = write(corpus, tmp_path / "out")
    assert report["languages"]["ru"]["read"]["documents"] == 100
    assert report["sources"]["en"] == [str(tmp_path / "en.txt")]
    assert CorpusSettings.model_validate(report["settings"]) == corpus.settings
    assert report["remembered"]["exact_duplicates"]["documents"] == 300
    assert list(report["remembered"]) == ["exact_duplicates"]


def test_nothing_is_left_of_a_corpus_with_problems(corpus, tmp_path):
    (tmp_path / "zh.txt").write_bytes((tmp_path / "zh.txt").read_bytes() + b"\n\xff\n")
    with pytest.raises(DataError, match=r"zh\.txt:101: LW109"):
        write(corpus, tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["en.txt", "ru.txt", "zh.txt"]


def test_a_disk_that_refuses(corpus, tmp_path, monkeypatch):
    def refuse(document):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writer, "_line", refuse)
    with pytest.raises(LoanwordError, match="out cannot be saved: No space left on device"):
        write(corpus, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_folder_is_written_over(corpus, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep me")
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "a.txt").write_text("one goat\n")
    (tmp_path / "link").symlink_to(tmp_path / "texts")
    inside = Corpus({"en": str(tmp_path / "texts")}, corpus.settings)
    for what, place, said in (
        (corpus, "full", "exists; choose another folder"),
        (corpus, "en.txt", "exists; choose another folder"),
        (inside, "texts/out", "which is read; choose another place"),
        (inside, "link/out", "which is read; choose another place"),
    ):
        with pytest.raises(UsageError, match=said):
            write(what, tmp_path / place)
    with pytest.raises(UsageError, match="unknown packing 'rar'; known: none, gz, zst"):
        write(corpus, tmp_path / "out", packing="rar")
    (tmp_path / "empty").mkdir()
    write(corpus, tmp_path / "empty")
    assert (tmp_path / "full" / "mine.txt").read_text() == "keep me"
    with pytest.raises(UsageError, match="exists"):
        write(corpus, tmp_path / "empty")
