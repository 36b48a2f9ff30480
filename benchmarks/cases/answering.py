"""Answers for 34 languages from one classifier: ours, and the stock Trainer as shipped and tuned by its own flags."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import numpy as np

from benchmarks.cases.machine import memory
from benchmarks.encoders import folder
from benchmarks.harness import DATA, Row
from loanword.data.read import read
from loanword.data.records import Table

SHIPPED_LANGUAGES = ("deu_Latn", "arb_Arab", "zho_Hans")
"""What stock predicts as shipped, a run of the program each: three of the 34, for the mean."""


def sib200() -> tuple[Table, dict[str, Table]]:
    """Return the English training rows of sib200 and the test rows of its 34 other languages."""
    place = DATA / "sib200"
    tests = {
        path.name.split(".")[0]: read(path, language=path.name.split("_")[0], columns={"group": "id"})
        for path in sorted(place.glob("*.test.jsonl"))
        if not path.name.startswith("eng")
    }
    return read(place / "eng_Latn.train.jsonl", language="en", columns={"group": "id"}), tests


def evaluate(who: str) -> Row:
    """Time the answers for 34 languages, from texts to labels; the classifier is the same for all: a linear probe."""
    from loanword import config
    from loanword.evaluation.evaluate import Evaluator
    from loanword.run import run

    rows, tests = sib200()
    recipe = config.build(
        {
            "encoder": {"prefix": "", "max_length": 128},  # As stock reads it.
            "data": {"train": {"en": "memory"}},
            "training": {"max_steps": 1, "learning_rate": 1e-12, "piece_exchange": 0.0, "embeddings": "frozen"},
            "hardware": {"threads": len(os.sched_getaffinity(0))},
        }
    )
    bundle = run(recipe, tables={"train": {"en": rows}, "dev": {}, "test": {}}).bundle
    judge = Evaluator(bundle.model, bundle.task, bundle.tokenizer, bundle.hardware)
    if who == "loanword":
        began = time.perf_counter()
        encoded = judge.encode(tests)
        answers = judge.answer(tests, encoded)
        seconds = time.perf_counter() - began
        tokens = sum(len(item) for part in encoded.values() for item in part)
        chosen = {tag: [found.label for found in part.predictions] for tag, part in answers.items()}
        return {"seconds_all": seconds, "tokens": tokens, **_scored(chosen, tests)}
    with tempfile.TemporaryDirectory() as place:
        head = Path(place) / "head.npz"
        linear = bundle.model.head.linear
        np.savez(head, weight=linear.weight.detach().numpy(), bias=linear.bias.detach().numpy())
        if who == "stock-tuned":
            seconds, answers_by_tag = predict_stock(head, list(tests), tuned=True)
        else:
            seconds, answers_by_tag = 0.0, {}
            for tag in SHIPPED_LANGUAGES:
                began = time.perf_counter()
                done = subprocess.run(
                    [sys.executable, "-m", "benchmarks.speed", "--predict", str(head), tag],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                seconds += (time.perf_counter() - began) * len(tests) / len(SHIPPED_LANGUAGES)
                answers_by_tag[tag] = json.loads(done.stdout.splitlines()[-1])
    chosen = {tag: [bundle.task.labels[index] for index in part] for tag, part in answers_by_tag.items()}
    return {"seconds_all": seconds, **_scored(chosen, tests)}


def predict_stock(head: Path, tags: Sequence[str], *, tuned: bool) -> tuple[float, dict[str, list[int]]]:
    """Let the Trainer answer the texts of `tags` with the encoder's mean vector and the linear layer in `head`."""
    import torch

    from benchmarks.peers.mean_classifier import MeanClassifier
    from benchmarks.peers.trainer_speed import predict, trainer

    _, tests = sib200()
    given = np.load(head)
    encoder = str(folder("pretrained", seed=0))
    stock = trainer(encoder, len(given["bias"]), tuned=tuned, frozen=False, seed=0, steps=1, rate=1e-12)
    model = MeanClassifier(encoder, len(given["bias"]))
    with torch.no_grad():
        model.head.weight.copy_(torch.from_numpy(given["weight"]))
        model.head.bias.copy_(torch.from_numpy(given["bias"]))
    stock.model = stock.model_wrapped = model
    began = time.perf_counter()
    answers = predict(stock, [text for tag in tags for text in tests[tag].text]).tolist()
    seconds = time.perf_counter() - began
    found, start = {}, 0
    for tag in tags:
        found[tag] = answers[start : start + len(tests[tag])]
        start += len(tests[tag])
    return seconds, found


def _scored(chosen: dict[str, list[str]], tests: dict[str, Table]) -> Row:
    scores = {
        tag: mean(name == label for name, label in zip(names, tests[tag].label, strict=True))
        for tag, names in chosen.items()
    }
    return {"languages": scores, "memory": memory()}
