"""A search among many millions of vectors, through faiss, which only this module imports.

Candidates come from a graph of neighbours that is walked towards the query (Malkov and Yashunin 2020, "Efficient and
robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs"), over coordinates of a byte
each. They are compared exactly: a neighbour may be missed, but no score is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from loanword.errors import MissingExtra
from loanword.tasks.neighbours import Found

KIND = "HNSW32,SQ8"
BLOCK = 65_536
"""Vectors in fp32 at a time."""

SAMPLE = 100_000
"""Vectors that say what a byte stands for."""

WALK = 256
"""Vectors that a search keeps in view while it walks; with more it misses less."""

MORE = 4
"""Candidates for each one that is wanted."""


def write_graph(vectors: np.ndarray, path: Path) -> None:
    """Write the graph of `vectors` (n, width), of length 1; it is `width` + 280 bytes or so a vector, in memory too."""
    faiss = _faiss()
    index = faiss.index_factory(vectors.shape[1], KIND, faiss.METRIC_INNER_PRODUCT)
    index.train(np.asarray(vectors[:: -(-len(vectors) // SAMPLE)], dtype=np.float32))
    for start in range(0, len(vectors), BLOCK):
        index.add(np.asarray(vectors[start : start + BLOCK], dtype=np.float32))
    faiss.write_index(index, str(path))


class Graph:
    """A graph that `write_graph` wrote, in memory."""

    def __init__(self, path: Path) -> None:
        """Read it from `path`."""
        self.index = _faiss().read_index(str(path))

    def nearest(self, queries: np.ndarray, corpus: np.ndarray, *, count: int) -> Found:
        """Find what `tasks.neighbours.nearest` finds, or almost; -1 stands for none."""
        wanted = min(MORE * count, len(corpus))
        self.index.hnsw.efSearch = max(WALK, wanted)
        candidates: np.ndarray = self.index.search(queries, wanted)[1]
        scores = np.full((len(queries), min(count, len(corpus))), -np.inf, dtype=np.float32)
        places = np.full(scores.shape, -1)
        for row, some in enumerate(candidates):
            near = np.sort(some[some >= 0])
            found = queries[row] @ np.asarray(corpus[near], dtype=np.float32).T
            order = np.argsort(-found, kind="stable")[:count]
            scores[row, : len(order)], places[row, : len(order)] = found[order], near[order]
        return scores, places


def expect_faiss() -> None:
    """Raise `MissingExtra` if faiss is not installed."""
    _faiss()


def _faiss() -> Any:
    try:
        import faiss
    except ImportError:
        raise MissingExtra("index", "faiss-cpu", "an approximate search") from None
    return faiss
