"""Which vectors are nearest to which: exact search in blocks, so that memory stays flat whatever the number."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loanword.errors import UsageError

Scoring = Literal["cosine", "csls", "margin"]
SCORINGS = ("cosine", "csls", "margin")
NEAR = 10
"""Neighbours whose mean says how crowded it is around a vector."""

CELLS = 2**22
"""Numbers of a block, cosines or coordinates: with what is made of them, 120 MB at most."""

Found = tuple[np.ndarray, np.ndarray]
"""Scores (n, count) in fp32 and places (n, count), the best first; of equal ones the first wins."""


def nearest(
    queries: np.ndarray,
    corpus: np.ndarray,
    *,
    count: int,
    scoring: Scoring = "cosine",
    crowded: tuple[np.ndarray, np.ndarray] | None = None,
) -> Found:
    """Find for each of `queries` (n, width) the `count` best of `corpus` (m, width), or all if there are fewer.

    All vectors must have length 1. `corpus` may be in fp16 and on disk (`numpy.memmap`): it is read a block at a time,
    once for every 2,048 queries. `crowded` is what `crowdings` says of both; scorings other than the cosine need it,
    and it is worked out if it is not given.
    """
    return _search(queries, corpus, count=count, scoring=scoring, crowded=crowded, back=False)[0]


def nearest_both(
    left: np.ndarray,
    right: np.ndarray,
    *,
    count: int,
    scoring: Scoring = "cosine",
    crowded: tuple[np.ndarray, np.ndarray] | None = None,
) -> tuple[Found, Found]:
    """Find the best of `right` for each of `left`, and of `left` for each of `right`; see `nearest`."""
    return _search(left, right, count=count, scoring=scoring, crowded=crowded, back=True)


def crowdings(left: np.ndarray, right: np.ndarray, *, count: int = NEAR) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean cosine of each vector to its `count` nearest on the other side: (n) of `left`, (m) of `right`."""
    (here, _), (there, _) = nearest_both(left, right, count=count)
    return here.mean(axis=1), there.mean(axis=1)


def rescored(cosines: np.ndarray, here: np.ndarray, there: np.ndarray, *, scoring: Scoring) -> np.ndarray:
    """Return cosines with the crowding of both sides taken into account: a neighbour of everybody is nobody's.

    "csls": twice the cosine less both (Conneau et al. 2018, "Word Translation Without Parallel Data"); "margin": the
    cosine over their mean (Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining with Multilingual Sentence
    Embeddings"); "cosine": as it is.
    """
    expect_scoring(scoring)
    found: np.ndarray = cosines
    if scoring == "csls":
        found = 2 * cosines - here - there
    elif scoring == "margin":
        found = cosines / ((here + there) / 2)
    return found


def expect_scoring(scoring: str) -> None:
    """Raise `UsageError` for a scoring that there is not."""
    if scoring not in SCORINGS:
        raise UsageError(f"unknown scoring '{scoring}'; known: {', '.join(SCORINGS)}")


class _Best:
    """The best columns of every row so far, while blocks of scores go by.

    A score and its place are one integer: the score's bits, in their order, above those of the place, reversed. So one
    partition finds the best, and of equal ones the first.
    """

    LAST = 2**32 - 1

    def __init__(self, rows: int, count: int) -> None:
        self.keys = np.full((rows, count), np.iinfo(np.int64).min)

    def see(self, scores: np.ndarray, rows: slice, start: int) -> None:
        """Take the scores (rows, columns) of `rows`, whose first column is the one at `start`."""
        bits = (scores.astype(np.float32) + 0.0).view(np.int32)  # -0.0 is 0.0.
        keys = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits).astype(np.int64)
        keys <<= 32
        keys |= self.LAST - np.arange(start, start + scores.shape[1])
        count = self.keys.shape[1]
        if scores.shape[1] > count:
            keys = np.partition(keys, -count, axis=1)[:, -count:]
        both = np.concatenate([self.keys[rows], keys], axis=1)
        self.keys[rows] = np.partition(both, -count, axis=1)[:, -count:]

    def found(self) -> Found:
        """Return the best, the first one first."""
        keys = -np.sort(-self.keys, axis=1)
        bits = (keys >> 32).astype(np.int32)
        scores = np.where(bits < 0, bits ^ 0x7FFFFFFF, bits).astype(np.int32).view(np.float32)
        return scores, self.LAST - (keys & self.LAST)


def _search(
    left: np.ndarray,
    right: np.ndarray,
    *,
    count: int,
    scoring: Scoring,
    crowded: tuple[np.ndarray, np.ndarray] | None,
    back: bool,
) -> tuple[Found, Found]:
    """Walk through the scores of all pairs once, in blocks; without `back` nothing is kept for `right`."""
    expect_scoring(scoring)
    if scoring != "cosine" and crowded is None:
        crowded = crowdings(left, right)
    forward = _Best(len(left), min(count, len(right)))
    backward = _Best(len(right) if back else 0, min(count, len(left)))
    tall = max(1, min(len(left), int(CELLS**0.5)))
    wide = max(1, CELLS // max(tall, *left.shape[1:], 1))
    for top in range(0, len(left), tall):
        rows = slice(top, top + tall)
        here = np.asarray(left[rows], dtype=np.float32)
        for start in range(0, len(right), wide):
            columns = slice(start, start + wide)
            scores = here @ np.asarray(right[columns], dtype=np.float32).T
            if crowded is not None:
                scores = rescored(scores, crowded[0][rows, None], crowded[1][None, columns], scoring=scoring)
            forward.see(scores, rows, start)
            if back:
                backward.see(scores.T, columns, top)
    return forward.found(), backward.found()
