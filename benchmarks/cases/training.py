"""Steps of training: the default recipe, and the stock Trainer as shipped and tuned by its own flags."""

from __future__ import annotations

import os
from statistics import mean, median
from typing import Any

from benchmarks.cases.large import base_folder
from benchmarks.cases.machine import memory
from benchmarks.harness import DATA, Row
from loanword.data.read import read
from loanword.data.records import Table
from loanword.encoders import bundled

TRAIN: dict[str, dict[str, Any]] = {
    "train-short": {"set": "ha_intents", "encoder": "pretrained", "steps": 120, "answers": True},
    "train-short-frozen-table": {"set": "ha_intents", "encoder": "pretrained", "steps": 30, "frozen": True},
    "train-long": {"set": "debian_topics", "encoder": "pretrained", "steps": 12},
    "train-base": {"set": "ha_intents", "encoder": "base", "steps": 12},
}
"""Shapes of training: 32 short sentences a step, the same with frozen embeddings, 32 texts of 128 pieces (4,096 tokens
a step), and 32 short sentences in an encoder of the shape of XLM-R-base."""


def train(case: dict[str, Any], who: str, *, seed: int) -> Row:
    """Train as `who` does and say what a step took."""
    row = train_ours(case, seed=seed) if who == "loanword" else train_stock(case, tuned=who == "stock-tuned", seed=seed)
    steps = row.pop("steps")
    return {**row, "seconds_step": median(steps[2:]), "steps": len(steps)}


def texts_of(case: dict[str, Any]) -> tuple[Table, dict[str, Table]]:
    """Return the training rows of a case and what is asked afterwards, by language."""
    place = DATA / case["set"]
    if case["set"] == "debian_topics":
        rows = read(place / "en.train.jsonl.gz", language="en", columns={"group": "id"})
        long = [row for row, text in enumerate(rows.text) if len(text) > 580]  # About 128 pieces each.
        return rows.select(long[:400]), {}
    rows = read(place / "en.train.jsonl", language="en", columns={"group": "block"})
    tests = {
        path.name.split(".")[0]: read(path, language=path.name.split(".")[0], columns={"group": "block"})
        for path in sorted(place.glob("*.test.jsonl"))
        if not path.name.startswith("en.")
    }
    return rows, tests if case.get("answers") else {}


def train_ours(case: dict[str, Any], *, seed: int) -> Row:
    """Run the default recipe and time its steps."""
    from benchmarks.cases.clock import Clock
    from loanword import config
    from loanword.evaluation.evaluate import Evaluator
    from loanword.run import run

    rows, tests = texts_of(case)
    base = str(base_folder()) if case["encoder"] == "base" else "bundled:e5-small"
    frozen = {"embeddings": "frozen"} if case.get("frozen") else {}
    recipe = config.build(
        {
            "model": base,
            "seed": seed,
            "encoder": {"max_length": 128},
            "data": {"train": {"en": "memory"}},
            "training": {"epochs": 1000, "max_steps": case["steps"], **frozen},
            "hardware": {"threads": len(os.sched_getaffinity(0))},
        }
    )
    clock = Clock()
    done = run(recipe, tables={"train": {"en": rows}, "dev": {}, "test": {}}, progress=clock)
    found = {"memory": memory(), "steps": clock.steps, "tokens": clock.tokens / len(clock.steps)}
    if tests:
        judge = Evaluator(done.bundle.model, done.bundle.task, done.bundle.tokenizer, done.bundle.hardware)
        answers = judge.answer(tests, judge.encode(tests))
        found["languages"] = {
            tag: mean(p.label == label for p, label in zip(part.predictions, part.references, strict=True))
            for tag, part in answers.items()
        }
    return {**found, "weights": clock.weights}


def train_stock(case: dict[str, Any], *, tuned: bool, seed: int) -> Row:
    """Run the Trainer on the same rows for as many steps (a few, as shipped) and time them."""
    from benchmarks.peers.trainer_speed import fit, predict, trainer

    rows, tests = texts_of(case)
    labels = sorted({str(label) for label in rows.label})
    stock = trainer(
        str(base_folder() if case["encoder"] == "base" else bundled.folder()),
        len(labels),
        tuned=tuned,
        frozen=bool(case.get("frozen")),
        seed=seed,
        steps=case["steps"] if tuned else 8,
        rate=2e-4,  # What the search for the tuned recipe found (docs/log.md); it costs no time.
    )
    steps = fit(stock, rows.text, [labels.index(str(label)) for label in rows.label])
    found: Row = {"memory": memory(), "steps": steps}
    if tests and tuned:
        answers = predict(stock, [text for table in tests.values() for text in table.text])
        right, start = {}, 0
        for tag, table in tests.items():
            named = [labels[index] for index in answers[start : start + len(table)]]
            right[tag] = mean(name == label for name, label in zip(named, table.label, strict=True))
            start += len(table)
        found["languages"] = right
    return found
