"""Stage 5: what a training step minimises. A user's own objective is one small class.

@OBJECTIVES.register("my-objective")
class Mine:
    def prepare(self, encoded, rng): ...   # a Batch with whatever targets the loss wants
    def head(self, encoder): ...           # the module that is trained beside the encoder
    def loss(self, model, batch): ...      # the mean over the rows of the batch
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from loanword.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from loanword.batches.batch import Batch
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.encoded import Encoded


class Objective(Protocol):
    """Turns encoded rows into a batch, and a batch into a loss.

    `loss` gets the model, so that it may run it twice or own a second network. It returns the mean over the rows of
    the batch: the trainer weighs micro-batches by their rows.

    One that puts pieces into a batch which its rows do not hold has a fourth method, `begin(encoded, encoder)`: called
    once before the first step, it returns those pieces. Embedding rows outside what batches hold are not trained.
    One whose batches show a row the same way every time says so by an attribute `steady`: what frozen layers make of
    the row is then kept.
    """

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate `encoded`, drawing anything random from `rng`."""
        ...

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the fresh module that goes on top of `encoder`."""
        ...

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the scalar to minimise."""
        ...


OBJECTIVES: Registry[Any] = Registry("objective", builtin=("loanword.tasks.supervised",))
