"""Which part of a text says most like a summary of it: what a model that extracts summaries learns from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

ORDER, BETA = 6, 2.0
"""Those of chrF2: Popović 2015, "chrF: character n-gram F-score for automatic MT evaluation"."""


def likeness(text: str, summary: str, units: Sequence[tuple[int, int]], *, longest: int) -> np.ndarray:
    """Return chrF2 (units, longest), 0 to 1, of every stretch of `units` of `text` with `summary`.

    `units` are parts of the text, in order; the stretch in row a and column k goes from unit a to unit a + k. Stretches
    past the last unit have -1.
    """
    said, wanted = "".join(text.split()), "".join(summary.split())
    before = np.cumsum([0, *(not character.isspace() for character in text)])
    starts = before[[start for start, _ in units]]
    ends = before[[end for _, end in units]]
    last = np.arange(len(units))[:, None] + np.arange(longest)[None, :]
    there = last < len(units)
    lengths = np.where(there, ends[np.minimum(last, len(units) - 1)] - starts[:, None], 0)
    precision, recall, orders = (np.zeros(lengths.shape) for _ in range(3))
    for size in range(1, min(ORDER, len(wanted)) + 1):
        matches = _matches(said, wanted, starts, size=size, width=int(lengths.max()))
        ours = np.maximum(lengths - size + 1, 0)
        found = np.take_along_axis(matches, ours, axis=1)
        counts = ours > 0
        precision += np.divide(found, ours, out=np.zeros(found.shape), where=counts)
        recall += np.where(counts, found / (len(wanted) - size + 1), 0)
        orders += counts
    precision, recall = precision / np.maximum(orders, 1), recall / np.maximum(orders, 1)
    below = BETA**2 * precision + recall
    score = np.divide((1 + BETA**2) * precision * recall, below, out=np.zeros(below.shape), where=below > 0)
    return np.where(there, score, -1.0)


def _matches(said: str, wanted: str, starts: np.ndarray, *, size: int, width: int) -> np.ndarray:
    """Return (starts, width + 1): how many of the first k n-grams after a start are among those that are wanted.

    One that comes more often than it is wanted counts no more often: it counts if the one so many before stands before
    the start.
    """
    wished = Counter(wanted[place : place + size] for place in range(len(wanted) - size + 1))
    seen: dict[str, list[int]] = {}
    barrier = np.full(len(said) + width + 1, len(said))  # The start must lie behind this place.
    for place in range(len(said) - size + 1):
        gram = said[place : place + size]
        if count := wished.get(gram):
            places = seen.setdefault(gram, [])
            barrier[place] = places[-count] if len(places) >= count else -1
            places.append(place)
    hits = barrier[starts[:, None] + np.arange(width)[None, :]] < starts[:, None]
    return np.concatenate([np.zeros((len(starts), 1), dtype=int), hits.cumsum(axis=1)], axis=1)
