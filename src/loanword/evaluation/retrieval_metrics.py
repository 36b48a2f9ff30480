"""How often the right one is found, first or among the first five, in both directions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loanword.evaluation.metrics import METRICS, Accuracy
from loanword.tasks.retrieval import Found
from loanword.tasks.task import Prediction


class RetrievalAt(Accuracy):
    """Share of searches that find the right one in the first place, or the first five; mean of both directions.

    A `Metric`, and `Additive`.
    """

    def __init__(self, places: int) -> None:
        """Count what is among the first `places`."""
        self.places = places

    def rows(self, predictions: Sequence[Prediction], references: Sequence[str]) -> np.ndarray:
        """Return (n, 2): the searches of a row that found it, and 2."""
        found = [
            sum(rank < self.places for rank in item.ranks) if isinstance(item, Found) else 0 for item in predictions
        ]
        return np.stack([np.asarray(found, dtype=np.int8), np.full(len(found), 2, dtype=np.int8)], axis=1)


METRICS.register("retrieval-accuracy")(RetrievalAt(1))
METRICS.register("retrieval-at-5")(RetrievalAt(5))
