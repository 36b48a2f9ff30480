"""The stock recipe of masked-language modelling: transformers' Trainer with what its example run_mlm does.

Texts one after another, cut into rows of 512 pieces; batches of 8, 15 % of the pieces hidden, learning rate 5e-5,
linear decay, no weight decay, fused AdamW, scores of all pieces at all positions. As shipped in fp32, tuned by its flag
bf16.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import chain

import torch
from transformers import (
    AutoModelForMaskedLM,
    AutoTokenizer,
    DataCollatorForLanguageModeling,
    Trainer,
    TrainingArguments,
)

from benchmarks.peers.clock import Clock
from benchmarks.peers.trainer_fit import Features

LENGTH, BATCH, RATE, HIDDEN = 512, 8, 5e-5, 0.15


def run(
    folder: str,
    texts: Sequence[str],
    *,
    steps: int,
    tuned: bool,
    seed: int,
    rate: float | None = None,
    length: int | None = None,
    out: str = "",
    every: int = 0,
) -> tuple[list[float], float]:
    """Train for `steps`; return the seconds of each, and the mean loss. The model is written to `out` `every` steps."""
    length = length or LENGTH
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForMaskedLM.from_pretrained(folder)
    pieces = list(chain.from_iterable(tokenizer(list(texts))["input_ids"]))
    rows = [{"input_ids": pieces[at : at + length]} for at in range(0, len(pieces) - length + 1, length)]
    clock = Clock()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=out or tempfile.gettempdir(),  # Nothing is written to the latter.
            learning_rate=rate or RATE,
            per_device_train_batch_size=BATCH,
            max_steps=steps,
            bf16=tuned,
            seed=seed,
            save_strategy="steps" if every else "no",
            save_steps=every or 500,
            save_only_model=True,
            report_to=[],
            disable_tqdm=True,
            use_cpu=not torch.cuda.is_available(),
        ),
        train_dataset=Features(rows),
        processing_class=tokenizer,
        data_collator=DataCollatorForLanguageModeling(tokenizer, mlm_probability=HIDDEN),
        callbacks=[clock],
    )
    loss = trainer.train().training_loss
    return clock.steps, loss
