from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch

from loanword.errors import UsageError
from loanword.objectives.nsp import NextSentence
from loanword.objectives.streams import Corpus
from loanword.tasks.model import Model
from loanword.tokens import shards
from loanword.tokens.tokenizer import Tokenizer


@dataclass(frozen=True)
class Document:
    text: str
    language: str
    line: int = 0
    held_out: bool = False


@pytest.fixture
def corpus(fresh_tokenizer, tmp_path):
    """Thirty documents of four sentences; a sentence says its document by a name and its place by a verb."""
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=64)
    names = [f"{a}{b}" for a in "bcdfgh" for b in "aeiou"]
    verbs = ("sat", "ran", "ate", "left")
    documents = [Document("\n\n".join(f"{name} {verb}" for verb in verbs), "en") for name in names]
    shards.write(documents, tokenizer, tmp_path / "shards")
    return Corpus(tokenizer, shards.read(tmp_path / "shards", tokenizer), length=64)


def read_pairs(corpus, kind, count=2000):
    """What each pair says: (name, places) of both texts, and the target."""
    stream = NextSentence(corpus.tokenizer, kind=kind).streams(corpus)["en"]
    verbs = {"sat": 0, "ran": 1, "ate": 2, "left": 3}
    special = {*corpus.tokenizer.control_ids}
    found = []
    for number in range(count):
        item = stream[number]
        ends = [place for place, n in enumerate(item.ids) if n in special]
        sides = [item.ids[a + 1 : b] for a, b in pairwise(ends) if b - a > 1]
        assert len(sides) == 2
        texts = [corpus.tokenizer.text(side).split() for side in sides]
        found.append(
            (
                [{*words[::2]} for words in texts],
                [[verbs[word] for word in words[1::2]] for words in texts],
                item.target,
            )
        )
    return found


@pytest.mark.parametrize("kind", ["next", "document", "order"])
def test_pairs_are_what_their_targets_say(corpus, kind):
    found = read_pairs(corpus, kind)
    assert 0.45 < np.mean([target for *_, target in found]) < 0.55
    for names, (one, other), target in found:
        assert one == [*range(one[0], one[-1] + 1)]
        assert other == [*range(other[0], other[-1] + 1)]
        if kind == "order":
            assert names[0] == names[1]
            assert one[-1] + 1 == other[0] if target else other[-1] + 1 == one[0]
        elif target:
            assert names[0] == names[1]
            assert one[-1] < other[0]
            assert kind == "document" or one[-1] + 1 == other[0]
        else:
            assert names[0] != names[1]
    if kind == "document":
        assert any(one[-1] + 1 < other[0] for _, (one, other), target in found if target)


def test_pairs_are_the_same_whenever_asked_and_others_in_the_next_pass(corpus):
    stream = NextSentence(corpus.tokenizer).streams(corpus)["en"]
    assert stream[5] == stream[5]
    assert [*stream.lengths(np.arange(8))] == [len(stream[n].ids) for n in range(8)]
    first, second = ([stream[n + start].ids for n in range(30)] for start in (0, 30))
    assert sorted(first) != sorted(second)


def test_long_texts_are_cut_away_from_the_middle(fresh_tokenizer, tmp_path, sentences):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=64)
    shards.write([Document("\n\n".join(sentences["en"]), "en") for _ in range(3)], tokenizer, tmp_path / "shards")
    corpus = Corpus(tokenizer, shards.read(tmp_path / "shards", tokenizer), length=24)
    stream = NextSentence(tokenizer, kind="order").streams(corpus)["en"]
    assert {len(stream[n].ids) for n in range(20)} == {24}


def test_a_corpus_of_single_sentences_is_refused(fresh_tokenizer, tmp_path):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=64)
    shards.write([Document("the kettle", "en"), Document("a kite", "en")], tokenizer, tmp_path / "shards")
    corpus = Corpus(tokenizer, shards.read(tmp_path / "shards", tokenizer), length=24)
    with pytest.raises(UsageError, match="needs documents of two sentences"):
        NextSentence(tokenizer).streams(corpus)
    with pytest.raises(UsageError, match="unknown kind of next-sentence prediction 'nsp'"):
        NextSentence(tokenizer, kind="nsp")


def test_it_is_learned(corpus, tiny_encoder):
    """Order can be told by verbs alone: a few dozen steps must do."""
    loaded = tiny_encoder("xlm-roberta")
    objective = NextSentence(corpus.tokenizer, kind="order")
    torch.manual_seed(0)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).train()
    stream, rng = objective.streams(corpus)["en"], np.random.default_rng(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses = []
    for step in range(60):
        batch = objective.prepare([stream[16 * step + n] for n in range(16)], rng)
        loss = objective.loss(model, batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[:5]) > 0.6
    assert np.mean(losses[-10:]) < 0.3
