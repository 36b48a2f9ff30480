"""Can the probabilities be believed? The expected calibration error of a language, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loanword.evaluation.scores import Bin

BINS = 15


def reliability(confidence: np.ndarray, right: np.ndarray, *, bins: int = BINS) -> tuple[Bin, ...]:
    """Sort answers into equal bins of confidence (n); `right` (n) is 1 for right ones. Empty bins are left out."""
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    found = []
    for index in range(bins):
        inside = place == index
        if inside.any():
            found.append(Bin(float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum())))
    return tuple(found)


def expected_error(bins: Sequence[Bin]) -> float:
    """Return the mean distance of confidence and accuracy, weighed by rows (Guo et al. 2017, eq. 3)."""
    total = sum(item.n for item in bins)
    return sum(item.n * abs(item.confidence - item.accuracy) for item in bins) / total if total else 0.0
