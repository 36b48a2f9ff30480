"""An encoder of the shape of XLM-R-base that knows nothing: what a step takes does not hang on what was learned."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from transformers import AutoTokenizer, XLMRobertaConfig, XLMRobertaModel

from loanword.encoders import bundled


def base_folder() -> Path:
    """Return its folder, made once, with the tokenizer of the bundled encoder."""
    target = bundled.cache_root() / "bench-base"
    if not target.exists():
        staging = Path(tempfile.mkdtemp(dir=bundled.cache_root()))
        torch.manual_seed(0)
        config = XLMRobertaConfig(vocab_size=250_002, max_position_embeddings=514, type_vocab_size=1)
        XLMRobertaModel(config, add_pooling_layer=False).save_pretrained(staging)
        AutoTokenizer.from_pretrained(bundled.folder()).save_pretrained(staging)
        staging.rename(target)
    return target
