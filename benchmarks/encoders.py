"""Encoders to start from: as pretrained, with the top half forgotten, and a tiny one that knows nothing."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import torch
from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

from loanword.encoders import bundled

KINDS = ("pretrained", "half", "tiny")


def folder(kind: str, *, seed: int) -> Path:
    """Return the model folder of `kind`; "half" and "tiny" draw their random weights from `seed`."""
    whole = bundled.folder()
    if kind == "pretrained":
        return whole
    target = bundled.cache_root() / f"bench-{kind}-{seed}"
    if (target / "tokenizer.json").exists():
        return target
    torch.manual_seed(seed)
    if kind == "half":
        model = AutoModel.from_pretrained(whole, add_pooling_layer=False)
        fresh = BertModel(model.config, add_pooling_layer=False)
        half = model.config.num_hidden_layers // 2
        for old, new in zip(model.encoder.layer[half:], fresh.encoder.layer[half:], strict=True):
            old.load_state_dict(new.state_dict())
    else:
        config = BertConfig.from_pretrained(whole)
        config.update({"hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 512})
        model = BertModel(config, add_pooling_layer=False)
    staging = Path(tempfile.mkdtemp(dir=bundled.cache_root()))
    model.save_pretrained(staging)
    AutoTokenizer.from_pretrained(whole).save_pretrained(staging)
    shutil.rmtree(target, ignore_errors=True)
    staging.rename(target)
    return target
