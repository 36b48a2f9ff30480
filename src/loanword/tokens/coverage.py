"""Which pieces of a vocabulary some languages need: those of their texts, and those that unseen texts would hold.

The pieces that a text of a language holds are counted. No sample holds them all: of sentences of the English Wikipedia
every third has a piece that ten thousand others lack. So the other pieces are ranked by how likely the language makes
them, and as many are taken as it takes for a given share of texts that were put aside to be covered whole.

How likely: the share that the tokenizer itself gives a piece, times how much likelier the language spells it so than
the whole vocabulary does (`spelling`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loanword.randomness import generator
from loanword.tokens.spelling import Spellings
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

ASIDE = 0.2
"""Share of the texts by which the number of pieces is chosen."""


@dataclass(frozen=True, slots=True)
class Covering:
    """The pieces for one language: those of its texts (`seen`) and likely ones (`likely`), the likeliest first."""

    seen: frozenset[int]
    likely: tuple[int, ...]

    @property
    def ids(self) -> set[int]:
        """All of them."""
        return {*self.seen, *self.likely}


def pieces_of(tokenizer: Tokenizer, texts: Sequence[str]) -> list[set[int]]:
    """Return the pieces of each of `texts`, however long, with the prefix that the model puts before it."""
    return [{*pieces.ids} for pieces in tokenizer.plain([tokenizer.prefix + text for text in texts])]


def covering(vocabulary: Vocabulary, texts: Mapping[str, Sequence[str]], *, share: float) -> dict[str, Covering]:
    """Choose by language the pieces that cover a `share` of unseen texts like `texts`, whole.

    What texts of any of the languages hold is there for all of them: an English word in a Hindi text needs no Hindi
    piece.
    """
    samples = {tag: _Sample.of(vocabulary, lines, tag) for tag, lines in texts.items()}
    usual = _usual(vocabulary)
    ids, weights = np.array([*usual], dtype=np.int64), np.array([*usual.values()])
    spellings = Spellings([vocabulary.pieces[n] for n in usual])
    beyond = np.log(weights) - spellings.log_probabilities(weights)
    counted = np.sum([sample.counts for sample in samples.values()], axis=0)
    unknown = np.flatnonzero(counted[ids] == 0)
    everything = set().union(*(sample.seen for sample in samples.values()))
    found = {}
    for tag, sample in samples.items():
        chances = (beyond + spellings.log_probabilities(sample.counts[ids]))[unknown]
        ranked = ids[unknown[np.argsort(-chances, kind="stable")]]
        places = np.zeros(len(counted), dtype=np.int64)
        places[ranked] = np.arange(1, len(ranked) + 1)
        worst = [int(places[pieces].max(initial=0)) for pieces in sample.aside]
        size = int(np.quantile(worst, share, method="inverted_cdf")) if worst else 0
        likely = (int(n) for n in ranked[:size])
        found[tag] = Covering(frozenset(sample.seen), tuple(n for n in likely if n not in everything))
    return found


@dataclass(frozen=True, slots=True)
class _Sample:
    """Texts of a language by their pieces: the `counts` of most of them, those put `aside`, all that were `seen`."""

    counts: np.ndarray
    aside: list[np.ndarray]
    seen: set[int]

    @classmethod
    def of(cls, vocabulary: Vocabulary, lines: Sequence[str], tag: str) -> _Sample:
        read = vocabulary.tokenizer.plain([vocabulary.tokenizer.prefix + line for line in lines])
        pieces = [np.array(one.ids, dtype=np.int64) for one in read]
        order = generator(0, "coverage", tag).permutation(len(pieces))
        cut = math.ceil(ASIDE * len(pieces))
        known = np.concatenate([np.empty(0, dtype=np.int64), *(pieces[place] for place in order[cut:])])
        counts = np.bincount(known, minlength=1 + max(vocabulary.pieces)).astype(np.float64)
        seen = {int(n) for n in np.unique(np.concatenate([known, *pieces]))}
        return cls(counts, [pieces[place] for place in order[:cut]], seen)


def _usual(vocabulary: Vocabulary) -> dict[int, float]:
    """Return how often the tokenizer expects each piece that it can do without; if it does not say, by rank (Zipf).

    A score of 0 would be certainty: it marks pieces that are cut out beforehand.
    """
    free = sorted(vocabulary.pieces.keys() - vocabulary.needed)
    if vocabulary.scores is None:
        return {n: 1 / (1 + n) for n in free}
    return {n: math.exp(score) for n in free if (score := vocabulary.scores[n]) < 0}
