"""Scores of tagged words and of the entities that they make, as seqeval and the CoNLL evaluation count them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loanword.data.records import Span, spans_of
from loanword.data.shapes.tagged import entities
from loanword.evaluation.metrics import METRICS, Accuracy, MacroF1
from loanword.tasks.task import Prediction

Tagged = Sequence[Span]


class SpanF1:
    """F1 over all entities: one is right if its first word, its last word and its kind are.

    Tjong Kim Sang and De Meulder 2003, "Introduction to the CoNLL-2003 Shared Task". A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Tagged]) -> np.ndarray:
        """Return (n, 3): entities that are right, that were said, that are there."""
        found = np.zeros((len(predictions), 3), dtype=np.int32)
        for row, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
            ours, theirs = set(entities(spans_of(prediction.label))), set(entities(reference))
            found[row] = len(ours & theirs), len(ours), len(theirs)
        return found

    def reduce(self, rows: np.ndarray) -> float:
        """Return F1 of the rows given."""
        return float(self.of_sums(rows.sum(axis=0)))

    def of_sums(self, sums: np.ndarray) -> np.ndarray:
        """Take F1 from the counts; 0 where there is no entity at all."""
        f1: np.ndarray = 2 * sums[..., 0] / np.maximum(sums[..., 1] + sums[..., 2], 1)
        return f1


class TagAccuracy(Accuracy):
    """Share of words whose tag is right.

    A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Tagged]) -> np.ndarray:
        """Return (n, 2): words that are right, and words."""
        found = np.zeros((len(predictions), 2), dtype=np.int32)
        for row, (prediction, reference) in enumerate(zip(predictions, references, strict=True)):
            found[row] = len(set(spans_of(prediction.label)) & set(reference)), len(reference)
        return found


class MacroTagF1(MacroF1):
    """Mean over tags of F1, over words.

    A `Metric`, `Additive`, and `Steady`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Tagged]) -> np.ndarray:
        """Return (n, 2 x tags): for each tag how often it is hit, then how often it is predicted or right."""
        pairs = [
            (set(spans_of(prediction.label)), set(reference))
            for prediction, reference in zip(predictions, references, strict=True)
        ]
        names = sorted({span.label for ours, theirs in pairs for span in ours | theirs})
        index = {name: number for number, name in enumerate(names)}
        found = np.zeros((len(pairs), 2 * len(names)), dtype=np.int32)
        for row, (ours, theirs) in enumerate(pairs):
            for span in ours & theirs:
                found[row, index[span.label]] += 1
            for spans in (ours, theirs):
                for span in spans:
                    found[row, len(names) + index[span.label]] += 1
        return found


METRICS.register("span-f1")(SpanF1())
METRICS.register("tag-accuracy")(TagAccuracy())
METRICS.register("macro-tag-f1")(MacroTagF1())
