"""The stock recipe: transformers' Trainer with the arguments of its text-classification example.

As shipped: AutoModelForSequenceClassification, learning rate 5e-5, batches of 8, 3 epochs, linear decay, no warm-up, no
weight decay, fp32, at most 128 pieces. To save time, two things differ that change no number beyond rounding: rows are
padded to their batch's longest and not to 128, and the optimizer skips embedding rows without a gradient.

The class reads the first piece through a pooler that this encoder comes without, so that it starts at random. No flag
of the example changes that; `mean` is what a careful user would write instead: a linear head on the mean vector.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

from benchmarks.peers.mean_classifier import MeanClassifier
from benchmarks.peers.rows import Rows
from benchmarks.peers.short_table import short_table


@dataclass(frozen=True)
class Settings:
    """What a user of the example changes on its command line, and `mean`."""

    learning_rate: float = 5e-5
    batch_size: int = 8
    epochs: float = 3.0
    bf16: bool = False
    warmup: float = 0.0
    grouped: bool = False
    mean: bool = False


def run(
    folder: str,
    texts: Sequence[str],
    targets: Sequence[int],
    tests: Sequence[str],
    *,
    seed: int,
    settings: Settings,
) -> np.ndarray:
    """Train on `texts` with class indices `targets`; return the predicted classes of `tests` (n)."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    classes = max(targets) + 1
    model = (
        MeanClassifier(folder, classes)
        if settings.mean
        else AutoModelForSequenceClassification.from_pretrained(folder, num_labels=classes)
    )
    train = Rows(tokenizer, texts, targets)
    arguments = TrainingArguments(
        output_dir=tempfile.gettempdir(),  # Nothing is written there.
        learning_rate=settings.learning_rate,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=64,
        num_train_epochs=settings.epochs,
        warmup_steps=settings.warmup,
        bf16=settings.bf16,
        train_sampling_strategy="group_by_length" if settings.grouped else "random",
        seed=seed,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
    )
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=train,
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
    )
    with short_table(model.encoder if settings.mean else model, train.codes, padding=tokenizer.pad_token_id):
        trainer.train()
    arguments.train_sampling_strategy = "sequential"  # Or predict() gives answers in the order of its groups.
    order = np.argsort([len(text) for text in tests], kind="stable")
    logits = trainer.predict(Rows(tokenizer, [tests[i] for i in order])).predictions
    return logits.argmax(axis=1)[np.argsort(order)]
