"""Masked-language modelling: say which pieces were hidden, in text of one language or of two (TLM).

Devlin et al. 2019; on pairs of translations Conneau and Lample 2019. Only hidden positions are scored, a chunk of the
vocabulary at a time (`linear_loss`), so neither the length of rows nor the vocabulary costs memory.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from loanword.batches.batch import Batch, collate
from loanword.encoders.masked import MaskedHead, expect_encoder_alone, masked_head
from loanword.encoders.rows import CompactEmbedding
from loanword.errors import UsageError
from loanword.objectives.linear_loss import linear_loss
from loanword.objectives.masking import Masking, Unit, expect_schedule, ratio_at
from loanword.objectives.pretraining import PRETRAINING, OnTexts
from loanword.objectives.streams import Corpus, PairRows
from loanword.tokens.beginnings import Beginnings

if TYPE_CHECKING:
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Hidden:
    """What was hidden of a batch: `places` among its padded pieces, (hidden,), and the `pieces` that stood there.

    `expected` is how many were to be hidden.
    """

    places: torch.Tensor
    pieces: torch.Tensor
    expected: float

    def to(self, device: str) -> Hidden:
        """Move the tensors to `device`."""
        return replace(self, places=self.places.to(device), pieces=self.pieces.to(device))


@PRETRAINING.register("mlm")
class MaskedLanguageModel(OnTexts):
    """Hide pieces and have them guessed. An `Objective`.

    The loss of a batch is the sum over hidden pieces divided by how many are expected to be hidden, so that it does
    not hang on how a step is cut into passes (`weight`). `schedule` gives the ratio by the share of steps done.
    """

    shares_head = "masked"

    def __init__(
        self,
        tokenizer: Tokenizer,
        *,
        schedule: Sequence[tuple[float, float]] = ((0.0, 0.15),),
        unit: Unit = "piece",
        masked: float = 0.8,
        random: float = 0.1,
    ) -> None:
        """Hide pieces of rows that `tokenizer` made."""
        super().__init__(tokenizer)
        self.schedule = expect_schedule(schedule)
        self.done = 0.0
        size = len(tokenizer)
        never = np.zeros(size, dtype=bool)
        never[[n for n in tokenizer.control_ids if n < size]] = True
        if tokenizer.fast.mask_token_id is None:
            raise UsageError("pieces cannot be hidden: the tokenizer has no mask; take another one, or leave it out")
        self.masking = Masking(
            mask_id=tokenizer.fast.mask_token_id,
            begins=Beginnings(tokenizer),
            never=never,
            others=np.flatnonzero(~never),
            unit=unit,
            masked=masked,
            random=random,
        )

    def expect(self, encoder: Encoder) -> None:
        """Raise `ModelError` for a model that brings a decoder."""
        expect_encoder_alone(encoder)

    def begin(self, encoded: Any, encoder: Encoder) -> Sequence[int]:
        """Let only pieces that the rows hold, where they say which, take another's place: others may not be there."""
        if held := encoded.reached():
            ids = np.array(held)
            self.masking = replace(self.masking, others=ids[~self.masking.never[ids]])
        return ()

    def advance(self, done: float) -> None:
        """Hear which share of the steps is done."""
        self.done = done

    def weight(self, encoded: Sequence[Encoded]) -> float:
        """Return what a batch of `encoded` counts in its step: the pieces that may be hidden."""
        never = self.masking.never
        return float(sum((~never[np.asarray(item.ids)]).sum() for item in encoded))

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate `encoded` with pieces hidden."""
        ratio = ratio_at(self.schedule, self.done)
        batch = collate(encoded, pad_id=self.tokenizer.pad_id)
        ids, width = batch.ids.clone(), batch.ids.shape[1]
        places, pieces = [], []
        for row, item in enumerate(encoded):
            before = np.asarray(item.ids)
            shown, found = self.masking.hide(before, rng, ratio=ratio)
            ids[row, : len(shown)] = torch.from_numpy(shown)
            places.append(row * width + found)
            pieces.append(before[found])
        hidden = Hidden(
            torch.from_numpy(np.concatenate(places)),
            torch.from_numpy(np.concatenate(pieces)),
            expected=ratio * self.weight(encoded),
        )
        return replace(batch, ids=ids, targets=hidden)

    def head(self, encoder: Encoder) -> MaskedHead:
        """Return the head of the checkpoint, or a fresh one."""
        return masked_head(encoder)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the sum of the losses of hidden pieces over their expected number."""
        loss: torch.Tensor = self.losses(model, batch).sum() / max(batch.targets.expected, 1e-9)
        return loss

    def losses(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the loss of every hidden piece, (hidden,), in nats."""
        hidden, head = batch.targets, model.head
        output = model.encoder(batch)
        states = output.hidden.flatten(0, 1)[hidden.places]
        table, bias, pieces = model.encoder.model.get_input_embeddings(), head.bias, hidden.pieces
        if isinstance(table, CompactEmbedding):
            pieces = table.where[pieces]
            bias = None if bias is None else bias[table.kept]
        return linear_loss(head.transform(states), table.weight, bias, pieces)


@PRETRAINING.register("tlm")
class TranslationLanguageModel(MaskedLanguageModel):
    """The same on a text and its translation in one row: what is hidden in one can be read in the other."""

    reads = "parallel"

    def streams(self, corpus: Corpus) -> Mapping[str, Any]:
        """Return the pairs of every parallel corpus."""
        return {name: PairRows(corpus, name) for name in corpus.parallel}
