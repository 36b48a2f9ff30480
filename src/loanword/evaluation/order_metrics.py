"""Do predicted numbers grow with the right ones? Spearman's and Pearson's correlation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loanword.evaluation.metrics import METRICS
from loanword.tasks.task import Prediction


class Pearson:
    """The correlation of what is predicted with what is right; 0 where either is the same everywhere.

    A `Metric`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[float]) -> np.ndarray:
        """Return (n, 2): predicted and right numbers."""
        pairs = [[item.label, right] for item, right in zip(predictions, references, strict=True)]
        return np.array(pairs, dtype=float).reshape(-1, 2)

    def reduce(self, rows: np.ndarray) -> float:
        """Correlate the two columns."""
        if not len(rows):
            return 0.0
        apart = rows - rows.mean(axis=0)
        spread = np.sqrt((apart**2).sum(axis=0))
        return float((apart[:, 0] * apart[:, 1]).sum() / (spread[0] * spread[1])) if spread.min() > 0 else 0.0


class Spearman(Pearson):
    """The correlation of ranks, equal numbers with the mean of theirs.

    A `Metric`.
    """

    def reduce(self, rows: np.ndarray) -> float:
        """Correlate the ranks of the two columns."""
        return super().reduce(np.stack([_ranks(column) for column in rows.T], axis=1))


METRICS.register("pearson")(Pearson())
METRICS.register("spearman")(Spearman())


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    ranks: np.ndarray = ((last - counts + last - 1) / 2)[place]
    return ranks
