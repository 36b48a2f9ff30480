"""What the stock recipes of all tasks share: the Trainer with the arguments of transformers' examples, or tuned ones.

As shipped: learning rate 5e-5, batches of 8, 3 epochs, linear decay, no warm-up, no weight decay, fused AdamW, fp32.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from transformers import Trainer, TrainingArguments

from benchmarks.cases.machine import memory
from benchmarks.peers.clock import Clock, Fitted
from benchmarks.peers.settings import Settings
from benchmarks.peers.short_table import short_table

Collate = Callable[..., Any]
AT_ONCE = 1000
"""Rows whose logits are held at a time."""


class Features(torch.utils.data.Dataset):
    """Model inputs, one dictionary a row."""

    def __init__(self, rows: Sequence[dict[str, Any]]) -> None:
        self.rows = list(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return self.rows[index]


def arguments(*, seed: int, settings: Settings) -> dict[str, Any]:
    """Return what any Trainer is told."""
    return {
        "output_dir": tempfile.gettempdir(),  # Nothing is written there.
        "learning_rate": settings.learning_rate,
        "per_device_train_batch_size": settings.batch_size,
        "gradient_accumulation_steps": settings.accumulate,
        "per_device_eval_batch_size": 32,
        "num_train_epochs": settings.epochs,
        "max_steps": settings.steps,
        "warmup_steps": settings.warmup,
        "bf16": settings.bf16,
        "seed": seed,
        "save_strategy": "no",
        "report_to": [],
        "disable_tqdm": True,
        "use_cpu": not torch.cuda.is_available(),
    }


def fit(
    model: Any, tokenizer: Any, rows: Sequence[dict[str, Any]], collate: Collate, *, seed: int, settings: Settings
) -> tuple[Trainer, Fitted]:
    """Train `model` on `rows`; return the Trainer, and what it took."""
    given = TrainingArguments(
        **arguments(seed=seed, settings=settings),
        train_sampling_strategy="group_by_length" if settings.grouped else "random",
    )
    clock = Clock()
    trainer = Trainer(
        model=model,
        args=given,
        train_dataset=Features(rows),
        data_collator=collate,
        processing_class=tokenizer,
        callbacks=[clock],
    )
    tokens = sum(sum(row["attention_mask"]) for row in rows)
    read = getattr(model, "encoder", model)  # A decoder's softmax reaches all rows of its own table.
    codes = [row["input_ids"] for row in rows]
    with short_table(read, codes, padding=tokenizer.pad_token_id) if settings.quick else nullcontext():
        trainer.train()
    given.train_sampling_strategy = "sequential"  # Or predict() gives answers in the order of its groups.
    return trainer, Fitted(clock.steps, memory(), len(rows), tokens)


def predict(trainer: Trainer, rows: Sequence[dict[str, Any]]) -> list[np.ndarray]:
    """Return what the model says of each row, asked in the order of their length; several outputs side by side."""
    order = sorted(range(len(rows)), key=lambda row: len(rows[row]["input_ids"]))
    found: list[np.ndarray] = [np.empty(0)] * len(rows)
    for start in range(0, len(order), AT_ONCE):
        chosen = order[start : start + AT_ONCE]
        outputs = trainer.predict(Features([rows[row] for row in chosen])).predictions
        values = np.stack(outputs, axis=-1) if isinstance(outputs, tuple) else outputs
        for row, value in zip(chosen, values, strict=True):
            found[row] = value
    return found
