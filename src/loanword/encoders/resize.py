"""Give an encoder another vocabulary: other rows of its embedding table, and new numbers for special pieces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from loanword.encoders.encoder import Encoder
from loanword.encoders.load import Loaded
from loanword.encoders.masked import MaskedHead
from loanword.encoders.packed import forget
from loanword.encoders.towers import TextTower
from loanword.errors import ModelError
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

NAMES = re.compile(r"\w+_token_id|(bos|eos|pad|unk|mask)_index")
"""How configurations and models call the number of a piece; the latter as XLM does."""


def trim(
    loaded: Loaded, ids: Iterable[int], *, vocabulary: Vocabulary | None = None, head: MaskedHead | None = None
) -> Loaded:
    """Return `loaded` with the pieces `ids` alone, and those that it cannot do without (`needed`).

    Texts whose pieces all stay give the same vectors, bit for bit. The encoder is changed in place, and so is the
    `head` that guesses its pieces. `vocabulary` is that of its tokenizer, if it was read already. Raises `ModelError`
    where pieces are bound to more than the embedding table.
    """
    expect_free(loaded.encoder)
    vocabulary = vocabulary or Vocabulary(loaded.tokenizer)
    tokenizer, old = vocabulary.trimmed({*ids, *needed(loaded.encoder, vocabulary)})
    table = loaded.encoder.model.get_input_embeddings()
    rows = table.weight.detach()[torch.tensor(old, device=table.weight.device)]
    retable(loaded.encoder, rows, numbers={before: after for after, before in enumerate(old)})
    if head:
        head.regroup(dict(enumerate(old)), len(old))
    return Loaded(loaded.encoder, tokenizer)


def exchange(loaded: Loaded, tokenizer: Tokenizer, rows: torch.Tensor, known: Mapping[int, int]) -> Loaded:
    """Return `loaded` with another `tokenizer`, whose pieces have `rows` (pieces, width).

    `known` gives the number that a piece had before. The encoder is changed in place. Raises `ModelError` where
    positions are counted from the number of the padding, as RoBERTa does, and that number is another one.
    """
    expect_free(loaded.encoder)
    numbers = {before: after for after, before in known.items()}
    for name, part in loaded.encoder.model.named_modules():
        padding = getattr(part, "padding_idx", None)
        if name.endswith("position_embeddings") and padding is not None and tokenizer.pad_id != padding:
            raise ModelError(
                f"{loaded.encoder.name} counts positions from the number of its padding, {padding}; that of the "
                f"tokenizer is {tokenizer.pad_id}: take one whose special pieces are numbered as the model's"
            )
    retable(loaded.encoder, rows, numbers=numbers)
    return Loaded(loaded.encoder, tokenizer)


def expect_free(encoder: Encoder) -> None:
    """Raise `ModelError` unless the embedding table of `encoder` is its own, and a plain one."""
    if encoder.seq2seq is not None:
        raise ModelError(f"{encoder.name} brings a decoder that shares its pieces; only encoders can change them")
    if isinstance(encoder, TextTower):
        raise ModelError(f"{encoder.name} is a model of texts and images; only encoders of texts can change pieces")
    if type(table := encoder.model.get_input_embeddings()) is not nn.Embedding:
        raise ModelError(f"{encoder.name} has a {type(table).__name__} for its table; only plain ones can be changed")


def needed(encoder: Encoder, vocabulary: Vocabulary) -> set[int]:
    """Return the pieces whose numbers `encoder` hangs on: those that its configuration and its table name.

    Where positions are counted from the number of the padding, as RoBERTa does, that number must not change.
    """
    model = encoder.model
    named = [*_named(model.config).values(), *_named(model).values()]
    found = {n for value in named for n in (value if isinstance(value, list) else [value])}
    if (padding := model.get_input_embeddings().padding_idx) is not None:
        found.add(padding)
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and getattr(part, "padding_idx", None) is not None:
            found.update(range(part.padding_idx + 1))
    return found & vocabulary.pieces.keys()


def retable(encoder: Encoder, rows: torch.Tensor, *, numbers: Mapping[int, int]) -> None:
    """Make `rows` (pieces, width) the table of `encoder`, whose special pieces have new `numbers`.

    A number that the configuration names without one, which no piece of the tokenizer has, is forgotten.
    """
    model = encoder.model
    forget(encoder)
    old = model.get_input_embeddings()
    padding = None if old.padding_idx is None else numbers.get(old.padding_idx)
    count, width = rows.shape
    table = nn.Embedding(count, width, padding_idx=padding, _weight=rows.clone()).to(old.weight)
    table.weight.requires_grad_(old.weight.requires_grad)
    model.set_input_embeddings(table)
    model.config.vocab_size = count
    for holder in (model.config, model):
        for name, value in _named(holder).items():
            new = [numbers[n] for n in value if n in numbers] if isinstance(value, list) else numbers.get(value)
            setattr(holder, name, new)


def _named(holder: Any) -> dict[str, Any]:
    """Return what `holder` says of the numbers of pieces, by its name there: a number, or a list of them."""
    found = {name: value for name, value in vars(holder).items() if NAMES.fullmatch(name)}
    return {
        name: value
        for name, value in found.items()
        if type(value) is int or (isinstance(value, list) and value and all(type(n) is int for n in value))
    }
