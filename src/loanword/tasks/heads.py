"""Heads: small modules from EncoderOutput to a task's outputs."""

from __future__ import annotations

import torch
from torch import nn

from loanword.encoders.dropout import Dropout
from loanword.encoders.encoder import EncoderOutput


class SentenceHead(nn.Module):
    """One linear layer on the pooled vector: (batch, width) -> (batch, classes).

    `weights` (classes) scales each row's loss by its class; they are normalised to a mean of 1 over the training rows,
    so the step's scale does not change.
    """

    weights: torch.Tensor

    def __init__(self, width: int, classes: int, *, dropout: float = 0.1, smoothing: float = 0.0) -> None:
        """Create the layer as BERT does: normal weights of deviation 0.02, a bias of zero."""
        super().__init__()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(width, classes)
        self.smoothing = smoothing
        self.register_buffer("weights", torch.ones(classes))
        nn.init.normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def forward(self, output: EncoderOutput) -> torch.Tensor:
        """Return logits in fp32, whatever precision the encoder runs in."""
        with torch.autocast(output.pooled.device.type, enabled=False):
            logits: torch.Tensor = self.linear(self.dropout(output.pooled.float()))
        return logits

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Cross-entropy, mean over the rows."""
        rows = nn.functional.cross_entropy(
            outputs.float(), targets, weight=self.weights, reduction="sum", label_smoothing=self.smoothing
        )
        return rows / len(targets)

    def start_from(self, weight: torch.Tensor, bias: torch.Tensor) -> None:
        """Take a probe's `weight` (classes, width) and `bias` (classes)."""
        with torch.no_grad():
            self.linear.weight.copy_(weight)
            self.linear.bias.copy_(bias)
