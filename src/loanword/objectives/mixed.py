"""Several objectives in one run: each step is of one of them, and each has its head on the same encoder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from loanword.randomness import derive, generator

if TYPE_CHECKING:
    import numpy as np

    from loanword.batches.batch import Batch
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.encoded import Encoded


NOTHING = 1e-9
"""What a batch counts of which nothing is learned: a step of such batches alone changes nothing."""


@dataclass(frozen=True, slots=True)
class Of:
    """What the objective `name` wants of a batch."""

    name: str
    targets: Any

    def to(self, device: str) -> Of:
        """Move the tensors to `device`."""
        return self if self.targets is None else replace(self, targets=self.targets.to(device))


@dataclass(frozen=True, slots=True)
class View:
    """The model as one objective sees it: the encoder that all share, and its own head."""

    encoder: Any
    head: Any


class Heads(nn.ModuleDict):
    """The heads by name."""

    @property
    def reads_table(self) -> bool:
        """Whether one of them is a decoder that shares the encoder's table: then all rows of that are trained."""
        return any(getattr(head, "reads_table", False) for head in self.values())


class Mixed:
    """Passes a batch on to the objective that its rows are of (`Encoded.table`). An `Objective`.

    Objectives whose `shares_head` is the same have one head: hiding pieces of one text or of two is one skill.
    With a `seed`, what is drawn for a pass hangs on its rows alone: so that no two of several processes draw the same,
    and all draw the same again when a run goes on.
    """

    def __init__(self, parts: Mapping[str, Any], *, seed: int | None = None) -> None:
        """Mix `parts`, objectives by name."""
        self.parts = dict(parts)
        self.seed = seed
        self.last = ""
        self.head_of = {name: getattr(part, "shares_head", "") or name for name, part in self.parts.items()}

    def begin(self, encoded: Sequence[Encoded], encoder: Encoder) -> list[int]:
        """Let every objective look at the rows; returns the pieces that they put into batches besides."""
        begins = (getattr(part, "begin", None) for part in self.parts.values())
        return [piece for begin in begins if begin for piece in begin(encoded, encoder)]

    def advance(self, done: float) -> None:
        """Tell every objective which share of the steps is done."""
        for part in self.parts.values():
            if hear := getattr(part, "advance", None):
                hear(done)

    def weight(self, encoded: Sequence[Encoded]) -> float:
        """Return what a batch of `encoded` counts in its step."""
        weigh = getattr(self.parts[encoded[0].table], "weight", None)
        return max(float(weigh(encoded)), NOTHING) if weigh else float(len(encoded))

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Let the objective of `encoded` collate them."""
        name = encoded[0].table
        if self.seed is not None:
            rows = (self.seed, "noise", name, encoded[0].language, encoded[0].row)
            rng = generator(*rows)
            torch.manual_seed(derive(*rows))
        batch: Batch = self.parts[name].prepare(encoded, rng)
        return replace(batch, targets=Of(name, batch.targets))

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the heads by name."""
        found: dict[str, nn.Module] = {}
        for name, part in self.parts.items():
            if self.head_of[name] not in found:
                found[self.head_of[name]] = part.head(encoder)
        return Heads(found)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the loss of the objective that made `batch`."""
        of = batch.targets
        self.last = of.name
        loss: torch.Tensor = self.parts[of.name].loss(self.view(model, of.name), replace(batch, targets=of.targets))
        return loss

    def view(self, model: Any, name: str) -> View:
        """Return `model` as the objective `name` sees it."""
        return View(model.encoder, model.head[self.head_of[name]])
