"""Heads: small modules from EncoderOutput to a task's outputs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from loanword.encoders.dropout import Dropout
from loanword.encoders.encoder import EncoderOutput
from loanword.errors import UsageError

IGNORED = -100
"""The target of a piece that no loss looks at."""

Features = Callable[..., torch.Tensor]
KINDS = ("linear", "mlp", "cosine")


def expect_kind(kind: str) -> None:
    """Raise `UsageError` for a kind of head that there is not."""
    if kind not in KINDS:
        raise UsageError(f"unknown head '{kind}'; known: {', '.join(KINDS)}")


def of_text(output: EncoderOutput) -> torch.Tensor:
    """Take the pooled vectors: (batch, width)."""
    return output.pooled


def of_pieces(output: EncoderOutput) -> torch.Tensor:
    """Take the vector of every piece: (batch, seq, width)."""
    return output.hidden


def of_two_texts(output: EncoderOutput, other: EncoderOutput) -> torch.Tensor:
    """Take [u, v, |u - v|, u * v] of two pooled vectors: (batch, 4 x width).

    Conneau et al. 2017, "Supervised Learning of Universal Sentence Representations from Natural Language Inference
    Data".
    """
    u, v = output.pooled, other.pooled
    return torch.cat([u, v, (u - v).abs(), u * v], dim=-1)


def unit(features: Features) -> Features:
    """Make all vectors of `features` as long as 1."""
    return lambda *outputs: nn.functional.normalize(features(*outputs).float(), dim=-1)


class ClassHead(nn.Module):
    """Scores of classes from `features` of the encoder's output: (batch, ..., width) -> (batch, ..., classes).

    `kind` is "linear", one layer; "mlp", a layer of the features' width with tanh before it, as BERT's pooler; or
    "cosine", one layer on vectors of length 1, whose rows are directions (Gidaris and Komodakis 2018, "Dynamic Few-Shot
    Visual Learning without Forgetting").
    `weights` (classes) scales each row's loss by its class; they are normalised to a mean of 1 over the training rows,
    so the step's scale does not change. Targets that are `IGNORED` count for nothing; a row has `per_row` others, on
    average.
    """

    weights: torch.Tensor

    def __init__(
        self,
        width: int,
        classes: int,
        *,
        features: Features = of_text,
        kind: str = "linear",
        dropout: float = 0.1,
        smoothing: float = 0.0,
        per_row: float = 1.0,
    ) -> None:
        """Create the layers as BERT does: normal weights of deviation 0.02, a bias of zero."""
        super().__init__()
        self.features = unit(features) if kind == "cosine" else features
        self.per_piece = features is of_pieces
        self.dense = nn.Sequential(nn.Linear(width, width), nn.Tanh()) if kind == "mlp" else nn.Identity()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(width, classes)
        self.smoothing = smoothing
        self.per_row = per_row
        self.register_buffer("weights", torch.ones(classes))
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.normal_(part.weight, std=0.02)
                nn.init.zeros_(part.bias)

    def forward(self, *outputs: EncoderOutput) -> torch.Tensor:
        """Return logits in fp32, whatever precision the encoder runs in."""
        with torch.autocast(outputs[0].pooled.device.type, enabled=False):
            found = self.dropout(self.dense(self.features(*outputs).float()))
            logits: torch.Tensor = self.linear(found)
        return logits

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Cross-entropy, mean over the rows; a row with more targets than `per_row` counts for more than one."""
        total = nn.functional.cross_entropy(
            outputs.float().flatten(0, -2),
            targets.flatten(),
            weight=self.weights,
            reduction="sum",
            label_smoothing=self.smoothing,
            ignore_index=IGNORED,
        )
        return total / (len(targets) * self.per_row)

    @property
    def starts(self) -> bool:
        """Whether it can start from a probe: a linear layer on what the encoder says."""
        return isinstance(self.dense, nn.Identity)

    def start_from(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Take a probe's `weight` (classes, width) and `bias` (classes)."""
        with torch.no_grad():
            self.linear.weight.copy_(weight)
            self.linear.bias.copy_(bias)


class LabelsHead(ClassHead):
    """Scores of labels of which any number may be right: each is a question of its own."""

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Binary cross-entropy (batch, labels), summed over the labels, mean over the rows."""
        total = nn.functional.binary_cross_entropy_with_logits(outputs.float(), targets, reduction="sum")
        return total / len(targets)
