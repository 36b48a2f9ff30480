"""95 % intervals by the bootstrap, resampling whole groups where rows come in groups.

Efron and Tibshirani 1993; resampling clusters rather than rows: Davison and Hinkley 1997, ch. 3.8. What is added to
the percentiles is in `around`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from loanword.evaluation.metrics import Additive, Metric, Steady
from loanword.evaluation.scores import Interval
from loanword.randomness import generator

LEVEL = 0.95
CHANCE = 3.0
"""Standard errors up to which the mean of the resamples may miss the score by the draws alone."""

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
        sums = _sums(rows, member)
        return np.concatenate([_scored(metric, weights @ sums, sums) for weights in _weights(total, count, seed)])
    every = np.arange(len(rows))
    found = [
        metric.reduce(rows[np.repeat(every, weight[member].astype(int))])
        for weights in _weights(total, count, seed)
        for weight in weights
    ]
    return np.asarray(found)


def without_each(metric: Metric, rows: np.ndarray, *, groups: Sequence[str]) -> np.ndarray:
    """Score `rows` without each group in turn (groups); nothing (0) if that would take long: no `Additive` metric."""
    if not isinstance(metric, Additive):
        return np.zeros(0)
    sums = _sums(rows, memberships(groups))
    whole, size = sums.sum(axis=0), max(1, CELLS // sums.shape[1])
    parts = [sums[start : start + size] for start in range(0, len(sums), size)]
    return np.concatenate([_scored(metric, whole - part, sums) for part in parts])


def bootstrap(rows: np.ndarray, metric: Metric, *, groups: Sequence[str], count: int = 1000, seed: int = 0) -> Interval:
    """Return the score of `rows` with its interval.

    Where every resample agrees (all rows right, say) the bootstrap knows nothing; then the interval is Wilson's for
    a proportion over the number of groups, widened to hold the score.
    """
    score = metric.reduce(rows)
    found = samples(metric, rows, groups=groups, count=count, seed=seed)
    if np.ptp(found) < 1e-12 and 0 <= score <= 1:
        low, high = wilson(score, int(memberships(groups).max()) + 1)
        return Interval(score, min(low, score), max(high, score))
    return around(score, found, without_each(metric, rows, groups=groups), floor=0.0)


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
    here, there = (without_each(metric, rows, groups=groups) for rows in (a, b))
    return around(score, found, here - there, floor=-1.0)


def apart(a: Interval, b: Interval) -> Interval:
    """Return the difference of two scores on different rows (not paired), from the intervals of either.

    Newcombe 1998, "Interval Estimation for the Difference Between Independent Proportions", method 10; for intervals of
    any kind Zou and Donner 2008, "Construction of Confidence Limits about Effect Measures".
    """
    score = a.score - b.score
    down = math.hypot(a.score - a.low, b.high - b.score)
    up = math.hypot(a.high - a.score, b.score - b.low)
    return Interval(score, score - down, score + up)


def around(score: float, found: np.ndarray, omitted: np.ndarray, *, floor: float) -> Interval:
    """Return `score` with its interval, from the scores of resamples and of the rows without each group in turn.

    The percentiles of `found`, with two things mended that go wrong where a score is a mean of shares of few rows each
    (macro-F1 with many rare labels). They are moved to where the score is without its bias: what resamples lose
    against the score, the score has lost against the truth (Efron and Tibshirani 1993, ch. 10.6), unless so small a
    loss may be the draws'. And they are stretched to the spread that the jackknife finds in `omitted` (ch. 11.5), if
    that is larger: a bootstrap has (n - 1) / n of the spread of n rows, which for a label with one row is nothing.
    The interval holds the score, and stays between `floor` and 1 where the resamples do.
    """
    middle, deviation, (low, high) = found.mean(), found.std(), np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    spread = math.sqrt(len(omitted) - 1) * omitted.std() if len(omitted) else 0.0
    stretch = max(1.0, spread / deviation) if deviation else 1.0
    lost = score - middle if abs(score - middle) > CHANCE * deviation / math.sqrt(len(found)) else 0.0
    low, high = middle - stretch * (middle - low) + 2 * lost, middle + stretch * (high - middle) + 2 * lost
    low, high = min(score, low), max(score, high)
    if floor <= found.min() and found.max() <= 1:
        low, high = max(floor, low), min(1.0, high)
    return Interval(score, float(low), float(high))


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a proportion (Wilson 1927)."""
    z = 1.959963984540054
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def _sums(rows: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Add up the rows of each group."""
    sums = np.zeros((int(member.max()) + 1, rows.shape[1]))
    np.add.at(sums, member, rows)
    return sums


def _scored(metric: Additive, drawn: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """Score `drawn`, each a sum of some of `sums`."""
    return metric.of_resamples(drawn, sums.sum(axis=0)) if isinstance(metric, Steady) else metric.of_sums(drawn)


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
