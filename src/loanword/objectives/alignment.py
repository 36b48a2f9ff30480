"""Alignment: a translation gets the vector that the text had before training.

Reimers and Gurevych 2020, "Making Monolingual Sentence Embeddings Multilingual using Knowledge Distillation": the
teacher is the model as it comes, and both sides are pulled to what it says of the first text. So the language of the
first texts stays where it is, with all that was learned on it, and the other one comes to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from loanword.batches.batch import collate
from loanword.objectives.pretraining import PRETRAINING
from loanword.objectives.ranking import TranslationRows
from loanword.objectives.streams import Corpus

if TYPE_CHECKING:
    from loanword.batches.batch import Batch
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Tokenizer


@PRETRAINING.register("alignment")
class Alignment:
    """Pull both sides of a pair to the teacher's vector of the first. An `Objective`."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Read rows that `tokenizer` made."""
        self.tokenizer = tokenizer
        self.teacher: Encoder | None = None

    def streams(self, corpus: Corpus) -> dict[str, TranslationRows]:
        """Return the pairs of every parallel corpus."""
        return {name: TranslationRows(corpus, name) for name in corpus.parallel}

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate both sides of `encoded`."""
        return collate(encoded, pad_id=self.tokenizer.pad_id)

    def head(self, encoder: Encoder) -> nn.Module:
        """Keep the encoder as it is now for a teacher; nothing is trained beside it."""
        self.teacher = deepcopy(encoder).eval().requires_grad_(False)
        return nn.Identity()

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the mean squared distance to the teacher's vectors, as a share of their squared length."""
        assert self.teacher is not None  # `head` comes first.
        with torch.no_grad():
            wanted = self.teacher.to(batch.ids.device)(batch).pooled.float()
        found = [model.encoder(side).pooled.float() for side in (batch, batch.other)]
        distances = sum((vectors - wanted).square().sum(-1) for vectors in found) / 2
        loss: torch.Tensor = (distances / wanted.square().sum(-1).clamp(min=1e-9)).mean()
        return loss
