"""One row of the tasks benchmark: a system learns a task and is asked in all languages, or its steps are timed."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from statistics import fmean
from typing import TYPE_CHECKING, TypeVar

from benchmarks.cases.case import Answers, Case, Rows, Tables
from benchmarks.harness import Row
from benchmarks.packed import pack
from benchmarks.peers.settings import Settings
from loanword import config

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted

T = TypeVar("T")
STEPS = 8
"""Steps of a recipe as shipped that are timed."""


def recipe(case: Case, system: str, *, seed: int = 0, tags: tuple[str, ...] = ("en",)) -> config.Recipe:
    """Return the default recipe of the case's task; "untouched" is the encoder before any training."""
    untouched = {"max_steps": 1, "learning_rate": 1e-12} if system == "untouched" else {}
    return config.build(
        {
            "task": case.task,
            "seed": seed,
            "data": {"train": dict.fromkeys(tags, "memory"), "dev_fraction": 0.0},  # Dev chooses nothing here.
            "training": {**case.training, **untouched},
            "evaluation": {"compare_checkpoints": False},
            "hardware": {"threads": int(os.environ.get("OMP_NUM_THREADS", "0"))},  # Not by the load of rows before.
        }
    )


def stock(case: Case, system: str, *, rate: float | None = None) -> Settings:
    """Return the settings of a stock system; the tuned one learns at `rate`."""
    return case.shipped if system == "stock-shipped" else replace(case.tuned, learning_rate=rate or case.rates[0])


def learn(case: Case, rows: Rows, system: str, *, seed: int, rate: float | None, on_dev: bool = False) -> Row:
    """Train and answer: the score in every language, and what the first metric counts in every row of it."""
    tests = {f"dev/{tag}": table for tag, table in rows.dev.items()} if on_dev else rows.tests
    if system.startswith("stock"):
        settings = stock(case, system, rate=rate)
        answers, fitted = case.stock(rows, tests, seed=seed, settings=settings)
        said = asdict(settings)
    elif system == "trivial":
        answers, fitted, said = trivial(case, tests), None, {}
    else:
        answers, fitted, said = ours(case, rows, tests, system=system, seed=seed)
    row = {**judged(case, tests, answers, keep=not on_dev), "settings": said}
    if fitted is None:
        return row
    return {
        **row,
        "train_seconds": round(sum(fitted.steps), 1),
        "steps": len(fitted.steps),
        "tokens": fitted.tokens,
        "memory": round(fitted.memory, 3),
        "processor_seconds": round(time.process_time(), 1),
    }


def trivial(case: Case, tests: Tables) -> Answers:
    """Answer as the task's trivial prediction does."""
    from loanword.tasks.task import TASKS

    task = TASKS.get(case.task)()
    return {name: task.trivial(list(table)) for name, table in tests.items()}


def ours(
    case: Case, rows: Rows, tests: Tables, *, system: str, seed: int, epochs: float | None = None
) -> tuple[Answers, Fitted, Row]:
    """Run the default recipe; return its answers to `tests`, what training took, and how it trained."""
    from benchmarks.cases.clock import Clock
    from benchmarks.cases.machine import memory
    from benchmarks.peers.clock import Fitted
    from loanword.evaluation.evaluate import Evaluator
    from loanword.run import run

    clock = Clock()
    chosen = recipe(case, system, seed=seed, tags=tuple(rows.train))
    if epochs is not None:
        chosen = chosen.model_copy(update={"training": chosen.training.model_copy(update={"epochs": epochs})})
    done = run(chosen, tables={"train": rows.train, "dev": {}, "test": {}}, progress=clock)
    size = sum(map(len, rows.train.values()))
    fitted = Fitted(clock.steps, memory(), size, round(clock.tokens / max(done.report.training["epochs"], 1e-9)))
    judge = Evaluator(done.bundle.model, done.bundle.task, done.bundle.tokenizer, done.bundle.hardware)
    answers = {name: found.predictions for name, found in judge.answer(tests, judge.encode(tests)).items()}
    once = round(done.report.seconds["train"] - sum(clock.steps), 1)
    return answers, fitted, {**done.report.training, "once": once}


def judged(case: Case, tests: Tables, answers: Answers, *, keep: bool) -> Row:
    """Score `answers` in every language; `keep` what the first metric counts in each row."""
    from loanword.evaluation.metrics import METRICS
    from loanword.tasks.task import TASKS

    task = TASKS.get(case.task)()
    references = {name: task.references(list(table)) for name, table in tests.items()}
    first, *others = case.metrics
    counted = {name: METRICS.get(first).rows(answers[name], references[name]) for name in tests}
    scores = {name: round(METRICS.get(first).reduce(rows), 5) for name, rows in counted.items()}
    beside = {
        metric: {
            name: round(METRICS.get(metric).reduce(METRICS.get(metric).rows(answers[name], references[name])), 5)
            for name in tests
        }
        for metric in others
    }
    row: Row = {"score": round(mean_of(scores), 5), "languages": scores, "beside": beside}
    if case.writes:
        row["parts"] = {name: rounded(task.breakdown(answers[name], list(table))) for name, table in tests.items()}
    return {**row, "rows": {name: pack(rows) for name, rows in counted.items()}} if keep else row


def rounded(scores: Mapping[str, float]) -> dict[str, float]:
    """Return `scores` with five places."""
    return {name: round(score, 5) for name, score in scores.items()}


def sets(scores: Mapping[str, T]) -> dict[str, dict[str, T]]:
    """Part scores of "set/language" by set, and leave the source language out, where it is not alone."""
    found: dict[str, dict[str, T]] = {}
    for name, score in scores.items():
        part, _, tag = name.partition("/")
        found.setdefault(part, {})[tag] = score
    return {part: {tag: score for tag, score in tags.items() if tag != "en"} or tags for part, tags in found.items()}


def mean_of(scores: Mapping[str, float]) -> float:
    """Return the mean over sets of the means over their target languages."""
    return fmean(fmean(tags.values()) for tags in sets(scores).values())


def timed(case: Case, rows: Rows, system: str, *, seed: int, rate: float | None) -> Row:
    """Train for an epoch of `case.timed` rows, or as shipped for some steps; nothing is asked afterwards.

    `seconds_epoch` is that of all training rows; `once` what comes before the first step, whatever the epochs.
    """
    whole = sum(map(len, rows.train.values()))
    part = rows.part(min(1.0, case.timed / whole))
    if system == "loanword":
        _, fitted, said = ours(case, part, {}, system=system, seed=seed, epochs=1)
        seconds = sum(fitted.steps)
    else:
        steps = STEPS if system == "stock-shipped" else -1
        settings = replace(stock(case, system, rate=rate), epochs=1, steps=steps, quick=False)
        _, fitted = case.stock(part, {}, seed=seed, settings=settings)
        said = asdict(settings)
        seconds = fmean(fitted.steps[1:] or fitted.steps) * math.ceil(
            fitted.rows / (settings.batch_size * settings.accumulate)
        )
    return {
        "seconds_epoch": round(seconds * whole / sum(map(len, part.train.values())), 3),
        "steps": len(fitted.steps),
        "tokens": fitted.tokens,
        "memory": round(fitted.memory, 3),
        "processor_seconds": round(time.process_time(), 1),
        "settings": said,
    }
