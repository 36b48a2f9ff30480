"""The objective of every labelled task: run the model, ask the head for its loss."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from loanword.batches.batch import Batch, collate
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

    `piece_dropout` is the share of pieces that are replaced by the unknown piece each time a row is seen: the model
    learns not to hang on single source words. Iyyer et al. 2015, "Deep Unordered Composition Rivals Syntactic
    Methods" (word dropout).
    """

    def __init__(self, task: Any, *, tokenizer: Tokenizer, piece_dropout: float = 0.0) -> None:
        """Learn `task` from rows that `tokenizer` made; without an unknown piece nothing is dropped."""
        self.task = task
        self.tokenizer = tokenizer
        self.piece_dropout = piece_dropout if tokenizer.unknown_id is not None else 0.0

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate `encoded` with its targets, dropping pieces; control pieces stay."""
        batch = collate(encoded, pad_id=self.tokenizer.pad_id)
        if self.piece_dropout:
            # One draw a piece and none for padding: how a step is cut into micro-batches must not change them.
            drawn = torch.zeros_like(batch.ids, dtype=torch.bool)
            drawn[batch.mask.bool()] = torch.from_numpy(rng.random(int(batch.mask.sum())) < self.piece_dropout)
            fixed = torch.isin(batch.ids, torch.tensor(self.tokenizer.control_ids))
            batch = replace(batch, ids=batch.ids.masked_fill(drawn & ~fixed, self.tokenizer.unknown_id or 0))
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
    """Learn the task from its labels, dropping pieces as the recipe says."""
    return Supervised(task, tokenizer=tokenizer, piece_dropout=settings.piece_dropout)
