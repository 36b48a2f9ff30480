"""Sequence-to-sequence models of the Hub: their encoder is an encoder like any other, and brings its own decoder."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

from loanword.errors import MissingExtra, ModelError
from loanword.tokens.seq2seq import Seq2SeqTokenizer

READERS = {"sentencepiece": "sentencepiece", "protobuf": "google.protobuf"}
"""What reads sentencepiece models: packages, and the modules that they bring."""


@dataclass(frozen=True)
class Seq2Seq:
    """The whole transformers `model` around an encoder, and the `tokenizer` that tells it languages."""

    model: Any
    tokenizer: Seq2SeqTokenizer

    @property
    def shares_table(self) -> bool:
        """Whether the decoder reads the encoder's embedding table, to read or to write with."""
        encoder = self.model.get_encoder()
        table = encoder.get_input_embeddings().weight
        return any(parameter is table for parameter in _outside(self.model, encoder))

    def start(self, tags: tuple[str, ...]) -> tuple[list[int] | None, list[int] | None]:
        """Return what the text in each of `tags` starts from, and the piece that must come first.

        None stands for what the model's own configuration says. The languages of mBART are where a text starts from,
        those of all other models come first after their start.
        """
        ids = [self.tokenizer.target_id(tag) for tag in tags]
        told = [number for number in ids if number is not None]
        if len(told) < max(1, len(ids)):
            return None, None
        usual = self.model.generation_config.decoder_start_token_id
        starts = usual is None or usual in self.tokenizer.code_ids.values()
        return (told, None) if starts else (None, told)

    @property
    def longest(self) -> int | None:
        """The most pieces that the decoder has positions for, special ones included; None where there is no limit."""
        config = getattr(self.model.config, "decoder", None) or self.model.config
        found = getattr(config, "max_position_embeddings", None)
        return None if found is None else int(found)


def _outside(model: nn.Module, encoder: nn.Module) -> Iterator[nn.Parameter]:
    """Yield the parameters of each part of `model` that neither is `encoder` nor holds it."""
    for child in model.children():
        if child is encoder:
            continue
        if any(part is encoder for part in child.modules()):
            yield from _outside(child, encoder)
        else:
            yield from child.parameters()


def read_model(source: str, config: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Load the model of `config` from `source`; returns it, and what transformers says of the loading."""
    from transformers import MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING, AutoModelForSeq2SeqLM

    if type(config) not in MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING:
        raise ModelError(f"a {config.model_type} model does not read text and write text")
    found: tuple[Any, dict[str, Any]] = AutoModelForSeq2SeqLM.from_pretrained(
        source, use_safetensors=True, dtype=torch.float32, output_loading_info=True, **options
    )
    return found


def read_tokenizer(source: str, options: dict[str, Any]) -> Any:
    """Load the tokenizer of `source`, fast or not."""
    from transformers import AutoTokenizer

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")  # Marian never calls it.
        return AutoTokenizer.from_pretrained(source, use_fast=True, **options)


def expect_sentencepiece(error: Exception, name: str) -> None:
    """Raise `MissingExtra` if `error` came of a package that reads sentencepiece models and is not there."""
    absent = [package for package, module in READERS.items() if not _installed(module)]
    if absent and any(word in str(error).lower() for word in (*READERS, "tiktoken")):  # The last one is tried last.
        raise MissingExtra("generation", " and ".join(absent), f"the tokenizer of {name}") from error


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # `google` itself is not there.
        return False
