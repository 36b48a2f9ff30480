"""The stock recipe as it is timed: transformers' Trainer, as its examples ship and with their own flags set well.

As shipped: every row padded to 128 pieces, fp32, and a run of the program for each language to be predicted. Tuned by
flags: padded to the batch's longest, rows of similar length together, bf16; all languages in one process, sorted by
length, in batches of 64 (bf16 throughout, `bf16_full_eval`).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

import numpy as np
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

from benchmarks.peers.clock import Clock
from benchmarks.peers.rows import Rows

LENGTH = 128


def trainer(folder: str, classes: int, *, tuned: bool, frozen: bool, seed: int, steps: int, rate: float) -> Trainer:
    """Return a Trainer that has yet to be given rows; batches of 32."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=classes)
    if frozen:
        model.base_model.embeddings.requires_grad_(False)
    arguments = TrainingArguments(
        output_dir=tempfile.gettempdir(),  # Nothing is written there.
        learning_rate=rate,
        per_device_train_batch_size=32,
        per_device_eval_batch_size=64 if tuned else 8,
        max_steps=steps,
        bf16=tuned,
        bf16_full_eval=tuned,
        train_sampling_strategy="group_by_length" if tuned else "random",
        seed=seed,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=not torch.cuda.is_available(),
    )
    padding = {} if tuned else {"padding": "max_length", "max_length": LENGTH}
    return Trainer(
        model=model,
        args=arguments,
        data_collator=DataCollatorWithPadding(tokenizer, **padding),
        processing_class=tokenizer,
        callbacks=[Clock()],
    )


def fit(stock: Trainer, texts: Sequence[str], targets: Sequence[int]) -> list[float]:
    """Train on `texts`; return the seconds of every step."""
    stock.train_dataset = Rows(stock.processing_class, texts, targets)
    stock.train()
    (clock,) = (callback for callback in stock.callback_handler.callbacks if isinstance(callback, Clock))
    return clock.steps


def predict(stock: Trainer, texts: Sequence[str]) -> np.ndarray:
    """Return the predicted classes of `texts` (n), asked in the order of their length."""
    stock.args.train_sampling_strategy = "sequential"  # Or predict() gives answers in the order of its groups.
    rows = Rows(stock.processing_class, texts)
    order = np.argsort([len(codes) for codes in rows.codes], kind="stable")
    rows.codes = [rows.codes[index] for index in order]
    return stock.predict(rows).predictions.argmax(axis=1)[np.argsort(order)]
