"""An embedding table that starts from the translations of a corpus, once: a run that goes on finds its rows again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from loanword.durable import written
from loanword.encoders.latent_rows import LOUD, latent_rows
from loanword.encoders.load import Loaded
from loanword.encoders.resize import expect_free
from loanword.objectives.streams import Corpus

MOST = 200_000
"""Translations that are looked at, in all languages together."""


def start_latent(loaded: Loaded, corpus: Corpus, file: Path) -> None:
    """Give the pieces of the translations of `corpus` rows that say what they stand together with; kept in `file`.

    Other rows stay. What is worked out again could differ in its last digits. Raises `ModelError` where the table is
    not the encoder's own.
    """
    expect_free(loaded.encoder)
    table = loaded.encoder.model.get_input_embeddings().weight
    key = f"{corpus.digest} {table.shape[1]}"
    found = _read(file, key)
    if found is None:
        found = latent_rows(_pairs(corpus), width=table.shape[1], without={*loaded.tokenizer.control_ids})
        with written(file) as partial:
            save_file({"pieces": found[0], "rows": found[1]}, partial, metadata={"key": key})
    pieces, rows = found
    with torch.no_grad():
        table[pieces.to(table.device)] = (rows * LOUD * table.norm(dim=1).mean().cpu()).to(table)


def _read(file: Path, key: str) -> tuple[torch.Tensor, torch.Tensor] | None:
    try:
        with safe_open(str(file), framework="pt") as there:
            return (there.get_tensor("pieces"), there.get_tensor("rows")) if there.metadata()["key"] == key else None
    except (OSError, SafetensorError):
        return None


def _pairs(corpus: Corpus) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for one, other in corpus.parallel.values():
        for number in range(min(len(one), MOST // len(corpus.parallel))):
            (a, b), (c, d) = one.span(number), other.span(number)
            yield np.asarray(one.pieces[a:b]), np.asarray(other.pieces[c:d])
