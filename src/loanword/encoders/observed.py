"""An encoder that can be looked into: attention weights, the states of every layer, gradients at its input vectors.

transformers gives attention weights in its plainest attention alone, and leaves hooks behind in a model that was asked
for them. So the question goes to a second form of the model: its modules are copies, its weights are the same tensors,
and the encoder itself stays as it is. Everything is in fp32.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

from loanword.batches.batch import Batch
from loanword.encoders.quiet import quiet_transformers
from loanword.errors import ModelError

if TYPE_CHECKING:
    from loanword.encoders.encoder import Encoder, EncoderOutput

ROUNDING = 1e-3
"""How far the attention weights of one piece may be from 1 together."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one pass shows: the encoder's `output`, and the input `vectors` (batch, seq, width) that it was made from.

    `layers` are the states before the first layer and after each (batch, seq, width), `attentions` the weights of each
    layer (batch, heads, seq, seq): none for models that have no such weights.
    """

    output: EncoderOutput
    vectors: torch.Tensor
    layers: tuple[torch.Tensor, ...] = ()
    attentions: tuple[torch.Tensor, ...] = ()


class Point(nn.Module):
    """Stands for an embedding table: its vectors times `scale` (batch, seq), where a gradient can be asked for."""

    def __init__(self, table: nn.Module) -> None:
        """Share `table`."""
        super().__init__()
        self.table = (table,)  # Out of sight of torch: its mode is not this form's.
        self.scale = torch.empty(0, 0)
        self.vectors = torch.empty(0, 0, 0)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Look up `ids` (batch, seq): (batch, seq, width)."""
        if ids.shape != self.scale.shape:
            raise ModelError(
                f"the model looks up {tuple(ids.shape)} pieces for a batch of {tuple(self.scale.shape)}, so nobody can "
                "tell which vector is whose; models of this architecture cannot be explained"
            )
        self.vectors = (self.table[0](ids) * self.scale.unsqueeze(-1)).detach().requires_grad_()
        return self.vectors


class Observed:
    """A form of `encoder` that shares its weights, for passes that are looked into."""

    def __init__(self, encoder: Encoder) -> None:
        """Copy the modules of `encoder`; attention becomes transformers' own, "eager", if it can be chosen."""
        self.encoder = encoder
        table = encoder.model.get_input_embeddings()
        self._point = Point(table)
        shared: dict[int, object] = {id(one): one for one in (*encoder.model.parameters(), *encoder.model.buffers())}
        self.model = copy.deepcopy(encoder.model, {**shared, id(table): self._point}).eval()
        if self.model.config._attn_implementation != "eager":
            self.model.set_attn_implementation("eager")

    def look(self, batch: Batch) -> Sight:
        """Read `batch` and keep all that can be seen."""
        self._point.scale = torch.ones_like(batch.ids, dtype=torch.float32)
        with quiet_transformers():
            found = self.model(**self.encoder.inputs(batch), output_attentions=True, output_hidden_states=True)
        attentions = tuple(getattr(found, "attentions", None) or ())
        return Sight(
            output=self.encoder.output(found.last_hidden_state, batch),
            vectors=self._point.vectors,
            layers=tuple(found.hidden_states),
            attentions=attentions if all(_are_weights(one, batch) for one in attentions) else (),
        )

    def read(self, batch: Batch, scale: torch.Tensor) -> Sight:
        """Read `batch` with the vectors of its pieces times `scale` (batch, seq)."""
        self._point.scale = scale
        hidden = self.encoder.hidden(batch, self.model)
        return Sight(output=self.encoder.output(hidden, batch), vectors=self._point.vectors)


def _are_weights(attention: object, batch: Batch) -> bool:
    """Whether `attention` says how much each piece takes from each, and not something else, or of blocks of them."""
    rows, seq = batch.ids.shape
    if not isinstance(attention, torch.Tensor) or attention.dim() != 4 or attention.shape[0] != rows:
        return False
    if attention.shape[2:] != (seq, seq):
        return False
    return bool((attention.detach().sum(-1) - 1).abs().max() < ROUNDING) and bool((attention >= 0).all())
