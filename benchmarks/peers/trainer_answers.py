"""The stock recipe for questions: transformers' question-answering example, windows of 384 pieces with stride 128."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForQuestionAnswering, AutoTokenizer, DataCollatorWithPadding

from benchmarks.peers.clock import Fitted
from benchmarks.peers.settings import Settings
from benchmarks.peers.trainer_fit import fit, predict

LENGTH, STRIDE, BEST, LONGEST = 384, 128, 20, 30
Asked = tuple[str, str]
"""A question and its text."""
Place = tuple[int, int]
"""Where something starts and ends in a text."""


def run(
    folder: str,
    train: Sequence[Asked],
    answers: Sequence[Place],
    tests: Sequence[Asked],
    *,
    seed: int,
    settings: Settings,
) -> tuple[list[Place], Fitted]:
    """Train on questions with the places of their answers; return those of `tests`, and what training took."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForQuestionAnswering.from_pretrained(folder)

    def windows(asked: Sequence[Asked], *, padded: bool = False) -> list[tuple[int, dict[str, Any], dict[int, Place]]]:
        """Return for each window its row, its inputs, and the places of the pieces of its text."""
        codes = tokenizer(
            [question for question, _ in asked],
            [text for _, text in asked],
            truncation="only_second",
            max_length=LENGTH,
            stride=STRIDE,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding="max_length" if padded else False,
        )
        found = []
        for number, row in enumerate(codes["overflow_to_sample_mapping"]):
            sides, places = codes.sequence_ids(number), codes["offset_mapping"][number]
            inputs = {name: codes[name][number] for name in ("input_ids", "attention_mask")}
            found.append((row, inputs, {n: span for n, span in enumerate(places) if sides[n] == 1}))
        return found

    rows = []
    for row, inputs, places in windows(train, padded=settings.padded and not settings.quick):
        start, end = answers[row]
        first, last = min(places), max(places)
        spans = 0, 0  # The first piece stands for an answer that is not all in this window.
        if places[first][0] <= start and places[last][1] >= end:
            spans = (
                max(n for n, span in places.items() if span[0] <= start),
                min(n for n, span in places.items() if span[1] >= end),
            )
        rows.append({**inputs, "start_positions": spans[0], "end_positions": spans[1]})
    trainer, fitted = fit(model, tokenizer, rows, DataCollatorWithPadding(tokenizer), seed=seed, settings=settings)
    asked = windows(tests) if tests else []
    logits = predict(trainer, [inputs for _, inputs, _ in asked])
    best: list[tuple[float, Place]] = [(-np.inf, (0, 0))] * len(tests)
    for (row, _, places), values in zip(asked, logits, strict=True):
        starts, ends = (np.argsort(-values[:, side])[:BEST].tolist() for side in (0, 1))
        for first in starts:
            for last in ends:
                if first in places and last in places and first <= last < first + LONGEST:
                    score = float(values[first, 0] + values[last, 1])
                    best[row] = max(best[row], (score, (places[first][0], places[last][1])))
    return [place for _, place in best], fitted
