"""A fresh encoder of any size: one dial, or the configuration of a model that exists.

Sizes are those of Turc et al. 2019 ("Well-Read Students Learn Better"), BERT and MiniLM, or layers and width as
"6x384". A head has 64 numbers (32 where the width is below 384), and a layer's inner width is four times its own.
"""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

import torch

from loanword.encoders.encoder import Encoder
from loanword.encoders.load import Loaded, positions, resolved
from loanword.encoders.quiet import quiet_transformers
from loanword.encoders.readers import limited
from loanword.errors import LoanwordError, ModelError, UsageError, in_short
from loanword.randomness import seeded
from loanword.tokens.tokenizer import Tokenizer

Architecture = Literal["bert", "xlm-roberta", "xlm", "deberta-v2", "modernbert"]
SIZES = {
    "tiny": (2, 128),
    "mini": (4, 256),
    "small": (4, 512),
    "medium": (8, 512),
    "minilm": (12, 384),
    "base": (12, 768),
    "large": (24, 1024),
}
"""Layers and width by name."""


def shape(size: str) -> tuple[int, int]:
    """Return layers and width of `size`: a name of `SIZES`, or both as "6x384"; raises `UsageError`."""
    if size in SIZES:
        return SIZES[size]
    found = re.fullmatch(r"(\d{1,3})x(\d{1,5})", size)
    if not found:
        raise UsageError(f"unknown size '{size}'; expected {', '.join(SIZES)}, or layers and width as 6x384")
    layers, width = int(found[1]), int(found[2])
    if not layers or not width or width % head_width(width):
        raise UsageError(f"size '{size}': the width must be a multiple of {head_width(width)}, and neither may be 0")
    return layers, width


def head_width(width: int) -> int:
    """Return how many numbers an attention head has."""
    return 64 if width >= 384 else 32


def configured(tokenizer: Tokenizer, *, size: str, architecture: Architecture, languages: tuple[str, ...]) -> Any:
    """Return the transformers configuration of an encoder for the pieces of `tokenizer`."""
    import transformers

    if architecture not in get_args(Architecture):
        raise UsageError(f"unknown architecture '{architecture}'; known: {', '.join(get_args(Architecture))}")
    layers, width = shape(size)
    fast = tokenizer.fast
    about: dict[str, Any] = {
        "vocab_size": len(tokenizer),
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": width // head_width(width),
        "intermediate_size": 4 * width,
        "max_position_embeddings": tokenizer.max_length,
        "pad_token_id": fast.pad_token_id,
        "bos_token_id": fast.cls_token_id,
        "eos_token_id": fast.sep_token_id,
    }
    if architecture == "bert":
        return transformers.BertConfig(**about)
    if architecture == "xlm-roberta":
        past = tokenizer.max_length + fast.pad_token_id + 1  # Positions are counted from there.
        return transformers.XLMRobertaConfig(**{**about, "max_position_embeddings": past, "type_vocab_size": 1})
    if architecture == "deberta-v2":
        return transformers.DebertaV2Config(
            **about,
            relative_attention=True,
            position_buckets=256,
            norm_rel_ebd="layer_norm",
            share_att_key=True,
            pos_att_type=["p2c", "c2p"],
            position_biased_input=False,
            type_vocab_size=0,
        )
    if architecture == "modernbert":
        marks = {"cls_token_id": fast.cls_token_id, "sep_token_id": fast.sep_token_id}
        return transformers.ModernBertConfig(**{**about, "intermediate_size": 2 * width}, **marks)
    return transformers.XLMConfig(
        vocab_size=len(tokenizer),
        emb_dim=width,
        n_layers=layers,
        n_heads=width // head_width(width),
        max_position_embeddings=tokenizer.max_length,
        n_langs=max(1, len(languages)),
        use_lang_emb=len(languages) > 1,
        lang2id={tag: number for number, tag in enumerate(languages)},
        id2lang=dict(enumerate(languages)),
        pad_index=fast.pad_token_id,
        pad_token_id=fast.pad_token_id,
        bos_index=fast.cls_token_id,
        eos_index=fast.sep_token_id,
        unk_index=fast.unk_token_id,
        mask_index=fast.mask_token_id,
    )


def fresh(
    tokenizer: Tokenizer,
    *,
    size: str = "mini",
    architecture: Architecture = "bert",
    config: str = "",
    languages: tuple[str, ...] = (),
    pooling: str = "mean",
    seed: int = 0,
) -> Loaded:
    """Return an encoder with random weights: of `size`, or of the shape of the model `config`, by any name it has.

    It reads as many pieces as `tokenizer` cuts texts to, or fewer if it has no more positions.
    """
    from transformers import AutoConfig, AutoModel

    try:
        with quiet_transformers():
            if config:
                source, options = resolved(config, None)
                about = AutoConfig.from_pretrained(source, trust_remote_code=False, **options)
                fit(about, tokenizer)
            else:
                about = configured(tokenizer, size=size, architecture=architecture, languages=languages)
            with seeded(seed, "encoder"):
                model = AutoModel.from_config(about, dtype=torch.float32)
    except LoanwordError:
        raise
    except Exception as error:  # A foreign configuration can make transformers raise anything.
        raise ModelError(f"no encoder can be made of {config or architecture}: {in_short(error)}") from error
    if (most := positions(model)) < tokenizer.max_length:
        tokenizer = limited(tokenizer, most)
    return Loaded(Encoder(model, name=config or f"{architecture} {size}", pooling=pooling), tokenizer)


def fit(about: Any, tokenizer: Tokenizer) -> None:
    """Give a transformers configuration that was another vocabulary's the pieces of `tokenizer`, and their numbers."""
    if about.is_encoder_decoder:
        raise ModelError(
            f"a {about.model_type} model brings a decoder, and a fresh one of random weights is not made here; go on "
            "from one that exists (--model), or take the shape of an encoder"
        )
    fast = tokenizer.fast
    about.vocab_size = len(tokenizer)
    for role, piece in (
        *(("pad", fast.pad_token_id), ("unk", fast.unk_token_id), ("mask", fast.mask_token_id)),
        *(("cls", fast.cls_token_id), ("sep", fast.sep_token_id), ("bos", fast.cls_token_id)),
        ("eos", fast.sep_token_id),
    ):
        for name in (f"{role}_token_id", f"{role}_index"):  # The latter as XLM has it.
            if hasattr(about, name):
                setattr(about, name, piece)
