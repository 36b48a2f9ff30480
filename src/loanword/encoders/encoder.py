"""Stage 4, the arrow: Batch -> EncoderOutput. The only door to transformers' models."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from loanword.batches.batch import Batch
from loanword.encoders.attention import shorten
from loanword.encoders.dropout import lighten
from loanword.encoders.packed import can_pack, forget, packed
from loanword.encoders.pooling import Dense, pool
from loanword.errors import ModelError

if TYPE_CHECKING:
    from loanword.encoders.frozen import Frozen
    from loanword.encoders.seq2seq import Seq2Seq


@dataclass(frozen=True, slots=True)
class EncoderOutput:
    """Vectors of a batch: `hidden` (batch, seq, width), `mask` (batch, seq), `pooled` (batch, pooled width).

    `ids` (batch, seq) are the pieces that were read, `into` the languages to answer in, `table` the module that gives
    the pieces' own vectors, for heads that write.
    """

    hidden: torch.Tensor
    mask: torch.Tensor
    pooled: torch.Tensor
    ids: torch.Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long))
    into: tuple[str, ...] = ()
    table: nn.Module | None = None


class Encoder(nn.Module):
    """Any transformers encoder, called with a `Batch`.

    Hides what differs between architectures: token types, XLM's language ids, where the layers are kept. `seq2seq` is
    the model that it is the encoder of, where it brings a decoder of its own.
    """

    def __init__(
        self, model: Any, *, name: str, pooling: str = "mean", projection: nn.Sequential | None = None
    ) -> None:
        """Wrap the transformers model `model`, known to the user as `name`; attention and dropout become ours.

        `projection` is what pooled vectors go through, if anything.
        """
        super().__init__()
        shorten(model)
        lighten(model)
        self.model = model
        self.name = name
        self.pooling = pooling
        self.projection = nn.Sequential() if projection is None else projection
        self.frozen: Frozen | None = None
        self.seq2seq: Seq2Seq | None = None
        self.computed = frozenset(name for name, value in model.named_parameters() if not value.requires_grad)
        self.language_ids: dict[str, int] = _language_ids(model.config)
        takes = inspect.signature(type(model).forward).parameters
        # XLM would look token types up in its table of words; it has no type_vocab_size.
        self._takes_types = "token_type_ids" in takes and int(getattr(model.config, "type_vocab_size", 0)) > 1

    @property
    def untrained(self) -> bool:
        """Whether no training ever reached it: every norm is as it was made, all ones and zeros."""
        norms = [part for part in self.model.modules() if "Norm" in type(part).__name__]
        made = [
            (parameter == (1 if name == "weight" else 0)).all()
            for part in norms
            for name, parameter in part.named_parameters(recurse=False)
        ]
        return bool(made) and all(bool(one) for one in made)

    @property
    def whole(self) -> Any:
        """The transformers model that a folder holds: `model`, or the one that it is the encoder of."""
        return self.model if self.seq2seq is None else self.seq2seq.model

    @property
    def config(self) -> Any:
        """The transformers configuration."""
        return self.model.config

    @property
    def width(self) -> int:
        """Size of a piece's vector."""
        return int(self.config.hidden_size)

    @property
    def pooled_width(self) -> int:
        """Size of a text's vector."""
        layers = [part for part in self.projection if isinstance(part, Dense)]
        return layers[-1].linear.out_features if layers else self.width

    @property
    def depth(self) -> int:
        """Count the layers."""
        return int(getattr(self.config, "encoder_layers", 0) or self.config.num_hidden_layers)

    @property
    def stacks(self) -> list[nn.ModuleList]:
        """The lists that hold one module a layer, bottom first: one list in most models, four in XLM."""
        found: list[nn.ModuleList] = []
        inside: set[nn.Module] = set()  # What T5 keeps in lists within each layer is none.
        for part in self.model.modules():
            if isinstance(part, nn.ModuleList) and len(part) == self.depth and part not in inside:
                found.append(part)
                inside.update(part.modules())
        return found

    @property
    def layers(self) -> nn.ModuleList:
        """The list of Transformer layers, bottom first (XLM keeps its attentions there)."""
        stacks = self.stacks
        if not stacks:
            raise ModelError(f"{self.name}: a {type(self.model).__name__} has no list of layers to choose from")
        return stacks[0]

    def layer_parameters(self) -> list[list[nn.Parameter]]:
        """Parameters by depth: index 0 holds the embeddings, index i the i-th layer's; what comes after goes last.

        What is `computed`, and was never to be learned, is none.
        """
        by_depth: list[list[nn.Parameter]] = [[] for _ in range(self.depth + 1)]
        placed = {id(value) for name, value in self.model.named_parameters() if name in self.computed}

        def place(depth: int, parameter: nn.Parameter) -> None:
            if id(parameter) not in placed:
                placed.add(id(parameter))
                by_depth[depth].append(parameter)

        for stack in self.stacks:
            for depth, layer in enumerate(stack, start=1):
                for parameter in layer.parameters():
                    place(depth, parameter)
        top = len(by_depth) - 1
        for name, parameter in self.model.named_parameters():
            place(_depth_outside(name, top=top), parameter)
        for parameter in self.projection.parameters():
            place(top, parameter)
        return by_depth

    def forward(self, batch: Batch) -> EncoderOutput:
        """Run the encoder; shapes as in `EncoderOutput`."""
        if self.frozen is not None:
            hidden = self.frozen.hidden(self, batch)
        else:
            hidden = self.hidden(batch, packed(self, batch) if can_pack() and not self.training else None)
        return self.output(hidden, batch)

    def output(self, hidden: torch.Tensor, batch: Batch) -> EncoderOutput:
        """Return the last states (batch, seq, width) of `batch` with what heads need beside them."""
        with torch.autocast(hidden.device.type, enabled=False):
            pooled = self.projection(pool(hidden, batch.mask, how=self.pooling))
        table = self.model.get_input_embeddings()
        return EncoderOutput(hidden, batch.mask, pooled, ids=batch.ids, into=batch.into, table=table)

    def train(self, mode: bool = True) -> Encoder:
        """Turn to training, or to answering."""
        if mode:
            forget(self)
        return super().train(mode)

    def hidden(self, batch: Batch, model: Any = None) -> torch.Tensor:
        """Run all layers, or those of `model`, and return the last states, (batch, seq, width)."""
        states: torch.Tensor = (self.model if model is None else model)(**self.inputs(batch)).last_hidden_state
        return states

    def inputs(self, batch: Batch) -> dict[str, torch.Tensor]:
        """Return what the transformers model takes of `batch`."""
        inputs: dict[str, torch.Tensor] = {"input_ids": batch.ids, "attention_mask": batch.mask}
        if self._takes_types:
            inputs["token_type_ids"] = batch.types if batch.types is not None else torch.zeros_like(batch.ids)
        if self.language_ids:
            rows = torch.tensor([self.language_id(tag) for tag in batch.languages], device=batch.ids.device)
            inputs["langs"] = rows.unsqueeze(1).expand_as(batch.ids)
        return inputs

    def language_id(self, tag: str) -> int:
        """Map a BCP-47 tag to XLM's language id; a language it does not know gets English's, or id 0."""
        for candidate in (tag, tag.split("-")[0], "en"):
            if candidate in self.language_ids:
                return self.language_ids[candidate]
        return 0


def _language_ids(config: Any) -> dict[str, int]:
    """XLM's table of languages; empty for models without language embeddings."""
    if not getattr(config, "use_lang_emb", False) or int(getattr(config, "n_langs", 1)) < 2:
        return {}
    return {str(tag): int(number) for tag, number in (getattr(config, "lang2id", None) or {}).items()}


def _depth_outside(name: str, *, top: int) -> int:
    """Say after how many layers a parameter that belongs to none of them is first used."""
    # DeBERTa keeps the norm of its relative positions, and a convolution after layer 1, beside its layers.
    # MPNet's every layer uses one table of relative positions.
    if "emb" in name or "relative_attention_bias" in name or name.startswith("encoder.LayerNorm."):
        return 0
    return 1 if name.startswith("encoder.conv.") else top
