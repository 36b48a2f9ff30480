"""95 % intervals by the bootstrap, resampling whole groups where rows come in groups.

Efron and Tibshirani 1993; resampling clusters rather than rows: Davison and Hinkley 1997, ch. 3.8.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from loanword.evaluation.metrics import Additive, Metric
from loanword.evaluation.scores import Interval
from loanword.randomness import generator

LEVEL = 0.95
CELLS = 2**21
"""Weights held at a time, whatever the number of rows: 16 MB."""


def memberships(groups: Sequence[str]) -> np.ndarray:
    """Return each row's group as a number from 0 (n); a row without a group ("") is one of its own."""
    numbers: dict[str | int, int] = {}
    return np.asarray([numbers.setdefault(group or row, len(numbers)) for row, group in enumerate(groups)], dtype=int)


def samples(metric: Metric, rows: np.ndarray, *, groups: Sequence[str], count: int, seed: int) -> np.ndarray:
    """Score `count` bootstrap samples of `rows` (count).

    Equal `groups` and `seed` give equal samples, so the differences between two answers to the same rows are paired.
    """
    member = memberships(groups)
    total = int(member.max()) + 1
    if isinstance(metric, Additive):
        sums = np.zeros((total, rows.shape[1]))
        np.add.at(sums, member, rows)
        return np.concatenate([metric.of_sums(weights @ sums) for weights in _weights(total, count, seed)])
    every = np.arange(len(rows))
    found = [
        metric.reduce(rows[np.repeat(every, weight[member].astype(int))])
        for weights in _weights(total, count, seed)
        for weight in weights
    ]
    return np.asarray(found)


def bootstrap(rows: np.ndarray, metric: Metric, *, groups: Sequence[str], count: int = 1000, seed: int = 0) -> Interval:
    """Return the score of `rows` with its percentile interval.

    Where every resample agrees (all rows right, say) the bootstrap knows nothing; then the interval is Wilson's for
    a proportion over the number of groups, widened to hold the score.
    """
    score = metric.reduce(rows)
    found = samples(metric, rows, groups=groups, count=count, seed=seed)
    if np.ptp(found) < 1e-12 and 0 <= score <= 1:
        low, high = wilson(score, int(memberships(groups).max()) + 1)
        return Interval(score, min(low, score), max(high, score))
    return around(score, found)


def difference(
    a: np.ndarray, b: np.ndarray, metric: Metric, *, groups: Sequence[str], count: int = 1000, seed: int = 0
) -> Interval:
    """Return score(a) - score(b) with its interval, for two answers to the same rows (paired).

    Where every resample agrees (the two never differ, say) the interval reaches as far as if the share of groups that
    would disagree were at the upper end of Wilson's interval for none of them.
    """
    ours, theirs = (samples(metric, rows, groups=groups, count=count, seed=seed) for rows in (a, b))
    score, found = metric.reduce(a) - metric.reduce(b), ours - theirs
    if np.ptp(found) < 1e-12 and -1 <= score <= 1:
        reach = wilson(0.0, int(memberships(groups).max()) + 1)[1]
        return Interval(score, max(-1.0, score - reach), min(1.0, score + reach))
    return around(score, found)


def apart(a: Interval, b: Interval) -> Interval:
    """Return the difference of two scores on different rows (not paired), from the intervals of either.

    Newcombe 1998, "Interval Estimation for the Difference Between Independent Proportions", method 10; for intervals of
    any kind Zou and Donner 2008, "Construction of Confidence Limits about Effect Measures".
    """
    score = a.score - b.score
    down = math.hypot(a.score - a.low, b.high - b.score)
    up = math.hypot(a.high - a.score, b.score - b.low)
    return Interval(score, score - down, score + up)


def around(score: float, found: np.ndarray) -> Interval:
    """Return `score` with the percentile interval of its resamples `found`."""
    low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(score, float(low), float(high))


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a proportion (Wilson 1927)."""
    z = 1.959963984540054
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _weights(total: int, count: int, seed: int) -> Iterator[np.ndarray]:
    """Yield how often each of `total` groups is drawn in each sample, some samples (rows) at a time."""
    size = max(1, CELLS // total)
    for start in range(0, count, size):
        yield _drawn(total, min(size, count - start), seed, start)


@lru_cache(maxsize=4)
def _drawn(total: int, count: int, seed: int, start: int) -> np.ndarray:
    draws = generator(seed, "bootstrap", start).integers(0, total, size=(count, total))
    draws += total * np.arange(count)[:, None]
    return np.bincount(draws.ravel(), minlength=count * total).reshape(count, total).astype(np.float64)
