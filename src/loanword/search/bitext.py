"""Sentences and their translations, found among two heaps of text that nobody aligned.

A pair is as good as its cosine compared with how crowded it is around both sentences; candidates are the best ones of
either direction. Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining with Multilingual Sentence Embeddings".
Which score is enough is learned from pairs that are known, by the best F1, as in the shared task of BUCC 2017
(Zweigenbaum et al., "Overview of the Second BUCC Shared Task").
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from loanword.tasks.neighbours import Scoring, crowdings, nearest_both

NEIGHBOURS = 4
"""Neighbours that say how crowded it is, as in the paper."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of the source, one of the target, and how well they go together."""

    source: int
    target: int
    score: float


@dataclass(frozen=True, slots=True)
class Quality:
    """How many of the pairs found are right, how many of the right ones are found, and the harmonic mean of both."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def pairs_of(
    source: np.ndarray,
    target: np.ndarray,
    *,
    scoring: Scoring = "margin",
    neighbours: int = NEIGHBOURS,
    one_to_one: bool = True,
) -> list[Pair]:
    """Return the pairs among the vectors `source` (n, width) and `target` (m, width), of length 1, the best first.

    Every vector's best partner gives a pair. `one_to_one` keeps those alone whose two sides are in no better one.
    """
    if not len(source) or not len(target):
        return []
    crowded = crowdings(source, target, count=neighbours)
    forward, backward = nearest_both(source, target, count=1, scoring=scoring, crowded=crowded)
    found: dict[tuple[int, int], float] = {}
    for row, (score, place) in enumerate(zip(*map(np.ravel, forward), strict=True)):
        found[row, int(place)] = float(score)
    for row, (score, place) in enumerate(zip(*map(np.ravel, backward), strict=True)):
        found[int(place), row] = float(score)
    ordered = [Pair(*pair, score) for pair, score in sorted(found.items(), key=lambda item: (-item[1], item[0]))]
    return _one_to_one(ordered) if one_to_one else ordered


def _one_to_one(pairs: Sequence[Pair]) -> list[Pair]:
    sources: set[int] = set()
    targets: set[int] = set()
    kept = []
    for pair in pairs:
        if pair.source not in sources and pair.target not in targets:
            sources.add(pair.source)
            targets.add(pair.target)
            kept.append(pair)
    return kept


def quality(pairs: Collection[Pair], gold: Collection[tuple[int, int]]) -> Quality:
    """Compare `pairs` with all right ones."""
    right = len({(pair.source, pair.target) for pair in pairs} & set(gold))
    return Quality(right / len(pairs) if pairs else 0.0, right / len(gold) if gold else 0.0)


def best_threshold(pairs: Sequence[Pair], gold: Collection[tuple[int, int]]) -> float:
    """Return the score from which on `pairs`, the best first, have the best F1: halfway to the next one below.

    Of equally good ones the highest.
    """
    if not pairs:
        return 0.0
    right = np.cumsum([(pair.source, pair.target) in gold for pair in pairs])
    f1 = 2 * right / (np.arange(1, len(pairs) + 1) + len(gold))
    scores = np.array([pair.score for pair in pairs])
    f1[:-1][scores[:-1] == scores[1:]] = -1  # No threshold parts equal scores.
    best = int(f1.argmax())
    return float(scores[best : best + 2].mean())
