"""Two systems on the same rows: relative error reduction with an interval, over clusters and seeds.

Clusters of test rows (the same ones in all languages, where these say the same) and, nested in them, seeds are drawn
with replacement; both systems answer the same drawn rows (Davison and Hinkley 1997, ch. 3.8).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.cases.learning import sets
from benchmarks.packed import unpack
from loanword.evaluation.intervals import around, memberships
from loanword.evaluation.metrics import METRICS, Additive, Metric

RESAMPLES = 1000
Scores = dict[str, np.ndarray]
"""By set and language: (1 + draws) scores; the first is that of the rows as they are."""


@dataclass(frozen=True)
class Clusters:
    """The cluster of every test row of a task, by set and language, and how often each is drawn in each resample.

    `drawn` is (1 + draws, clusters): in the first row each cluster once.
    """

    members: dict[str, np.ndarray]
    drawn: np.ndarray

    @classmethod
    def of(cls, groups: Mapping[str, Sequence[str]], *, draws: int = RESAMPLES, seed: int = 0) -> Clusters:
        """Number the `groups` of test rows, those of all sets and languages together, and draw them."""
        every = memberships([group for part in groups.values() for group in part])
        bounds = np.cumsum([0, *(len(part) for part in groups.values())])
        members = {name: every[a:b] for name, a, b in zip(groups, bounds, bounds[1:], strict=False)}
        total = int(every.max()) + 1
        rng = np.random.default_rng(seed)
        drawn = np.ones((1 + draws, total), dtype=np.uint16)
        for row in drawn[1:]:
            row[:] = np.bincount(rng.integers(0, total, total), minlength=total)
        return cls(members, drawn)

    def scores(self, metric: Metric, rows: np.ndarray, name: str) -> np.ndarray:
        """Score the rows of set and language `name` (n, k) in every resample; NaN where it has none of them."""
        here, member = np.unique(self.members[name], return_inverse=True)
        weights = self.drawn[:, here].astype(float)
        if isinstance(metric, Additive):
            sums = np.zeros((len(here), rows.shape[1]))
            np.add.at(sums, member, rows)
            found = metric.of_sums(weights @ sums)
        else:
            every = np.arange(len(rows))
            found = np.array([metric.reduce(rows[np.repeat(every, w[member].astype(int))]) for w in weights])
        return np.where(weights.sum(axis=1) > 0, found, np.nan)


def resampled(metric: str, rows: Sequence[Mapping[str, Any]], clusters: Clusters, *, seed: int = 0) -> Scores:
    """Score a system's `rows` of the result file, one for each seed, in every resample of clusters and seeds."""
    draws = len(clusters.drawn)
    chosen = np.random.default_rng(seed + 1).integers(0, len(rows), (draws, len(rows)))
    chosen[0] = np.arange(len(rows))
    found = {}
    for name in clusters.members:
        each = np.stack([clusters.scores(METRICS.get(metric), unpack(row["rows"][name]), name) for row in rows])
        found[name] = each[chosen.T, np.arange(draws)].mean(axis=0)
    return found


def by_set(scores: Scores) -> Scores:
    """Return the mean over the target languages of each set."""
    return {part: _mean(np.stack([*tags.values()])) for part, tags in sets(scores).items()}


def _mean(values: np.ndarray) -> np.ndarray:
    """Return the mean of those (first axis) that are there; NaN where none is."""
    there = np.isfinite(values).sum(axis=0)
    return np.where(there, np.nansum(values, axis=0) / np.maximum(there, 1), np.nan)


def reduction(ours: Scores, theirs: Scores) -> np.ndarray:
    """Return the relative error reduction (1 + draws) of scores by set and language, the mean over sets."""
    here, there = by_set(ours), by_set(theirs)
    return np.mean([(here[name] - there[name]) / (1 - there[name]) for name in here], axis=0)


def interval(draws: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of the first of `draws`, from the others."""
    found = around(float(draws[0]), draws[1:][np.isfinite(draws[1:])], np.zeros(0), floor=-np.inf)
    return found.low, found.high
