"""The stock recipe for pairs of texts: transformers' XNLI example, read together, at most 128 pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding

from benchmarks.peers.clock import Fitted
from benchmarks.peers.settings import Settings
from benchmarks.peers.trainer_fit import fit, predict

LENGTH = 128
Pair = tuple[str, str]


def run(
    folder: str, train: Sequence[Pair], labels: Sequence[str], tests: Sequence[Pair], *, seed: int, settings: Settings
) -> tuple[list[str], Fitted]:
    """Train on pairs with their labels; return those predicted of `tests`, and what training took."""
    torch.manual_seed(seed)
    names = sorted(set(labels))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(names))

    def features(pairs: Sequence[Pair], *, padding: str | bool = False) -> list[dict[str, Any]]:
        codes = tokenizer(
            [one for one, _ in pairs],
            [two for _, two in pairs],
            truncation=True,
            max_length=LENGTH,
            padding=padding,
        )
        return [{name: codes[name][row] for name in codes} for row in range(len(pairs))]

    rows = features(train, padding="max_length" if settings.padded and not settings.quick else False)
    rows = [{**row, "labels": names.index(label)} for row, label in zip(rows, labels, strict=True)]
    trainer, fitted = fit(model, tokenizer, rows, DataCollatorWithPadding(tokenizer), seed=seed, settings=settings)
    logits = predict(trainer, features(tests)) if tests else []
    return [names[int(row.argmax())] for row in logits], fitted
