"""One text, one label: topics, intents, sentiment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record, Shape
from loanword.data.shapes.labelled_text import LABELLED_TEXT
from loanword.encoders.encoder import Encoder
from loanword.errors import UsageError
from loanword.tasks.aim import Aim, Answered, expect_known, expect_no_choice, log_odds
from loanword.tasks.heads import ClassHead, expect_kind
from loanword.tasks.task import TASKS, Decision, Prediction, Task, expect_labels, most_common, softmax
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer


@TASKS.register("classification")
class Classification(Task):
    """Single-label text classification with a linear head on the pooled vector."""

    columns: Shape = LABELLED_TEXT
    metrics: tuple[str, ...] = ("accuracy", "macro-f1")

    def __init__(
        self,
        *,
        labels: Sequence[str] = (),
        head: str = "linear",
        dropout: float = 0.1,
        smoothing: float = 0.0,
        class_weights: str = "none",
    ) -> None:
        """Create the task; `labels` are what an earlier `fit` learned, in the order of the head's outputs.

        `head`: "linear"; "mlp" for one with a hidden layer; "cosine" for one that sees directions alone, which is what
        labels known by name have. `class_weights`: "none", or "balanced" to weigh every class alike whatever its rows.
        """
        if class_weights not in ("none", "balanced"):
            raise UsageError(f"unknown class weights '{class_weights}'; known: none, balanced")
        expect_kind(head)
        self.labels = tuple(labels)
        self.kind = head
        self.dropout = dropout
        self.smoothing = smoothing
        self.class_weights = class_weights
        self._counts: Counter[str] = Counter()

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:
        """Learn the labels, sorted by name."""
        self._counts = Counter(str(record.label) for record in records if record.label is not None)
        self.labels = tuple(sorted(self._counts))

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode the texts; the target is the label's index, None for an unknown or absent label."""
        index = {label: number for number, label in enumerate(self.labels)}
        encoded = self._read(records, tokenizer)
        for item, record in zip(encoded, records, strict=True):
            item.target = index.get(str(record.label)) if record.label is not None else None
        return encoded

    def _read(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        languages = [record.language for record in records]
        return tokenizer.encode([record.text for record in records], languages=languages)

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return class indices (batch)."""
        return torch.tensor([item.target for item in encoded], dtype=torch.long)

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head on the pooled vector."""
        head = self._head(encoder)
        if self.class_weights == "balanced" and self._counts:
            total = sum(self._counts.values())
            weights = [total / (len(self.labels) * self._counts[label]) for label in self.labels]
            head.weights.copy_(torch.tensor(weights))
        return head

    def _head(self, encoder: Encoder) -> ClassHead:
        return ClassHead(encoder.pooled_width, len(self.labels), **self._head_options())

    def _head_options(self) -> dict[str, Any]:
        return {"kind": self.kind, "dropout": self.dropout, "smoothing": self.smoothing}

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Turn logits (classes) into predictions with probabilities."""
        if not len(outputs):
            return []
        return [
            Prediction(
                label=self.labels[int(row.argmax())],
                score=float(row.max()),
                scores=dict(zip(self.labels, row.tolist(), strict=True)),
            )
            for row in softmax(np.stack(outputs))
        ]

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Answer the most frequent label of `records` to all of them: no constant answer does better."""
        label, share = most_common(str(record.label or "") for record in records)
        return [Prediction(label=label, score=share)] * len(records)

    def decisions(self, prediction: Prediction, record: Record) -> Iterable[Decision]:
        """Return the one choice that was made."""
        return (Decision(str(record.label or ""), str(prediction.label), prediction.score),)

    def classified(self, outputs: Sequence[np.ndarray], encoded: Sequence[Encoded]) -> tuple[np.ndarray, np.ndarray]:
        """Return the logits of the rows whose label is known, and their labels."""
        known = [row for row, item in enumerate(encoded) if item.target is not None]
        if not known:
            return super().classified(outputs, encoded)
        return np.stack([outputs[row] for row in known]), np.asarray([encoded[row].target for row in known])

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the log-odds of a label."""
        expect_no_choice("classification", word=word)
        predicted = str(answered.prediction.label)
        label = label or predicted
        expect_known(label, self.labels)
        place = self.labels.index(label)
        return Aim(label, predicted, "log-odds", lambda model, read: log_odds(model.adjust(model.head(*read)), place))

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return the label, its probability, and the `top` labels with theirs."""
        best = sorted(prediction.scores.items(), key=lambda pair: -pair[1])[:top]
        labels = [{"label": label, "score": round(score, 6)} for label, score in best]
        return {**super().shown(prediction, record), "labels": labels}

    def brief(self, shown: Mapping[str, Any]) -> str:
        """Name the labels and their probabilities."""
        return "  ".join(f"{item['label']} {item['score']:.3f}" for item in shown["labels"])

    def state(self) -> dict[str, Any]:
        """Return labels and settings."""
        return {
            "labels": list(self.labels),
            "head": self.kind,
            "dropout": self.dropout,
            "smoothing": self.smoothing,
            "class_weights": self.class_weights,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Classification:
        """Make the task again from `state`; raises `ModelError` if its labels are no list of different texts."""
        expect_labels(state.get("labels"))
        return cls(**state)
