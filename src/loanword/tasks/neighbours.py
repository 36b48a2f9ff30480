"""Which vectors are nearest to which: exact search in blocks, so that memory stays flat whatever the number."""

from __future__ import annotations

from typing import Literal

import numpy as np

from loanword.errors import UsageError

Scoring = Literal["cosine", "csls", "margin"]
SCORINGS = ("cosine", "csls", "margin")
NEAR = 10
"""Neighbours whose mean says how crowded it is around a vector."""

CELLS = 2**24
"""Cosines held at a time: 64 MB."""


def nearest(queries: np.ndarray, corpus: np.ndarray, *, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the cosines (n, count) and indices (n, count) of the nearest of `corpus` (m, width), the nearest first.

    All vectors must have length 1. The first of equally near ones wins.
    """
    count = min(count, len(corpus))
    cosines = np.empty((len(queries), count), dtype=np.float32)
    places = np.empty((len(queries), count), dtype=np.int64)
    for start in range(0, len(queries), size := max(1, CELLS // max(1, len(corpus)))):
        block = queries[start : start + size] @ corpus.T
        best = np.argpartition(-block, count - 1, axis=1)[:, :count] if count < block.shape[1] else None
        best = np.broadcast_to(np.arange(block.shape[1]), block.shape) if best is None else np.sort(best, axis=1)
        found = np.take_along_axis(block, best, axis=1)
        order = np.argsort(-found, axis=1, kind="stable")
        cosines[start : start + size] = np.take_along_axis(found, order, axis=1)
        places[start : start + size] = np.take_along_axis(best, order, axis=1)
    return cosines, places


def crowding(vectors: np.ndarray, others: np.ndarray, *, count: int = NEAR) -> np.ndarray:
    """Return the mean cosine (n) of each vector to its `count` nearest among `others`."""
    mean: np.ndarray = nearest(vectors, others, count=count)[0].mean(axis=1)
    return mean


def rescored(cosines: np.ndarray, here: np.ndarray, there: np.ndarray, *, scoring: Scoring) -> np.ndarray:
    """Return cosines with the crowding of both sides taken into account: a neighbour of everybody is nobody's.

    "csls": twice the cosine less both (Conneau et al. 2018, "Word Translation Without Parallel Data"); "margin": the
    cosine over their mean (Artetxe and Schwenk 2019, "Margin-based Parallel Corpus Mining with Multilingual Sentence
    Embeddings"); "cosine": as it is.
    """
    if scoring not in SCORINGS:
        raise UsageError(f"unknown scoring '{scoring}'; known: {', '.join(SCORINGS)}")
    found: np.ndarray = cosines
    if scoring == "csls":
        found = 2 * cosines - here - there
    elif scoring == "margin":
        found = cosines / ((here + there) / 2)
    return found
