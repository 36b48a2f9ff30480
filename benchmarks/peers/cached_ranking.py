"""The stock recipe of ranking translations in large batches: sentence-transformers' trainer and its cached loss.

CachedMultipleNegativesRankingLoss with mini-batches of 32, mean pooling, fused AdamW. As shipped in fp32, tuned by its
flag bf16.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

import torch
from datasets import Dataset
from sentence_transformers import SentenceTransformer, SentenceTransformerTrainer, SentenceTransformerTrainingArguments
from sentence_transformers.losses import CachedMultipleNegativesRankingLoss

from benchmarks.peers.clock import Clock


def run(
    folder: str, pairs: Sequence[tuple[str, str]], *, batch: int, steps: int, tuned: bool, seed: int
) -> tuple[list[float], float]:
    """Train for `steps` of `batch` pairs; return the seconds of each, and the mean loss."""
    torch.manual_seed(seed)
    model = SentenceTransformer(folder, device="cuda" if torch.cuda.is_available() else "cpu")
    clock = Clock()
    trainer = SentenceTransformerTrainer(
        model=model,
        args=SentenceTransformerTrainingArguments(
            output_dir=tempfile.gettempdir(),  # Nothing is written there.
            per_device_train_batch_size=batch,
            max_steps=steps,
            bf16=tuned,
            seed=seed,
            save_strategy="no",
            report_to=[],
            disable_tqdm=True,
            use_cpu=not torch.cuda.is_available(),
        ),
        train_dataset=Dataset.from_dict({"one": [one for one, _ in pairs], "two": [two for _, two in pairs]}),
        loss=CachedMultipleNegativesRankingLoss(model),
        callbacks=[clock],
    )
    loss = trainer.train().training_loss
    return clock.steps, loss
