"""The stock recipe for vectors of texts: sentence-transformers' trainer, mean pooling, at its defaults or tuned.

As shipped: learning rate 5e-5, batches of 8, 3 epochs, linear decay, no warm-up, fp32. CoSENTLoss learns from scores,
MultipleNegativesRankingLoss from pairs alone; tuned, no text comes twice in a batch of the latter.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

import numpy as np
import torch
from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.losses import CoSENTLoss, MultipleNegativesRankingLoss
from sentence_transformers.training_args import BatchSamplers

from benchmarks.cases.machine import memory
from benchmarks.peers.clock import Clock, Fitted
from benchmarks.peers.settings import Settings
from benchmarks.peers.short_table import short_table
from benchmarks.peers.trainer_fit import arguments


def run(
    folder: str,
    pairs: Sequence[tuple[str, str]],
    scores: Sequence[float] | None,
    texts: Sequence[str],
    *,
    seed: int,
    settings: Settings,
) -> tuple[np.ndarray, Fitted]:
    """Train on pairs with `scores`, or that belong together; return unit vectors of `texts`, and what it took."""
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = SentenceTransformer(folder, device=device)
    columns = {"one": [one for one, _ in pairs], "two": [two for _, two in pairs]}
    if scores is not None:
        columns["score"] = list(scores)  # type: ignore[assignment]
    apart = settings.grouped and scores is None
    clock = Clock()
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            **arguments(seed=seed, settings=settings),
            batch_sampler=BatchSamplers.NO_DUPLICATES if apart else BatchSamplers.BATCH_SAMPLER,
        ),
        train_dataset=Dataset.from_dict(columns),
        loss=MultipleNegativesRankingLoss(model) if scores is None else CoSENTLoss(model),
        callbacks=[clock],
    )
    codes = model.tokenizer([*columns["one"], *columns["two"]], truncation=True)["input_ids"]
    padding = model.tokenizer.pad_token_id
    with short_table(model[0].model, codes, padding=padding) if settings.quick else nullcontext():
        trainer.train()
    fitted = Fitted(clock.steps, memory(), len(pairs), sum(map(len, codes)))
    with torch.autocast(device, dtype=torch.bfloat16, enabled=settings.bf16):
        found = model.encode(list(texts), normalize_embeddings=True, show_progress_bar=False) if texts else []
    return np.asarray(found, dtype=np.float32), fitted
