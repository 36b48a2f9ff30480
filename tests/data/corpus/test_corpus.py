"""The whole way: everything counted, nothing twice, nothing on both sides, and memory that stays as it is."""

import importlib.util
import json
import tracemalloc
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from tests.corpus import SENTENCES

from loanword.data import hub
from loanword.data.corpus import layouts, streams
from loanword.data.corpus.corpus import Corpus
from loanword.data.corpus.settings import CorpusSettings
from loanword.data.near_duplicates import fold
from loanword.errors import ConfigError, DataError, MissingExtra
from loanword.progress import Silent

PLAIN = CorpusSettings(identify=False)
WORDS = " ".join(SENTENCES["en"]).split()


def made(count, seed=0, words=WORDS, length=12):
    rng = np.random.default_rng(seed)
    return [f"{' '.join(rng.choice(words, size=length))} {number}" for number in range(count)]


@pytest.fixture
def write(tmp_path):
    def make(name, texts):
        path = tmp_path / name
        rows = [json.dumps({"text": text}, ensure_ascii=False) if name.endswith("jsonl") else text for text in texts]
        path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
        return str(path)

    return make


def settings(**given):
    return CorpusSettings(**{"identify": False, **given})


def test_every_document_is_counted_where_it_went(write):
    texts = [
        "A clean text of some words.",
        "a CLEAN text\u00a0of some\u00ad words.",
        "a text with  two\u00a0blanks\x00 and a control",
        "cafe\u0301 and more",
        "",
        "short",
        "tick " * 400,
        "текст в другой письменности",
        None,
    ]
    corpus = Corpus({"en": write("a.jsonl", texts)}, settings(held_out=0))
    assert [(one.text, one.line, one.held_out) for one in corpus.documents()] == [
        ("A clean text of some words.", 1, False),
        ("a text with two blanks and a control", 3, False),
        ("café and more", 4, False),
    ]
    told = corpus.counts["en"].to_dict()
    assert told["dropped"] == {"empty": 2, "short": 1, "repetitive": 1, "script": 1, "duplicate": 1}
    assert told["changed"] == {
        "controls": {"documents": 1, "characters": 1},
        "invisible": {"documents": 1, "characters": 1},
        "nfc": {"documents": 1, "characters": 2},
        "spaces": {"documents": 3, "characters": 3},  # A blank goes and a blank comes in the second of them.
    }
    assert (told["read"]["documents"], told["kept"]["documents"]) == (9, 3)
    assert told["read"]["characters"] == sum(len(text or "") for text in texts)
    assert told["kept"] == {"documents": 3, "characters": 27 + 36 + 13, "bytes": 27 + 36 + 14}


def test_what_is_read_is_kept_or_dropped(write):
    texts = made(300) + made(150) + ["x", "", "чай " * 5]
    corpus = Corpus({"en": write("a.jsonl", texts), "de": write("b.txt", made(200))}, settings(near_duplicates=True))
    kept = list(corpus.documents())
    for tag, counts in corpus.counts.items():
        assert counts.read.documents == counts.kept.documents + counts.dropped.total()
        assert counts.kept.documents == sum(one.language == tag for one in kept)
        assert counts.held_out.documents == sum(one.language == tag and one.held_out for one in kept)
    assert corpus.counts["de"].dropped["duplicate"] == 200
    assert corpus.counts["en"].dropped["duplicate"] == 150
    assert len(corpus.exact) == 300


def test_no_copy_is_left_and_the_first_stays(write):
    texts = [text for text in made(100) for _ in range(2)]
    texts = [text.upper() if place % 3 else text for place, text in enumerate(texts)]
    corpus = Corpus({"en": write("a.txt", texts)}, settings(boundary="line"))
    assert [one.line for one in corpus.documents()] == list(range(1, 200, 2))
    corpus = Corpus({"en": write("a.txt", texts)}, settings(boundary="line", exact_duplicates=False))
    assert len(list(corpus.documents())) == 200


def test_near_copies_go_where_that_is_asked(write):
    texts = [*made(60, length=40), *(f"{text} and" for text in made(60, length=40))]
    source = {"en": write("a.txt", texts)}
    assert len(list(Corpus(source, PLAIN).documents())) == 120
    corpus = Corpus(source, settings(near_duplicates=True))
    assert [one.line for one in corpus.documents()] == list(range(1, 61))
    assert corpus.counts["en"].dropped["near-duplicate"] == 60
    assert len(corpus.near) == 60


def test_no_text_is_on_both_sides_and_growth_moves_none(write):
    texts = [*made(400), *(text.title() for text in made(400))]
    for given in ({}, {"exact_duplicates": False}):
        sides = {}
        for size in (30, 200, 800):
            corpus = Corpus({"en": write("a.txt", texts[:size])}, settings(held_out=0.05, **given))
            read = list(corpus.documents())
            held = {fold(one.text) for one in read if one.held_out}
            rest = {fold(one.text) for one in read if not one.held_out}
            assert held
            assert not held & rest
            for text in held | rest:
                assert sides.setdefault(text, text in held) == (text in held)
        assert 8 <= sum(sides.values()) < 60


def test_each_reading_begins_anew_and_reads_no_more_than_is_asked(write):
    corpus = Corpus({"en": write("a.txt", made(500))}, PLAIN)
    first = list(corpus.documents())
    assert list(corpus.documents()) == first
    assert len(first) == 500
    assert list(islice(corpus.documents(), 5)) == first[:5]
    assert corpus.counts["en"].read.documents == 5


