"""Which pieces of a vocabulary some languages need: those of their texts, and those that unseen texts would hold.

The pieces that a text of a language holds are counted. No sample holds them all: of sentences of the English Wikipedia
every third has a piece that ten thousand others lack. So the other pieces are ranked by how likely the language makes
them, and as many are taken as it takes to cover a given share of texts whole: each part of the texts in turn is taken
for unseen.

How likely: the share that the tokenizer itself gives a piece, times how much likelier the language spells it so than
the whole vocabulary does (`spelling`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loanword.randomness import generator
from loanword.tokens.spelling import Spellings
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

PARTS = 5
"""Parts of the texts, each of which is unseen once."""

Counts = dict[str, np.ndarray]
"""How often each piece, by its number, stands in texts of a language."""


@dataclass(frozen=True, slots=True)
class Covering:
    """The pieces for one language: those of its texts (`seen`) and likely ones (`likely`), the likeliest first."""

    seen: frozenset[int]
    likely: tuple[int, ...]

    @property
    def ids(self) -> set[int]:
        """All of them."""
        return {*self.seen, *self.likely}


def pieces_of(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    """Return the pieces of each of `texts`, however long, with the prefix that the model puts before it."""
    return [pieces.ids for pieces in tokenizer.plain([tokenizer.prefix + text for text in texts])]


def covering(vocabulary: Vocabulary, texts: Mapping[str, Sequence[str]], *, share: float) -> dict[str, Covering]:
    """Choose by language the pieces that cover a `share` of unseen texts like `texts`, whole.

    What texts of any of the languages hold is there for all of them: an English word in a Hindi text needs no Hindi
    piece.
    """
    ranking = _Ranking(vocabulary)
    pieces = {
        tag: [np.array(ids, dtype=np.int64) for ids in pieces_of(vocabulary.tokenizer, lines)]
        for tag, lines in texts.items()
    }
    part = {tag: generator(0, "coverage", tag).permutation(len(rows)) % PARTS for tag, rows in pieces.items()}
    needed = {tag: np.zeros(len(rows), dtype=np.int64) for tag, rows in pieces.items()}
    for unseen in range(PARTS):
        seen = {tag: [rows[row] for row in np.flatnonzero(part[tag] != unseen)] for tag, rows in pieces.items()}
        for tag, places in ranking.places({tag: ranking.counted(rows) for tag, rows in seen.items()}):
            for row in np.flatnonzero(part[tag] == unseen):
                needed[tag][row] = places[pieces[tag][row]].max(initial=0)
    counts = {tag: ranking.counted(rows) for tag, rows in pieces.items()}
    found = {}
    for tag, places in ranking.places(counts):
        size = _enough(needed[tag], share=share)
        ranked = np.argsort(places, kind="stable")
        likely = ranked[places[ranked] > 0][:size]
        found[tag] = Covering(frozenset(np.flatnonzero(counts[tag]).tolist()), tuple(likely.tolist()))
    return found


def _enough(needed: np.ndarray, *, share: float) -> int:
    """Return how many likely pieces cover a `share` of texts that need so many each; no text alone decides it."""
    spared = 0 if share == 1 else max(1, math.floor((1 - share) * len(needed)))
    ordered = np.sort(needed)
    return int(ordered[-1 - spared]) if len(ordered) > spared else 0


class _Ranking:
    """Which pieces languages make likely beyond those that their texts hold."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        usual = _usual(vocabulary)
        self.size = 1 + max(vocabulary.pieces)
        self.ids, weights = np.array([*usual], dtype=np.int64), np.array([*usual.values()])
        self.spellings = Spellings([vocabulary.pieces[n] for n in usual])
        self.beyond = np.log(weights) - self.spellings.log_probabilities(weights)

    def counted(self, rows: Sequence[np.ndarray]) -> np.ndarray:
        """Count each piece in `rows`, the pieces of some texts."""
        whole = np.concatenate([np.empty(0, dtype=np.int64), *rows])
        return np.bincount(whole, minlength=self.size).astype(np.float64)

    def places(self, counts: Counts) -> Iterator[tuple[str, np.ndarray]]:
        """Yield by language the place of each piece among the likeliest, from 1 on; 0 for those that any text holds."""
        other = np.flatnonzero(np.sum([*counts.values()], axis=0)[self.ids] == 0)
        for tag, own in counts.items():
            chances = (self.beyond + self.spellings.log_probabilities(own[self.ids]))[other]
            places = np.zeros(self.size, dtype=np.int64)
            places[self.ids[other[np.argsort(-chances, kind="stable")]]] = np.arange(1, len(other) + 1)
            yield tag, places


def _usual(vocabulary: Vocabulary) -> dict[int, float]:
    """Return how often the tokenizer expects each piece that it can do without; if it does not say, by rank (Zipf).

    A score of 0 would be certainty: it marks pieces that are cut out beforehand.
    """
    free = sorted(vocabulary.pieces.keys() - vocabulary.needed)
    if vocabulary.scores is None:
        return {n: 1 / (1 + n) for n in free}
    return {n: math.exp(score) for n in free if (score := vocabulary.scores[n]) < 0}
