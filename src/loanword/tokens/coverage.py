"""Which pieces of a vocabulary some languages need: those of their texts, and those that unseen texts would hold.

The pieces that a text of a language holds are counted. No sample holds them all: of sentences of the English Wikipedia
every third has a piece that ten thousand others lack. So the other pieces are ranked by how likely the language makes
them, and as many are taken as it takes for a given share of texts that were put aside to be covered whole.

How likely: the share that the tokenizer itself gives a piece, times how much likelier the language's character
trigrams make its spelling than those of the whole vocabulary do (interpolated, Witten and Bell 1991).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loanword.randomness import generator
from loanword.tokens.vocabulary import Vocabulary

ORDER = 3
"""Characters that a character is judged with: itself and two before it."""
UNSEEN = 1e-5
"""Probability of a character that no text holds."""
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


def covered(ids: Sequence[set[int]], there: set[int]) -> float:
    """Return the share of texts, given by their pieces, whose pieces are all `there`."""
    return sum(one <= there for one in ids) / max(1, len(ids))


def covering(vocabulary: Vocabulary, texts: Mapping[str, Sequence[str]], *, share: float) -> dict[str, Covering]:
    """Choose by language the pieces that cover a `share` of unseen texts like `texts`, whole.

    What texts of any of the languages hold is there for all of them: an English word in a Hindi text needs no Hindi
    piece.
    """
    weights = _weights(vocabulary)
    usual = _Spelling({vocabulary.pieces[n]: weight for n, weight in weights.items()})
    beyond = {n: math.log(weight) - usual.log_probability(vocabulary.pieces[n]) for n, weight in weights.items()}
    samples = {tag: _Sample.of(vocabulary, lines, tag) for tag, lines in texts.items()}
    known = set().union(*(sample.counts for sample in samples.values()))
    everything = set().union(*(sample.seen for sample in samples.values()))
    found = {}
    for tag, sample in samples.items():
        own = _Spelling({vocabulary.pieces[n]: float(count) for n, count in sample.counts.items()})
        chances = {n: more + own.log_probability(vocabulary.pieces[n]) for n, more in beyond.items() if n not in known}
        ranked = sorted(chances, key=lambda n: (-chances[n], n))
        place_of = {n: place for place, n in enumerate(ranked, start=1)}
        worst = [max((place_of.get(n, 0) for n in ids), default=0) for ids in sample.aside]
        size = int(np.quantile(worst, share, method="inverted_cdf")) if worst else 0
        found[tag] = Covering(frozenset(sample.seen), tuple(n for n in ranked[:size] if n not in everything))
    return found


@dataclass(frozen=True, slots=True)
class _Sample:
    """Texts of a language by their pieces: the `counts` of most of them, those put `aside`, all that were `seen`."""

    counts: Counter[int]
    aside: list[list[int]]
    seen: set[int]

    @classmethod
    def of(cls, vocabulary: Vocabulary, lines: Sequence[str], tag: str) -> _Sample:
        pieces = [one.ids for one in vocabulary.tokenizer.plain(lines)]
        order = generator(0, "coverage", tag).permutation(len(pieces))
        cut = math.ceil(ASIDE * len(pieces))
        counts = Counter(n for place in order[cut:] for n in pieces[place])
        return cls(counts, [pieces[place] for place in order[:cut]], {n for ids in pieces for n in ids})


def _weights(vocabulary: Vocabulary) -> dict[int, float]:
    """Return how often the tokenizer expects each piece; where it does not say so, by its rank (Zipf)."""
    control = set(vocabulary.tokenizer.control_ids)
    if vocabulary.scores is None:
        return {n: 1 / (1 + n) for n in vocabulary.pieces if n not in control}
    return {n: math.exp(score) for n, score in enumerate(vocabulary.scores) if n not in control}


class _Spelling:
    """Character trigrams of pieces, weighed."""

    def __init__(self, weights: Mapping[str, float]) -> None:
        self.counts: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
        for piece, weight in weights.items():
            spelt = f"\0{piece}"
            for end in range(1, len(spelt)):
                for start in range(max(0, end - ORDER + 1), end + 1):
                    self.counts[spelt[start:end]][spelt[end]] += weight
        self.totals = {before: sum(after.values()) for before, after in self.counts.items()}
        self.scale = min(weights.values(), default=1.0)

    def log_probability(self, piece: str) -> float:
        spelt, found = f"\0{piece}", 0.0
        for end in range(1, len(spelt)):
            chance = UNSEEN
            for start in range(end, max(0, end - ORDER + 1) - 1, -1):
                before = spelt[start:end]
                if before not in self.totals:
                    break
                new = len(self.counts[before]) * self.scale
                chance = (self.counts[before].get(spelt[end], 0.0) + new * chance) / (self.totals[before] + new)
            found += math.log(chance)
        return found
