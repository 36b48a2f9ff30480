from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanword.objectives.ranking import TranslationRows
from loanword.objectives.streams import Corpus, PairRows, TextRows, fitted
from loanword.tokens import shards
from loanword.tokens.tokenizer import Tokenizer


@dataclass(frozen=True)
class Document:
    text: str
    language: str
    line: int = 0
    held_out: bool = False


@pytest.fixture
def corpus(tokenizer_kind, fresh_tokenizer, sentences, tmp_path):
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), prefix="", max_length=64)
    one = [Document(line, "en") for line in sentences["en"]]
    other = [Document(line, "ru") for line in sentences["ru"]]
    for name, documents in (("text", [*one, *other]), ("a", one), ("b", other)):
        shards.write(documents, tokenizer, tmp_path / name)
    read = {name: shards.read(tmp_path / name, tokenizer) for name in ("text", "a", "b")}
    return Corpus(tokenizer, read["text"], {"en:ru": (read["a"]["en"], read["b"]["ru"])}, length=32, seed=4)


def test_a_pass_gives_every_row_once_and_the_next_in_another_order(corpus):
    stream = TextRows(corpus, corpus.texts["en"])
    first, second = ([tuple(stream[n].ids) for n in range(at, at + len(stream))] for at in (0, len(stream)))
    assert Counter(first) == Counter(second)
    assert first != second
    assert [len(stream[n]) for n in range(20)] == [*stream.lengths(np.arange(20))]
    assert {stream[n].language for n in range(5)} == {"en"}


def test_a_digest_is_that_of_all_pieces(corpus, monkeypatch):
    whole = corpus.digest
    monkeypatch.setattr(shards, "BLOCK", 7)
    assert replace(corpus).digest == whole
    last = corpus.texts["ru"]
    changed = last.pieces.copy()
    changed[-1] += 1
    changed.tofile(last.folder / shards.PIECES)
    assert replace(corpus).digest != whole


def test_rows_are_framed_as_texts_are(corpus, sentences):
    stream = TextRows(corpus, corpus.texts["ru"])
    whole = {tuple(item.ids) for item in corpus.tokenizer.encode(list(sentences["ru"]), languages=["ru"] * 10)}
    assert {tuple(stream[n].ids) for n in range(len(stream))} & whole
    assert all(len(stream[n]) <= 32 for n in range(len(stream)))


def test_pairs_are_framed_as_pairs_are(corpus, sentences):
    stream = PairRows(replace(corpus, length=60), "en:ru")
    texts, others = list(sentences["en"]), list(sentences["ru"])
    whole = corpus.tokenizer.encode(texts, languages=["en"] * 10, pairs=others)
    short = {tuple(item.ids): item.types for item in whole if len(item) <= 60}
    found = [stream[n] for n in range(len(stream))]
    assert short
    assert {*short} <= {tuple(item.ids) for item in found}
    for item in found:
        if tuple(item.ids) in short:
            assert (item.types or [0] * len(item.ids)) == (short[tuple(item.ids)] or [0] * len(item.ids))
    assert [len(item) for item in found] == [*stream.lengths(np.arange(len(stream)))]


def test_translations_are_those_of_their_texts(corpus, sentences):
    stream = TranslationRows(corpus, "en:ru")
    texts = {tuple(ids): n for n, ids in enumerate(one.ids for one in corpus.tokenizer.plain(list(sentences["en"])))}
    others = [one.ids for one in corpus.tokenizer.plain(list(sentences["ru"]))]
    special = {*corpus.tokenizer.control_ids}
    for number in range(len(stream)):
        item = stream[number]
        bare, other = (tuple(n for n in side.ids if n not in special) for side in (item, item.other))
        if bare in texts:
            assert list(other) == others[texts[bare]][: len(other)]
        assert (item.language, item.other.language) == ("en", "ru")


@given(st.integers(0, 300), st.integers(0, 300), st.integers(2, 200))
def test_two_texts_fit_and_the_longer_one_is_cut_first(one, other, room):
    left, right = fitted(one, other, room)
    assert left <= one
    assert right <= other
    assert left + right == min(one + other, room)
    if one + other > room:
        assert (left < one) or (right < other)
        if min(one, other) <= room // 2:
            assert min(left, right) == min(one, other)


def test_the_digest_tells_corpora_apart(corpus, tmp_path):
    assert replace(corpus).digest == corpus.digest
    assert replace(corpus, length=16).digest != corpus.digest
    assert replace(corpus, texts={"en": corpus.texts["en"]}).digest != corpus.digest


def test_pieces_that_it_holds(corpus):
    every = {int(n) for shard in corpus.shards for n in shard.pieces}
    assert {*corpus.reached} == every
