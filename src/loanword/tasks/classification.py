"""One text, one label: topics, intents, sentiment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import LABELLED_TEXT, Record
from loanword.encoders.encoder import Encoder
from loanword.errors import ModelError, UsageError
from loanword.tasks.heads import SentenceHead
from loanword.tasks.task import TASKS, Prediction
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer


@TASKS.register("classification")
class Classification:
    """Single-label text classification with a linear head on the pooled vector."""

    columns = LABELLED_TEXT
    metrics = ("accuracy", "macro-f1")

    def __init__(
        self,
        *,
        labels: Sequence[str] = (),
        dropout: float = 0.1,
        smoothing: float = 0.0,
        class_weights: str = "none",
    ) -> None:
        """Create the task; `labels` are what an earlier `fit` learned, in the order of the head's outputs.

        `class_weights`: "none", or "balanced" to weigh every class alike whatever its rows.
        """
        if class_weights not in ("none", "balanced"):
            raise UsageError(f"unknown class weights '{class_weights}'; known: none, balanced")
        self.labels = tuple(labels)
        self.dropout = dropout
        self.smoothing = smoothing
        self.class_weights = class_weights
        self._counts: Counter[str] = Counter()

    def fit(self, records: Sequence[Record]) -> None:
        """Learn the labels, sorted by name."""
        self._counts = Counter(record.label for record in records if record.label is not None)
        self.labels = tuple(sorted(self._counts))

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode the texts; the target is the label's index, None for an unknown or absent label."""
        index = {label: number for number, label in enumerate(self.labels)}
        encoded = tokenizer.encode(
            [record.text for record in records], languages=[record.language for record in records]
        )
        for item, record in zip(encoded, records, strict=True):
            item.target = index.get(record.label) if record.label is not None else None
        return encoded

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return class indices (batch)."""
        return torch.tensor([item.target for item in encoded], dtype=torch.long)

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh linear head."""
        head = SentenceHead(encoder.width, len(self.labels), dropout=self.dropout, smoothing=self.smoothing)
        if self.class_weights == "balanced" and self._counts:
            total = sum(self._counts.values())
            weights = [total / (len(self.labels) * self._counts[label]) for label in self.labels]
            head.weights.copy_(torch.tensor(weights))
        return head

    def decode(self, outputs: np.ndarray) -> list[Prediction]:
        """Turn logits (n, classes) into predictions with probabilities."""
        shifted = outputs.astype(np.float64) - outputs.max(axis=1, keepdims=True)
        probabilities = np.exp(shifted)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        return [
            Prediction(
                label=self.labels[int(row.argmax())],
                score=float(row.max()),
                scores=dict(zip(self.labels, row.tolist(), strict=True)),
            )
            for row in probabilities
        ]

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Answer the most frequent label of `records` to all of them: no constant answer does better."""
        label, count = Counter(record.label or "" for record in records).most_common(1)[0]
        return [Prediction(label=label, score=count / len(records))] * len(records)

    def state(self) -> dict[str, Any]:
        """Return labels and settings."""
        return {
            "labels": list(self.labels),
            "dropout": self.dropout,
            "smoothing": self.smoothing,
            "class_weights": self.class_weights,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Classification:
        """Make the task again from `state`; raises `ModelError` if its labels are no list of different texts."""
        labels = state.get("labels")
        if not isinstance(labels, list) or {type(label) for label in labels} != {str} or len({*labels}) < len(labels):
            raise ModelError("labels must be a list of different texts")
        return cls(**state)
