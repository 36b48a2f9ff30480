"""Can the probabilities be believed? The expected calibration error of a language, and where it comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

import numpy as np

from loanword.evaluation.scores import Bin, TransferReport

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
    return sum(item.n * abs(item.confidence - item.accuracy) for item in bins) / total if total else math.nan


def expected_noise(bins: Sequence[Bin]) -> float:
    """Return the calibration error that perfectly calibrated answers would show in bins of these sizes, by chance.

    Of the n rows of a bin with confidence c a share a is right, and E[a] = c if the answers are calibrated. But a is a
    mean of n coin tosses: it spreads about c with standard deviation s = sqrt(c (1 - c) / n), nearly normally, and the
    mean of the absolute value of such a number is s sqrt(2 / pi). So the bin adds sqrt(2 c (1 - c) / (pi n)) to the
    error, weighed by its rows. It falls with the root of the rows and grows with that of the filled bins.
    """
    total = sum(item.n for item in bins)
    noise = sum(item.n * math.sqrt(2 * item.confidence * (1 - item.confidence) / (math.pi * item.n)) for item in bins)
    return noise / total if total else math.nan


def calibration_errors(report: TransferReport) -> tuple[float, float, float]:
    """Return the mean error before and after scaling and what of it would be chance; NaN where nothing was measured.

    The mean is over the target languages, or over all if there are none.
    """
    every = [report.languages[tag] for tag in report.targets or report.languages]
    pairs = [(one.ece_raw, one.ece) for one in every if math.isfinite(one.ece_raw) and math.isfinite(one.ece)]
    noise = [one.ece_noise for one in every if math.isfinite(one.ece_noise)]
    columns = ([raw for raw, _ in pairs], [scaled for _, scaled in pairs], noise)
    before, after, chance = (fmean(column) if column else math.nan for column in columns)
    return before, after, chance
