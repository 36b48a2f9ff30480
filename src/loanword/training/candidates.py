"""Sets of weights worth comparing at the end of a run: averaged, last, best on source dev.

Only trainable tensors are kept, with the embedding table in its compact form, so a candidate is small.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

from loanword.encoders.rows import compact, expand

if TYPE_CHECKING:
    from loanword.tasks.model import Model

Weights = dict[str, torch.Tensor]


def snapshot(model: Model) -> Weights:
    """Copy the trainable tensors, by name."""
    return {name: value.detach().clone() for name, value in model.named_parameters() if value.requires_grad}


def restore(model: Model, weights: Mapping[str, torch.Tensor]) -> None:
    """Copy `weights` back into the model they were taken from."""
    parameters = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            parameters[name].copy_(value)


def use(model: Model, weights: Mapping[str, torch.Tensor], *, kept: torch.Tensor | None) -> None:
    """Make `weights` the model's, writing compact embedding rows `kept` back into the full table."""
    if kept is not None:
        compact(model.encoder, kept)
    restore(model, weights)
    if kept is not None:
        expand(model.encoder)


class RunningMean:
    """The mean of every snapshot added, in one copy of memory."""

    def __init__(self) -> None:
        """Start empty."""
        self.count = 0
        self.weights: Weights = {}
        self._trained: dict[str, torch.Tensor] = {}

    def add(self, model: Model) -> None:
        """Take the model's trainable tensors into the mean; it is the same model every time."""
        self.count += 1
        if not self._trained:  # Walking over all modules takes longer than a step of a head alone.
            self._trained = {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}
        if not self.weights:
            self.weights = {name: value.clone() for name, value in self._trained.items()}
        for name, value in self._trained.items():
            self.weights[name].lerp_(value, 1 / self.count)