def test_languages_in_any_spelling_and_several_sources_of_one(write):
    names = [write(f"{name}.txt", [f"{name} is what this text is about"]) for name in ("goats", "ferries", "kettles")]
    corpus = Corpus({"eng": names[:1], "de": names[1], "en": names[2:]}, PLAIN)
    assert [(one.language, one.text.split()[0]) for one in corpus.documents()] == [
        ("en", "goats"), ("en", "kettles"), ("de", "ferries")
    ]  # fmt: skip
    assert list(corpus.counts) == ["en", "de"]


def test_what_is_not_there_is_told_before_anything_is_read(write):
    corpus = Corpus(
        {"en": write("a.txt", made(5)), "??": "x.txt", "de": ["no.txt", "hub:a/b/c"], "fr": "nor.txt"}, PLAIN
    )
    with pytest.raises(ConfigError) as caught:
        corpus.documents()
    said = str(caught.value)
    assert all(part in said for part in ("'??' is not a language", "no.txt: LW101", "nor.txt: LW101", "hub:a/b/c"))
    with pytest.raises(DataError, match="LW101"):
        Corpus({"en": "no.txt"}, PLAIN).documents()


def test_all_sources_are_looked_at_and_nothing_follows_a_problem(write, tmp_path):
    first, second, third = write("a.txt", made(5)), write("b.jsonl", made(3)), write("c.jsonl", made(3))
    for path in (second, third):
        Path(path).write_text(Path(path).read_text(encoding="utf-8") + "{\n", encoding="utf-8")
    read = []
    with pytest.raises(DataError) as caught:
        read.extend(Corpus({"en": [first, second], "de": third, "fr": first}, PLAIN).documents())
    assert [(problem.path, problem.line) for problem in caught.value.problems] == [(second, 4), (third, 4)]
    assert {one.origin for one in read} <= {first, second}


def test_the_hub_is_not_asked_for_more_problems(write, monkeypatch):
    asked = []

    def stream(reference, column, findings):
        asked.append(reference)
        yield 1, "a text of the Hub"

    monkeypatch.setattr(hub, "stream", stream)
    bad = write("a.jsonl", made(3))
    Path(bad).write_text("[1]\n" * 200, encoding="utf-8")
    with pytest.raises(DataError, match="reading ended with problem number 100"):
        list(Corpus({"en": [bad, "hub:org/name"]}, PLAIN).documents())
    assert asked == []
    assert [one.origin for one in Corpus({"en": "hub:org/name"}, PLAIN).documents()] == ["hub:org/name"]
    assert asked == ["org/name"]


def test_what_is_decided_is_told(write):
    said, stages = [], []

    class Listener(Silent):
        def say(self, text):
            said.append(text)

        def stage(self, name, *, total=0, detail=""):
            stages.append((name, detail))

    list(Corpus({"en": write("a.txt", made(5))}, PLAIN, Listener()).documents())
    assert stages == [("read", "en")]
    assert [line.partition(": ")[2] for line in said] == ["a line is a document: no blank lines part its first 5"]


def test_the_identifier_is_needed_only_where_it_is_asked(write, monkeypatch):
    source = {"en": write("a.txt", made(5))}
    monkeypatch.setattr("loanword.language.outputs.find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"loanword\[corpus\]"):
        Corpus(source).documents()
    assert len(list(Corpus(source, PLAIN).documents())) == 5


@pytest.mark.skipif(importlib.util.find_spec("py3langid") is None, reason="needs the extra 'corpus' or 'generation'")
def test_foreign_and_unjudged_documents_are_counted(write):
    texts = ["Der Kessel ist noch warm, und niemand hat die Stühle gezählt.", "Stühle, zwölf", *SENTENCES["en"]]
    corpus = Corpus({"de": write("a.txt", texts)})
    assert [one.text for one in corpus.documents()][:2] == texts[:2]
    counts = corpus.counts["de"]
    assert counts.unjudged == {"it has fewer than 20 letters": 1}
    assert counts.dropped["language"] == counts.foreign.total() > 5
    assert counts.foreign["en"] > 5


# --- memory ----------------------------------------------------------------------------------------------------


def peak(corpus):
    """The most memory that reading it to its end took, beyond what was there before."""
    tracemalloc.start()
    try:
        count = sum(1 for _ in corpus.documents())
        return tracemalloc.get_traced_memory()[1], count
    finally:
        tracemalloc.stop()


@pytest.fixture
def growing(write, monkeypatch):
    """The same corpus in one size and in a hundred times that."""
    monkeypatch.setattr(streams, "PIECE", 2**12)
    for module in (streams, layouts):
        monkeypatch.setattr(module, "HEAD", 2**12)
    texts = made(6000)
    small, large = (
        {"en": [write(f"{size}.txt", texts[:size]), write(f"{size}.jsonl", texts[-size:])]} for size in (60, 6000)
    )
    assert len(list(Corpus(small, PLAIN).documents())) == 120  # What is loaded once and for all is loaded.
    return small, large


def test_memory_does_not_grow_with_the_corpus(growing):
    (small, few), (large, many) = (peak(Corpus(source, settings(exact_duplicates=False))) for source in growing)
    assert (few, many) == (120, 12_000)
    assert large < 1.05 * small


def test_what_is_remembered_grows_by_what_is_said(growing):
    corpora = [Corpus(source, PLAIN) for source in growing]
    (small, _), (large, many) = map(peak, corpora)
    exact = corpora[1].exact
    assert many == len(exact) == 6000
    assert exact.bytes == many * exact.bytes_per_document > 40_000
    assert small < large < 1.05 * small + 2.3 * exact.bytes
