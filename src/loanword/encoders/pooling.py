"""From the vectors of pieces to one vector of the text."""

from __future__ import annotations

from typing import Any, get_args

import torch
from torch import nn

from loanword.config import Pooling

POOLINGS: tuple[str, ...] = get_args(Pooling)
"""The names that sentence-transformers has for them."""

ACTIVATIONS = ("Tanh", "Identity", "ReLU", "GELU", "SiLU", "Sigmoid")
"""Classes of `torch.nn` that may follow a `Dense`."""


def pool(hidden: torch.Tensor, mask: torch.Tensor, *, how: str) -> torch.Tensor:
    """Reduce (batch, seq, width) to (batch, width), in fp32; `mask` (batch, seq) is 1 on pieces, which stand first.

    "cls" is the first piece, "lasttoken" the last; "mean" over pieces, "weightedmean" with the weights 1, 2, 3 ...
    (Muennighoff 2022, "SGPT"); "mean_sqrt_len_tokens" is their sum over the square root of their number, "max" the
    largest value of each dimension.
    """
    hidden = hidden.float()
    if how == "cls":
        return hidden[:, 0]
    if how == "lasttoken":
        return hidden[torch.arange(len(hidden)), mask.sum(1).long() - 1]
    weights = mask.unsqueeze(-1).to(hidden.dtype)
    if how == "max":
        return hidden.masked_fill(weights == 0, float("-inf")).amax(1)
    if how == "weightedmean":
        weights = weights.cumsum(1) * weights
    count = weights.sum(1).clamp(min=1)
    return (hidden * weights).sum(1) / (count.sqrt() if how == "mean_sqrt_len_tokens" else count)


class Dense(nn.Module):
    """A layer that pooled vectors go through: (batch, in) -> (batch, out). LaBSE has one, with a tanh."""

    def __init__(self, inputs: int, outputs: int, *, bias: bool = True, activation: str = "Tanh") -> None:
        """Create the layer; `activation` is one of `ACTIVATIONS`."""
        super().__init__()
        self.linear = nn.Linear(inputs, outputs, bias=bias)
        self.activation: nn.Module = getattr(nn, activation)()

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Map the vectors."""
        found: torch.Tensor = self.activation(self.linear(vectors))
        return found

    def settings(self) -> dict[str, Any]:
        """Return what makes the layer again, as sentence-transformers writes it."""
        kind = type(self.activation)
        return {
            "in_features": self.linear.in_features,
            "out_features": self.linear.out_features,
            "bias": self.linear.bias is not None,
            "activation_function": f"{kind.__module__}.{kind.__qualname__}",
        }


class Normalize(nn.Module):
    """Makes vectors (batch, width) of length 1."""

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        """Divide every vector by its length."""
        return nn.functional.normalize(vectors, dim=-1)
