"""The head that says which piece stands behind a mask, as the checkpoint brings it or fresh.

transformers keeps it around the encoder (`BertForMaskedLM`, `XLMRobertaForMaskedLM`, `XLMWithLMHeadModel`, ...): a
small transform of every state, then a score for each piece by the embedding table, which both share, and a bias. Here
the transform is taken out of it, so that only masked positions need scores, and the scores can be chunked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from typing import Any

import torch
from torch import nn

from loanword.batches.batch import Batch
from loanword.encoders.encoder import Encoder, EncoderOutput
from loanword.encoders.quiet import quiet_transformers
from loanword.encoders.rows import CompactEmbedding
from loanword.errors import ModelError, in_short

ORDER = {"distilbert": ("vocab_transform", "activation", "vocab_layer_norm")}
"""Kinds whose steps are no children in the order in which they are taken."""
TRIED = 5
"""Pieces that a head is tried on before it is used."""


class MaskedHead(nn.Module):
    """Scores of pieces from states: a transform, the embedding table, a bias.

    `whole` is the transformers model around the encoder, which is what is saved. `pretrained` says whether the
    checkpoint had this head.
    """

    def __init__(self, whole: Any, *, pretrained: bool) -> None:
        """Take the head out of `whole`."""
        super().__init__()
        scores = whole.get_output_embeddings()
        base = whole.base_model
        self.whole = [whole]  # In a list: its parameters must not count as this module's.
        self.pretrained = pretrained
        own = [part for part in whole.children() if part is not base]
        named = ORDER.get(whole.config.model_type)
        self.steps = nn.ModuleList([whole.get_submodule(name) for name in named] if named else own)
        self.places = [
            (part, name)
            for step in [whole, *self.steps.modules()]
            for name, child in step.named_children()
            for part in [step]
            if child is scores
        ]
        self.scores = [scores]
        self.bias: nn.Parameter | None = scores.bias
        self._put(nn.Identity())

    def _put(self, module: nn.Module) -> None:
        for part, name in self.places:
            setattr(part, name, module)

    def transform(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return states (..., width) as the embedding table scores them."""
        found: Any = hidden
        for step in self.steps:
            found = step(found)
            found = found[0] if isinstance(found, tuple) else found
        states: torch.Tensor = found
        return states

    def forward(self, output: EncoderOutput) -> torch.Tensor:
        """Return the scores of all pieces at every position, (batch, seq, pieces)."""
        table: Any = output.table
        return nn.functional.linear(self.transform(output.hidden), table.weight, self.bias)

    def regroup(self, known: Mapping[int, int], count: int) -> None:
        """Fit the bias to `count` pieces, of which those `known` had another number before; others start at the mean.

        The encoder must have its new table already (`resize.retable`).
        """
        self.whole[0].config = deepcopy(self.whole[0].base_model.config)
        if (old := self.bias) is None:
            return
        values = torch.full((count,), float(old.detach().mean())).to(old)
        values[[*known]] = old.detach()[[*known.values()]]
        bias = nn.Parameter(values)
        for part in [self.whole[0], *self.steps.modules(), self.scores[0]]:
            for name, parameter in [*part.named_parameters(recurse=False)]:
                if parameter is old:
                    setattr(part, name, bias)
        self.bias = bias

    @contextmanager
    def assembled(self) -> Iterator[Any]:
        """Give the transformers model whole again, to be saved or held against."""
        whole, scores = self.whole[0], self.scores[0]
        table = whole.get_input_embeddings()
        if isinstance(table, CompactEmbedding):
            raise ModelError("the embedding table is compact; call expand() before the model is saved")
        scores.weight = table.weight
        scores.out_features = len(table.weight)
        self._put(scores)
        try:
            yield whole
        finally:
            self._put(nn.Identity())


def brings_head(encoder: Encoder) -> bool:
    """Whether the checkpoint that `encoder` was read from says that it has such a head."""
    from transformers import MODEL_FOR_MASKED_LM_MAPPING

    kind = MODEL_FOR_MASKED_LM_MAPPING.get(type(encoder.config), None)
    return encoder.seq2seq is None and kind is not None and kind.__name__ in (encoder.config.architectures or ())


def expect_encoder_alone(encoder: Encoder) -> None:
    """Raise `ModelError` for a model that brings a decoder: what such a head is saved with has no room for it."""
    if encoder.seq2seq is not None:
        raise ModelError(
            f"{encoder.name} brings a decoder, which guessing hidden pieces would leave out; have it write them "
            "(--objective denoising), or take an encoder alone"
        )


def masked_head(encoder: Encoder) -> MaskedHead:
    """Return the head of the checkpoint that `encoder` was read from; a fresh one where it has none.

    Raises `ModelError` for an architecture without such a head, or with one of another make.
    """
    from transformers import MODEL_FOR_MASKED_LM_MAPPING, AutoModelForMaskedLM

    expect_encoder_alone(encoder)
    config, name = encoder.config, encoder.name
    if type(config) not in MODEL_FOR_MASKED_LM_MAPPING:
        raise ModelError(f"{name}: transformers has no masked-language-model head for a {type(encoder.model).__name__}")
    kind = MODEL_FOR_MASKED_LM_MAPPING[type(config)]
    pretrained = brings_head(encoder)
    try:
        with quiet_transformers():
            if pretrained:
                source = config.name_or_path
                whole = AutoModelForMaskedLM.from_pretrained(source, dtype=torch.float32, use_safetensors=True)
            else:
                whole = kind._from_config(config)
    except Exception as error:  # A foreign folder can make transformers raise anything.
        raise ModelError(f"{name}: its head cannot be read ({in_short(error)})") from error
    setattr(whole, whole.base_model_prefix, encoder.model)
    whole.tie_weights()
    head = MaskedHead(whole, pretrained=pretrained)
    _expect_same(encoder, head)
    return head


def _expect_same(encoder: Encoder, head: MaskedHead) -> None:
    """Raise `ModelError` unless the head that was taken apart gives what transformers' does."""
    ids = torch.arange(TRIED, device=next(encoder.parameters()).device).unsqueeze(0)
    batch = Batch(ids=ids, mask=torch.ones_like(ids), languages=("en",), rows=(0,))
    training = encoder.training
    encoder.eval()
    try:
        with torch.no_grad(), head.assembled() as whole:
            expected = whole.eval()(**encoder.inputs(batch))
            wanted = expected[0] if isinstance(expected, tuple) else expected.logits
        with torch.no_grad():
            states = encoder.output(encoder.hidden(batch), batch)
            same = torch.allclose(head(states), wanted, atol=1e-4, rtol=1e-4)
    except (AttributeError, RuntimeError, TypeError, ValueError):  # Its parts fit together in another way.
        same = False
    finally:
        encoder.train(training)
    if not same:
        raise ModelError(f"{encoder.name}: the head of a {type(head.whole[0]).__name__} is of a make not known here")
