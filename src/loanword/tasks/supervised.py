"""The objective of every labelled task: run the model, ask the head for its loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from loanword.batches.batch import Batch, collate
from loanword.encoders.neighbours import Neighbours
from loanword.encoders.rows import reached
from loanword.objectives.objective import OBJECTIVES
from loanword.tasks.model import Model

if TYPE_CHECKING:
    import numpy as np
    from torch import nn

    from loanword.config import TrainingSettings
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Tokenizer


class Supervised:
    """Learn a task from its labels. An `Objective`.

    `piece_exchange` is the share of pieces that are replaced by a neighbour, mostly of another language, each time a
    row is seen (`Neighbours`): what is learned must not hang on the words of the source.
    """

    def __init__(self, task: Any, *, tokenizer: Tokenizer, piece_exchange: float = 0.0) -> None:
        """Learn `task` from rows that `tokenizer` made."""
        self.task = task
        self.tokenizer = tokenizer
        self.piece_exchange = piece_exchange
        self.neighbours: Neighbours | None = None
        self.steady = not piece_exchange

    def begin(self, encoded: Sequence[Encoded], encoder: Encoder) -> list[int]:
        """Find the neighbours of the pieces of `encoded`; returns the pieces that may take their place."""
        if not self.piece_exchange:
            return []
        control = self.tokenizer.control_ids
        table = encoder.model.get_input_embeddings().weight[: len(self.tokenizer)]
        self.neighbours = Neighbours(table, reached(encoded, never=control), never=control)
        return self.neighbours.reached()

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate `encoded` with its targets, exchanging pieces."""
        batch = collate(encoded, pad_id=self.tokenizer.pad_id)
        if self.neighbours is not None:
            # Two draws a piece and none for padding: how a step is cut into micro-batches must not change them.
            here = batch.mask.bool()
            whether, which = torch.from_numpy(rng.random((int(here.sum()), 2))).unbind(1)
            old = batch.ids[here]
            ids = batch.ids.clone()
            ids[here] = torch.where(whether < self.piece_exchange, self.neighbours.exchange(old, which), old)
            batch = replace(batch, ids=ids)
        return replace(batch, targets=self.task.targets(encoded))

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the task's fresh head."""
        head: nn.Module = self.task.head(encoder)
        return head

    def loss(self, model: Model, batch: Batch) -> torch.Tensor:
        """Return the head's mean loss over the rows."""
        loss: torch.Tensor = model.head.loss(model(batch), batch.targets)
        return loss


@OBJECTIVES.register("supervised")
def supervised(task: Any, *, tokenizer: Tokenizer, settings: TrainingSettings) -> Supervised:
    """Learn the task from its labels, exchanging pieces as the recipe says."""
    return Supervised(task, tokenizer=tokenizer, piece_exchange=settings.piece_exchange)
