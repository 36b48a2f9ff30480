"""One text, any number of labels: each is a question of its own, and said where its probability reaches a threshold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record, names_of
from loanword.data.shapes.many_labels import MANY_LABELS
from loanword.encoders.encoder import Encoder
from loanword.errors import ModelError, UsageError
from loanword.tasks.aim import Aim, Answered, expect_no_choice
from loanword.tasks.heads import LabelsHead, expect_kind
from loanword.tasks.task import TASKS, Decision, Prediction, Task, expect_labels
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

CHOICES = ("fixed", "shared", "per-label")

FEW = 20
"""Right answers on dev that weigh as much as what was there before: 0.5, or for one label the shared threshold."""


@TASKS.register("multilabel")
class MultiLabel(Task):
    """Multi-label text classification, one against the rest, on the pooled vector.

    A prediction's label is the names of what is said, sorted; its score is the probability that just these are right,
    if labels are independent. Thresholds are probabilities, one a label, in the order of `labels`.
    """

    columns = MANY_LABELS
    metrics: tuple[str, ...] = ("micro-f1", "macro-label-f1", "accuracy", "label-ranking")

    def __init__(
        self,
        *,
        labels: Sequence[str] = (),
        threshold: str = "shared",
        head: str = "linear",
        dropout: float = 0.1,
    ) -> None:
        """Create the task; `labels` are what an earlier `fit` learned, in the order of the head's outputs.

        `threshold`: "fixed" is a probability of 0.5; "shared" is one for all labels, by micro-F1 on source dev;
        "per-label" is one for each, by its F1. `head`: as for classification.
        """
        if threshold not in CHOICES:
            raise UsageError(f"unknown threshold '{threshold}'; known: {', '.join(CHOICES)}")
        expect_kind(head)
        self.threshold = threshold
        self.settles = threshold != "fixed"
        self.kind = head
        self.dropout = dropout
        self._learn(labels)

    def _learn(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self.thresholds = np.full(len(self.labels), 0.5)

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:
        """Learn the labels, sorted by name."""
        self._learn(sorted({name for record in records for name in _named(record)}))

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode the texts; the target is the indices of the labels that are known, None for a row without any."""
        index = {label: number for number, label in enumerate(self.labels)}
        languages = [record.language for record in records]
        encoded = tokenizer.encode([record.text for record in records], languages=languages)
        for item, record in zip(encoded, records, strict=True):
            known = [index[name] for name in _named(record) if name in index]
            item.target = None if record.label is None else known
        return encoded

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return 1 where a label is right, and 0 elsewhere: (batch, labels)."""
        return torch.from_numpy(self._right(encoded))

    def _right(self, encoded: Sequence[Encoded]) -> np.ndarray:
        right = np.zeros((len(encoded), len(self.labels)), dtype=np.float32)
        for row, item in enumerate(encoded):
            right[row, list(item.target)] = 1
        return right

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head on the pooled vector."""
        return LabelsHead(encoder.width, len(self.labels), kind=self.kind, dropout=self.dropout)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Turn logits (labels) into what is said, with the probability of every label."""
        if not len(outputs):
            return []
        chances = sigmoid(np.stack(outputs))
        said = chances >= self.thresholds
        sure = np.where(said, chances, 1 - chances).prod(axis=1)
        return [
            Prediction(
                label=tuple(self.labels[number] for number in np.flatnonzero(here)),
                score=float(score),
                scores=dict(zip(self.labels, row.tolist(), strict=True)),
            )
            for row, here, score in zip(chances, said, sure, strict=True)
        ]

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the log-odds of a label: by default of the likeliest, whether it is said or not."""
        expect_no_choice("multilabel", word=word)
        scores, said = answered.prediction.scores, names_of(answered.prediction.label) or ()
        label = label or max(scores, key=lambda name: scores[name])
        if label not in self.labels:
            raise UsageError(f"the model has no label '{label}'; it knows {', '.join(self.labels)}")
        place = self.labels.index(label)
        predicted = label if label in said else ", ".join(said)
        return Aim(label, predicted, "log-odds", lambda model, read: model.adjust(model.head(*read))[..., place])

    def settle(self, outputs: Sequence[np.ndarray], encoded: Sequence[Encoded]) -> None:
        """Choose the thresholds by F1 on dev rows; the fewer of them have labels, the less they move it.

        Yang 2001, "A Study of Thresholding Strategies for Text Categorization" (SCut).
        """
        known = [row for row, item in enumerate(encoded) if item.target is not None]
        if not self.settles or not known:
            return
        logits, right = np.stack([outputs[row] for row in known]), self._right([encoded[row] for row in known])
        cuts = np.full(len(self.labels), _moved(0.0, logits.ravel(), right.ravel()))
        if self.threshold == "per-label":
            cuts = np.array([_moved(*one) for one in zip(cuts, logits.T, right.T, strict=True)])
        self.thresholds = sigmoid(cuts)

    def references(self, records: Sequence[Record]) -> list[Any]:
        """Return the names of the labels, sorted."""
        return [_named(record) for record in records]

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Say the same labels of all `records`: those, from the most frequent on, that have the best micro-F1."""
        counts = Counter(name for record in records for name in _named(record))
        names = sorted(counts, key=lambda name: (-counts[name], name))
        hits = np.cumsum([counts[name] for name in names])
        said = len(records) * np.arange(1, len(names) + 1)
        most = int((2 * hits / (said + counts.total())).argmax()) + 1 if names else 0
        scores = {name: counts[name] / len(records) for name in names}
        return [Prediction(label=tuple(sorted(names[:most])), scores=scores)] * len(records)

    def decisions(self, prediction: Prediction, record: Record) -> Iterable[Decision]:
        """Return what was said, with its probability, and what was missed; what was not said is no claim to judge."""
        said, right = names_of(prediction.label) or (), set(_named(record))
        for name in said:
            yield Decision(name if name in right else "", name, prediction.scores[name])
        for name in sorted(right.difference(said)):
            yield Decision(name, "", np.nan)

    def classified(self, outputs: Sequence[np.ndarray], encoded: Sequence[Encoded]) -> tuple[np.ndarray, np.ndarray]:
        """Return for every label of the rows that have labels the logits of no and yes, and which is right."""
        known = [row for row, item in enumerate(encoded) if item.target is not None]
        if not known:
            return super().classified(outputs, encoded)
        yes = np.stack([outputs[row] for row in known]).ravel()
        right = self._right([encoded[row] for row in known]).ravel().astype(int)
        return np.stack([np.zeros_like(yes), yes], axis=1), right

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return F1 of each label that the rows have."""
        pairs = [
            (set(names_of(one.label) or ()), set(_named(record)))
            for one, record in zip(predictions, records, strict=True)
        ]
        hits = Counter(name for said, right in pairs for name in said & right)
        both = Counter(name for pair in pairs for names in pair for name in names)
        return {name: 2 * hits[name] / both[name] for name in sorted({name for _, right in pairs for name in right})}

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return what is said with its probabilities, and the `top` labels whether they are said or not."""
        scores = {name: round(score, 6) for name, score in prediction.scores.items()}
        order = sorted(scores, key=lambda name: -scores[name])
        said = names_of(prediction.label) or ()
        found = {"labels": [name for name in order if name in said], "best": order[:top]}
        named = {key: [{"label": name, "score": scores[name]} for name in names] for key, names in found.items()}
        return {"text": record.text, **named}

    def brief(self, shown: Mapping[str, Any]) -> str:
        """Name what is said with its probabilities, and in brackets those of the best that are not."""
        unsaid = [item for item in shown["best"] if item not in shown["labels"]]
        said, rest = (
            "  ".join(f"{item['label']} {item['score']:.3f}" for item in items) for items in (shown["labels"], unsaid)
        )
        return f"{said or '-'} ({rest})" if rest else said or "-"

    def state(self) -> dict[str, Any]:
        """Return labels, thresholds and settings."""
        return {
            "labels": list(self.labels),
            "thresholds": self.thresholds.tolist(),
            "threshold": self.threshold,
            "head": self.kind,
            "dropout": self.dropout,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> MultiLabel:
        """Make the task again from `state`; raises `ModelError` for labels or thresholds that are none."""
        expect_labels(state.get("labels"))
        thresholds = state.get("thresholds")
        if not isinstance(thresholds, list) or [type(one) for one in thresholds] != [float] * len(state["labels"]):
            raise ModelError("thresholds must be a list of numbers, one for each label")
        task = cls(**{key: value for key, value in state.items() if key != "thresholds"})
        task.thresholds = np.array(thresholds)
        return task


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Return probabilities in double precision, however large the logits."""
    return 0.5 * (1 + np.tanh(logits.astype(np.float64) / 2))


def _moved(cut: float, logits: np.ndarray, right: np.ndarray) -> float:
    """Move `cut` towards the best one on dev, the more answers are right there, the nearer."""
    count = float(right.sum())
    return (FEW * cut + count * best_cut(logits, right)) / (FEW + count)


def best_cut(logits: np.ndarray, right: np.ndarray) -> float:
    """Return the logit from which on saying yes has the best F1 on answers (n) that are `right` (n, 1 or 0).

    It is 0 where that does as well, else halfway between two answers; of equally good cuts the highest.
    """
    if not right.any():
        return 0.0
    order = np.argsort(-logits, kind="stable")
    values = logits[order].astype(np.float64)
    f1 = 2 * np.cumsum(right[order]) / (np.arange(1, len(order) + 1) + right.sum())
    below = np.append(values[1:], min(0.0, values[-1]) - 1)
    place = int(np.where(below < values, f1, -1).argmax())
    return 0.0 if below[place] < 0 < values[place] else float((below[place] + values[place]) / 2)


def _named(record: Record) -> tuple[str, ...]:
    return names_of(record.label) or ()
