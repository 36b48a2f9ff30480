"""Give an encoder another vocabulary: other rows of its embedding table, and new numbers for special pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import nn

from loanword.encoders.encoder import Encoder
from loanword.encoders.load import Loaded
from loanword.errors import ModelError
from loanword.tokens.vocabulary import Vocabulary


def trim(loaded: Loaded, ids: Sequence[int]) -> Loaded:
    """Return `loaded` with the pieces `ids` alone, and those that its tokenizer cannot do without.

    Texts whose pieces all stay give the same vectors, bit for bit. The encoder is changed in place; raises
    `ModelError` where pieces are bound to more than the embedding table.
    """
    expect_free(loaded.encoder)
    tokenizer, old = Vocabulary(loaded.tokenizer).trimmed(ids)
    table = loaded.encoder.model.get_input_embeddings()
    rows = table.weight.detach()[torch.tensor(old, device=table.weight.device)]
    retable(loaded.encoder, rows, numbers={before: after for after, before in enumerate(old)})
    return Loaded(loaded.encoder, tokenizer)


def expect_free(encoder: Encoder) -> None:
    """Raise `ModelError` unless the embedding table of `encoder` is its own, and a plain one."""
    if encoder.seq2seq is not None:
        raise ModelError(f"{encoder.name} brings a decoder that shares its pieces; only encoders can change them")
    if type(table := encoder.model.get_input_embeddings()) is not nn.Embedding:
        raise ModelError(f"{encoder.name} has a {type(table).__name__} for its table; only plain ones can be changed")


def retable(encoder: Encoder, rows: torch.Tensor, *, numbers: Mapping[int, int]) -> None:
    """Make `rows` (pieces, width) the table of `encoder`, whose special pieces have new `numbers`."""
    model = encoder.model
    old = model.get_input_embeddings()
    padding = None if old.padding_idx is None else numbers[old.padding_idx]
    table = nn.Embedding(*rows.shape, padding_idx=padding, _weight=rows.clone()).to(old.weight)
    table.weight.requires_grad_(old.weight.requires_grad)
    model.set_input_embeddings(table)
    config = model.config
    config.vocab_size = len(rows)
    for name in [*vars(config)]:
        value = getattr(config, name)
        if name.endswith(("_token_id", "_index")) and isinstance(value, int) and value in numbers:
            setattr(config, name, numbers[value])
            if hasattr(model, name):
                setattr(model, name, numbers[value])
