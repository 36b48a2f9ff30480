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
from loanword.batches.sampler import by_tokens, pass_tokens
from loanword.objectives.pretraining import PRETRAINING, Material
from loanword.objectives.ranking import TranslationRows
from loanword.objectives.streams import Corpus

if TYPE_CHECKING:
    from loanword.batches.batch import Batch
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Tokenizer


LOOKED_AT = 128
"""Texts that say how far vectors of the teacher are from one another."""


@PRETRAINING.register("alignment")
class Alignment:
    """Pull both sides of a pair to the teacher's vector of the first. An `Objective`.

    Distances are squared, and shares of what the teacher's vectors have from their mean: at 1 the mean would be as
    good. What all vectors have in common, which is most of them, would hide what tells texts apart.
    """

    reads: Material = "parallel"

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Read rows that `tokenizer` made."""
        self.tokenizer = tokenizer
        self.teacher: Encoder | None = None
        self.rows: list[TranslationRows] = []
        self.spread: float | None = None

    def streams(self, corpus: Corpus) -> dict[str, TranslationRows]:
        """Return the pairs of every parallel corpus."""
        found = {name: TranslationRows(corpus, name) for name in corpus.parallel}
        self.rows = [*found.values()]
        return found

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate both sides of `encoded`."""
        return collate(encoded, pad_id=self.tokenizer.pad_id)

    def head(self, encoder: Encoder) -> nn.Module:
        """Keep the encoder as it is now for a teacher; nothing is trained beside it."""
        self.teacher = deepcopy(encoder).eval().requires_grad_(False)
        return nn.Identity()

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the mean over both sides of the squared distance to the teacher's vectors, by their `spread`."""
        if self.spread is None:
            self.spread = self._spread(batch)
        wanted = self._wanted(batch)
        found = [model.encoder(side).pooled.float() for side in (batch, batch.other)]
        distances = sum((vectors - wanted).square().sum(-1) for vectors in found) / 2
        loss: torch.Tensor = distances.mean() / max(self.spread, 1e-9)
        return loss

    def _wanted(self, batch: Batch) -> torch.Tensor:
        """Return what the teacher says of the first sides, (batch, width)."""
        assert self.teacher is not None  # `head` comes first.
        with torch.no_grad():
            vectors: torch.Tensor = self.teacher.to(batch.ids.device)(batch).pooled.float()
        return vectors

    def _spread(self, batch: Batch) -> float:
        """Return the mean squared distance of the teacher's vectors from their mean: of some rows, or of `batch`."""
        items = [rows[n] for rows in self.rows for n in range(min(len(rows), LOOKED_AT // len(self.rows)))]
        items.sort(key=lambda item: len(item.ids))
        groups = by_tokens([len(item.ids) for item in items], budget=pass_tokens("cpu"))
        batches = [self.prepare([items[at] for at in group], np.random.default_rng(0)) for group in groups] or [batch]
        vectors = torch.cat([self._wanted(one.to(str(batch.ids.device))) for one in batches])
        return float((vectors - vectors.mean(0)).square().sum(-1).mean())
