"""Metrics as rows and a reduction, so that any score over any subset gets its interval from the same code.

    rows(predictions, references) -> array (n, k)        reduce(rows) -> float

A metric that needs no more of its rows than their sum may also offer `of_sums`; its intervals are then some hundred
times faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np

from loanword.registry import Registry
from loanword.tasks.task import Prediction


class Metric(Protocol):
    """A score of predictions against references. Higher is better; fractions of 1."""

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Any]) -> np.ndarray:
        """Return one row per prediction: (n, k) numbers that `reduce` can score any subset of."""
        ...

    def reduce(self, rows: np.ndarray) -> float:
        """Score the rows given."""
        ...


@runtime_checkable
class Additive(Protocol):
    """What a metric offers beside `rows` and `reduce` if its score is a function of the rows' sum."""

    def of_sums(self, sums: np.ndarray) -> np.ndarray:
        """Map sums of rows (..., k) to scores (...)."""
        ...


@runtime_checkable
class Steady(Additive, Protocol):
    """What an additive metric offers beside if what it averages over depends on the rows, as labels that may be absent.

    In resamples it averages over what the whole has; else some of their spread would be that of what is averaged over.
    """

    def of_resamples(self, sums: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """Map sums of resampled rows (..., k) to scores (...), given the sum of the rows they are drawn from (k)."""
        ...


METRICS: Registry[Metric] = Registry(
    "metric",
    builtin=tuple(
        f"loanword.evaluation.{name}_metrics" for name in ("label", "span", "answer", "order", "retrieval", "text")
    ),
)


class Accuracy:
    """Share of labels that are right.

    A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Any]) -> np.ndarray:
        """Return (n, 2): 1 where right, and 1 to count the row."""
        right = [prediction.label == label for prediction, label in zip(predictions, references, strict=True)]
        return np.stack([np.asarray(right, dtype=np.int8), np.ones(len(right), dtype=np.int8)], axis=1)

    def reduce(self, rows: np.ndarray) -> float:
        """Return the mean."""
        return float(self.of_sums(rows.sum(axis=0)))

    def of_sums(self, sums: np.ndarray) -> np.ndarray:
        """Divide the right ones by all."""
        share: np.ndarray = sums[..., 0] / np.maximum(sums[..., 1], 1)
        return share


class MacroF1:
    """Mean over labels of F1; a label counts if a reference or a prediction has it (as scikit-learn counts).

    In a resample all labels of the whole count. A `Metric`, `Additive`, and `Steady`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Any]) -> np.ndarray:
        """Return (n, 2 x labels): for each label 1 where it is hit, then how often it is predicted or right."""
        names = sorted({prediction.label for prediction in predictions} | set(references))
        index = {name: number for number, name in enumerate(names)}
        pairs = [(index[p.label], index[label]) for p, label in zip(predictions, references, strict=True)]
        predicted, right = np.asarray(pairs, dtype=np.int64).reshape(-1, 2).T
        count, every = len(names), np.arange(len(pairs))
        found = np.zeros((len(pairs), 2 * count), dtype=np.int8)
        found[every, right] = predicted == right
        found[every, count + predicted] += 1
        found[every, count + right] += 1
        return found

    def reduce(self, rows: np.ndarray) -> float:
        """Return the mean F1 over the labels present."""
        return float(self.of_sums(rows.sum(axis=0)))

    def of_sums(self, sums: np.ndarray) -> np.ndarray:
        """Take each label's F1 from its counts, then the mean over those that occur."""
        return self._mean(sums, over=sums)

    def of_resamples(self, sums: np.ndarray, whole: np.ndarray) -> np.ndarray:
        """Take the mean over the labels of the whole; one that a resample lacks scores 0 in it."""
        return self._mean(sums, over=whole)

    def _mean(self, sums: np.ndarray, *, over: np.ndarray) -> np.ndarray:
        hits, total = np.split(sums, 2, axis=-1)
        labels = (over[..., over.shape[-1] // 2 :] > 0).sum(axis=-1)
        mean: np.ndarray = (2 * hits / np.maximum(total, 1)).sum(axis=-1) / np.maximum(labels, 1)
        return mean


METRICS.register("accuracy")(Accuracy())
METRICS.register("macro-f1")(MacroF1())
