"""The tokenizer of any model, to read texts as the model does, without its weights; or one that has no model."""

from __future__ import annotations

from copy import copy
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from loanword.encoders.load import _explain, _find, _lowercase, positions, resolved
from loanword.encoders.models import lookup
from loanword.encoders.modules import Modules, read_modules
from loanword.encoders.quiet import quiet_transformers
from loanword.encoders.seq2seq import expect_sentencepiece, read_tokenizer
from loanword.encoders.towers import is_dual
from loanword.errors import MissingExtra, ModelError
from loanword.tokens.costs import Reader
from loanword.tokens.tokenizer import Tokenizer

USUAL = 512
"""Pieces that are read where nobody says how many."""
ENDLESS = 10**6
"""Lengths from here on are transformers' way to say that nobody said any."""


def reader(name: str, *, max_length: int | None = None, prefix: str | None = None) -> Reader:
    """Return the tokenizer of the model `name`, or of a folder that holds nothing but a tokenizer.

    It reads as many pieces, with the same before them, as `load` would let the model. Raises `ModelError` in one
    sentence for what cannot be had, `UsageError` for a wrong name.
    """
    source, options = resolved(name, None)
    said = read_modules(partial(_find, source, options), name=name)
    known = said or Modules()
    if local := Path(source).is_dir():
        source = str(Path(source) / known.subfolder)
    else:
        options["subfolder"] = known.subfolder
    options["trust_remote_code"] = False
    alone = local and not (Path(source) / "config.json").is_file()
    if alone and not (Path(source) / "tokenizer.json").is_file():
        raise ModelError(f"{name} holds neither config.json nor tokenizer.json; expected the folder of a model")
    if find_spec("transformers") is None:
        raise MissingExtra("train", "transformers", f"the tokenizer of {name}")
    try:
        with quiet_transformers():
            stock = read_tokenizer(source, options)
            limit, dual = (0, False) if alone else _limit(source, options)
    except Exception as error:  # A foreign folder can make transformers raise anything.
        expect_sentencepiece(error, name)
        missing = options.get("local_files_only", False) and isinstance(error, OSError)
        raise ModelError(_explain(error, name=name, missing=missing)) from error
    if len(stock) <= len(stock.all_special_tokens):
        raise ModelError(f"{name} holds no tokenizer; expected tokenizer.json, or what else transformers reads")
    if known.lowercase:
        _lowercase(stock)
    wanted = max_length or known.max_length
    if wanted is None and (said or dual or alone):
        wanted = int(stock.model_max_length)
    if alone:
        limit = USUAL if wanted is None or wanted > ENDLESS else wanted
    usual = known.prefix or lookup(name).prefix
    return Reader(stock, min(wanted or limit, limit), usual if prefix is None else prefix)


def tokenizer_of(name: str, *, max_length: int | None = None, prefix: str = "") -> Tokenizer:
    """Return the tokenizer of `name` as encoders read through it, `prefix` before texts; raises as `reader` does."""
    found = reader(name, max_length=max_length, prefix=prefix)
    if not found.stock.is_fast:
        raise ModelError(f"{name} has no fast tokenizer (tokenizer.json); loanword needs one")
    return Tokenizer(found.stock, prefix=prefix, max_length=found.max_length)


def limited(tokenizer: Tokenizer, max_length: int, *, like: Tokenizer | None = None) -> Tokenizer:
    """Return `tokenizer` as one that reads `max_length` pieces at most, with prefix and prompts of `like`, if given.

    To wrap its backend once more would guard it twice, and save the guard.
    """
    found = copy(tokenizer)
    found.max_length = found.fast.model_max_length = max_length
    found.fast.backend_tokenizer.enable_truncation(max_length=max_length)
    if like is not None:
        found.prefix, found.prompts = like.prefix, dict(like.prompts)
    return found


def _limit(source: str, options: dict[str, Any]) -> tuple[int, bool]:
    """Return how many pieces the model in `source` reads, special ones included, and if it reads images as well."""
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForSeq2SeqLM

    config = AutoConfig.from_pretrained(source, **options)
    with torch.device("meta"):  # No weights are made.
        if config.is_encoder_decoder:
            return positions(AutoModelForSeq2SeqLM.from_config(config).get_encoder()), False
        model = AutoModel.from_config(config)
        return positions(model), is_dual(type(model))
