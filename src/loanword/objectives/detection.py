"""Replaced-token detection: tell of every piece of a text whether it is the author's or a small model's guess.

Clark et al. 2020 (ELECTRA). Some pieces are hidden, a generator guesses them, and the encoder looks at the text with
the guesses in it. It learns from every piece, where masked-language modelling learns from the hidden ones alone. The
generator is of the encoder's make, with a share of its layers; it reads and scores pieces by the encoder's own table.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from loanword.encoders.encoder import Encoder
from loanword.encoders.masked import expect_encoder_alone, masked_head
from loanword.encoders.rows import CompactEmbedding
from loanword.errors import UsageError
from loanword.objectives.linear_loss import linear_loss
from loanword.objectives.mlm import MaskedLanguageModel
from loanword.objectives.pretraining import PRETRAINING, OnTexts

if TYPE_CHECKING:
    from loanword.batches.batch import Batch
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Tokenizer

SCORES = 2**22
"""Scores that are drawn from in one piece."""
LAYERS = ("num_hidden_layers", "n_layers")
"""How configurations call the number of layers."""


class _Borrowed(nn.Module):
    """Reads pieces by the table of another model, whose parameters are not its own."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.lender = [encoder]

    @property
    def weight(self) -> torch.Tensor:
        """The rows, (pieces, width); those that are trained, where the table is compact."""
        rows: torch.Tensor = self.lender[0].model.get_input_embeddings().weight
        return rows

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Look up `ids` (batch, seq): (batch, seq, width)."""
        found: torch.Tensor = self.lender[0].model.get_input_embeddings()(ids)
        return found


class Detector(nn.Module):
    """The generator, and a score for every state of the encoder: above 0 where its piece is a guess."""

    def __init__(self, encoder: Encoder, *, share: float) -> None:
        """Make a generator with a `share` of the layers of `encoder`."""
        super().__init__()
        config = deepcopy(encoder.config)
        name = next((name for name in LAYERS if name in vars(config)), LAYERS[0])
        setattr(config, name, max(1, round(share * getattr(config, name))))
        if kinds := getattr(config, "layer_types", None):
            config.layer_types = kinds[: getattr(config, name)]
        small = Encoder(type(encoder.model)(config), name=f"the generator for {encoder.name}")
        self.guess = masked_head(small)
        small.model.set_input_embeddings(_Borrowed(encoder))
        self.guess.bias = None
        self.generator = small
        self.steps = nn.Sequential(
            nn.Linear(encoder.width, encoder.width), nn.GELU(), nn.LayerNorm(encoder.width), nn.Linear(encoder.width, 1)
        )

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return the scores (batch, seq) of states (batch, seq, width)."""
        scores: torch.Tensor = self.steps(hidden).squeeze(-1)
        return scores


@PRETRAINING.register("detection")
class ReplacedTokenDetection(OnTexts):
    """Tell guesses from pieces. An `Objective`; the generator learns beside, `weight` times less than the encoder.

    The generator has a `share` of the encoder's layers, and guesses a `ratio` of the pieces.
    """

    def __init__(self, tokenizer: Tokenizer, *, ratio: float = 0.15, share: float = 0.25, weight: float = 50.0) -> None:
        """Read rows that `tokenizer` made."""
        super().__init__(tokenizer)
        if not 0 < ratio < 1 or not 0 < share <= 1:
            raise UsageError(f"the ratio {ratio} and the share {share} of detection must lie between 0 and 1")
        if not weight > 0:
            raise UsageError(f"the weight {weight} of detection must be above 0")
        self.hiding = MaskedLanguageModel(tokenizer, schedule=((0.0, ratio),), masked=1.0, random=0.0)
        self.share = share
        self.emphasis = weight

    def expect(self, encoder: Encoder) -> None:
        """Raise `ModelError` for a model that brings a decoder."""
        expect_encoder_alone(encoder)

    def weight(self, encoded: Sequence[Encoded]) -> float:
        """Return what a batch of `encoded` counts in its step: the pieces that may be hidden."""
        return self.hiding.weight(encoded)

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate `encoded` with pieces hidden."""
        return self.hiding.prepare(encoded, rng)

    def head(self, encoder: Encoder) -> Detector:
        """Return a fresh generator and detector."""
        return Detector(encoder, share=self.share)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the generator's loss of the hidden pieces, and `emphasis` times the detector's of all pieces."""
        hidden, head = batch.targets, model.head
        states = head.guess.transform(head.generator(batch).hidden.flatten(0, 1)[hidden.places])
        table = model.encoder.model.get_input_embeddings()
        pieces = table.where[hidden.pieces] if isinstance(table, CompactEmbedding) else hidden.pieces
        guessing = linear_loss(states, table.weight, None, pieces).sum() / max(hidden.expected, 1e-9)
        guesses = drawn(states.detach(), table.weight.detach())
        guesses = table.kept[guesses] if isinstance(table, CompactEmbedding) else guesses
        shown = batch.ids.flatten().index_copy(0, hidden.places, guesses)
        wrong = torch.zeros_like(shown).index_copy(0, hidden.places, (guesses != hidden.pieces).to(shown.dtype))
        seen = batch.mask.bool() & ~self._never(batch)
        scores = head(model.encoder(replace(batch, ids=shown.view_as(batch.ids))).hidden).float()
        wanted = wrong.view_as(batch.ids).float()[seen]
        telling = nn.functional.binary_cross_entropy_with_logits(scores[seen], wanted)
        loss: torch.Tensor = guessing + self.emphasis * telling
        return loss

    def _never(self, batch: Batch) -> torch.Tensor:
        """Return which pieces (batch, seq) are never hidden: special ones."""
        never = torch.from_numpy(self.hiding.masking.never).to(batch.ids.device)
        special = never[batch.ids].flatten()
        return special.index_fill(0, batch.targets.places, value=False).view_as(batch.ids)


def drawn(states: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Draw a piece for each of `states` (positions, width) by its scores, a chunk of the table `weight` at a time.

    The piece of the highest score plus Gumbel noise has the chance that a softmax over the scores gives it.
    """
    best = states.new_full((len(states),), -torch.inf, dtype=torch.float32)
    found = torch.zeros(len(states), dtype=torch.long, device=states.device)
    size = max(1, SCORES // max(1, len(states)))
    for start in range(0, len(weight), size):
        scores = (states @ weight[start : start + size].to(states.dtype).T).float()
        scores -= torch.empty_like(scores).exponential_().log()
        top, place = scores.max(1)
        found = torch.where(top > best, start + place, found)
        best = torch.maximum(best, top)
    return found
