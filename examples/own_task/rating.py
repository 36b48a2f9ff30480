"""Rate a text with a number (how urgent, how hard to read): a task that loanword does not bring, in one file."""

import numpy as np
import torch
from torch import nn

from loanword.data.cells import texts
from loanword.data.records import Filled, Shape
from loanword.data.shapes.pairs import numbers
from loanword.tasks.task import TASKS, Prediction, Task

RATED_TEXT = Shape(
    "rated text",
    inputs=("text",),
    label="rating",
    fill=lambda source: Filled(text=texts(source, "text"), label=numbers(source, "rating")),
)


class RatingHead(nn.Module):
    """One number from the pooled vector: (batch, width) -> (batch)."""

    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, 1)

    def forward(self, output):
        return self.linear(output.pooled.float()).squeeze(-1)

    def loss(self, outputs, targets):
        return nn.functional.mse_loss(outputs, targets)


@TASKS.register("rating")
class Rating(Task):
    """Regression on single texts; numbers are learned as deviations from those of the training rows."""

    columns = RATED_TEXT
    metrics = ("spearman", "pearson")

    def __init__(self, *, mean=0.0, spread=1.0):
        self.mean, self.spread = mean, spread

    def fit(self, records, tokenizer=None):
        ratings = np.array([record.label for record in records], dtype=float)
        self.mean, self.spread = float(ratings.mean()), float(ratings.std()) or 1.0

    def encode(self, records, tokenizer):
        languages = [record.language for record in records]
        encoded = tokenizer.encode([record.text for record in records], languages=languages)
        for item, record in zip(encoded, records, strict=True):
            item.target = None if record.label is None else (record.label - self.mean) / self.spread
        return encoded

    def targets(self, encoded):
        return torch.tensor([item.target for item in encoded])

    def head(self, encoder):
        return RatingHead(encoder.width)

    def decode(self, outputs, encoded, records, tokenizer):
        return [Prediction(label=float(value) * self.spread + self.mean) for value in outputs]

    def trivial(self, records):
        return [Prediction(label=self.mean)] * len(records)

    def references(self, records):
        return [np.nan if record.label is None else record.label for record in records]

    def shown(self, prediction, record, *, top=1):
        return {"text": record.text, "rating": round(prediction.label, 4)}

    def brief(self, shown):
        return f"{shown['rating']:.2f}"

    def state(self):
        return {"mean": self.mean, "spread": self.spread}
