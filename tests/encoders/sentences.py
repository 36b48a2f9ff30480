"""Sentence-transformers as the oracle: folders that it writes, and the vectors that it makes of a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from loanword.encoders.load import load
from loanword.encoders.quiet import quiet_transformers
from loanword.hardware import Hardware
from loanword.tasks.vectors import embed

MACHINE = Hardware(device="cpu", precision="fp32", threads=1)


def write(
    source: Path, folder: Path, *, pooling: Any = "mean", after: Any = (), limit: int = 24, **options: Any
) -> Path:
    """Let the library make a folder of the encoder in `source`; `after` are the modules that follow the pooling."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    with torch.random.fork_rng(devices=[]), quiet_transformers():
        torch.manual_seed(11)
        first = Transformer(str(source), max_seq_length=limit)
        modules = [first, Pooling(first.get_embedding_dimension(), pooling), *(make() for make in after)]
        SentenceTransformer(modules=modules, device="cpu", **options).save(str(folder), create_model_card=False)
    return folder


def stock(folder: Path) -> Any:
    """Load a folder with the library."""
    from sentence_transformers import SentenceTransformer

    with quiet_transformers():
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Make vectors of length 1, as ours are."""
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ours(folder: Path, texts: list[str], *, role: Any = "", **settings: Any) -> np.ndarray:
    """Return the vectors that we make of `texts` with the model in `folder`."""
    loaded = load(str(folder), **settings)
    return embed(loaded.encoder, loaded.tokenizer, texts, languages=["ru"] * len(texts), role=role, hardware=MACHINE)
