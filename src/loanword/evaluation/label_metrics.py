"""Scores of texts with any number of labels, as scikit-learn counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from loanword.data.records import names_of
from loanword.evaluation.metrics import METRICS, Accuracy, MacroF1
from loanword.evaluation.span_metrics import SpanF1
from loanword.tasks.task import Prediction


class MicroF1(SpanF1):
    """F1 over all labels of all texts.

    A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Any]) -> np.ndarray:
        """Return (n, 3): labels that are right, that were said, that are there."""
        found = np.zeros((len(predictions), 3), dtype=np.int32)
        for row, (said, right) in enumerate(_pairs(predictions, references)):
            found[row] = len(said & right), len(said), len(right)
        return found


class MacroLabelF1(MacroF1):
    """Mean over labels of F1; a label counts if a text has it or it is said of one.

    A `Metric`, `Additive`, and `Steady`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Any]) -> np.ndarray:
        """Return (n, 2 x labels): for each label 1 where it is hit, then how often it is said or right."""
        pairs = _pairs(predictions, references)
        names = sorted({name for said, right in pairs for name in said | right})
        index = {name: number for number, name in enumerate(names)}
        found = np.zeros((len(pairs), 2 * len(names)), dtype=np.int8)
        for row, (said, right) in enumerate(pairs):
            for name in said & right:
                found[row, index[name]] = 1
            for name in (*said, *right):
                found[row, len(names) + index[name]] += 1
        return found


class LabelRanking(Accuracy):
    """Label-ranking average precision: of what is ranked as high as a right label or higher, the share that is right.

    The mean over a text's right labels, then over texts; a text without labels counts 1. No threshold matters to it.
    Schapire and Singer 2000, "BoosTexter: A Boosting-based System for Text Categorization". A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Any]) -> np.ndarray:
        """Return (n, 2): the precision of each row, and 1 to count it; labels without a score come last."""
        found = np.ones((len(predictions), 2))
        for row, (prediction, right) in enumerate(zip(predictions, references, strict=True)):
            if not right:
                continue
            names = sorted({*prediction.scores, *right})
            scores = np.array([prediction.scores.get(name, -1.0) for name in names])
            ours = scores[[name in right for name in names]]
            above = [(side[None, :] >= ours[:, None]).sum(axis=1) for side in (ours, scores)]
            found[row, 0] = (above[0] / above[1]).mean()
        return found


METRICS.register("micro-f1")(MicroF1())
METRICS.register("macro-label-f1")(MacroLabelF1())
METRICS.register("label-ranking")(LabelRanking())


def _pairs(predictions: Sequence[Prediction], references: Sequence[Any]) -> list[tuple[set[str], set[str]]]:
    return [(set(names_of(one.label) or ()), set(right)) for one, right in zip(predictions, references, strict=True)]
