"""Did the model learn anything in this language? A score that equals the trivial prediction's is an alarm."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loanword.evaluation.intervals import difference
from loanword.evaluation.metrics import Metric


def collapsed(
    rows: np.ndarray, trivial: np.ndarray, metric: Metric, *, groups: Sequence[str], count: int = 1000, seed: int = 0
) -> bool:
    """Say whether the score of `rows` cannot be told from that of the `trivial` rows (paired 95 % interval).

    Where the trivial prediction is always right (all rows have one label) and so are the rows, there is no alarm.
    """
    if metric.reduce(trivial) == metric.reduce(rows) == 1:
        return False
    return difference(rows, trivial, metric, groups=groups, count=count, seed=seed).low <= 0
