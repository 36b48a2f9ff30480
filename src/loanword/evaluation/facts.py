"""What was run, as pairs of a name and a value: the set-up, what it cost, how it was trained."""

from __future__ import annotations

import math

from loanword.evaluation.scores import TransferReport
from loanword.evaluation.words import Words, number


def facts(report: TransferReport, words: Words) -> list[tuple[str, str]]:
    """Name the set-up and its cost, each with its value; what does not apply to the task is left out."""
    sources = [words.name(tag) + words("bracket", text=tag) for tag in report.sources]
    labels = words("comma").join(report.labels[:12]) + ("…" if len(report.labels) > 12 else "")
    found = {
        "fact_task": words.named("tasks", report.task),
        "fact_model": report.model,
        "fact_sources": words.listed(sources, most=12),
        "fact_labels": words("label_list", count=str(len(report.labels)), names=labels),
        "fact_checkpoint": words.named("candidates", report.checkpoint),
        "fact_temperature": number(report.temperature, digits=3),
        "fact_seed": str(report.seed),
        "fact_train": words.duration(report.seconds.get("train", math.nan)),
        "fact_evaluate": words.duration(report.seconds.get("evaluate", math.nan)),
        "fact_speed": number(report.tokens_per_second, digits=0),
        "fact_memory": memory(report.peak_memory_bytes),
    }
    if not report.seconds.get("train"):
        del found["fact_train"], found["fact_speed"]  # Nothing was trained: a bundle was evaluated.
    if not report.sources:
        del found["fact_sources"]  # Nor was anything ever.
    if not report.labels:
        del found["fact_labels"]
        if report.temperature == 1:
            del found["fact_temperature"]  # There are no classes whose logits it could divide.
    return [(words(key), value) for key, value in found.items()]


def training(report: TransferReport, words: Words) -> list[tuple[str, str]]:
    """Name the settings and figures of training, each with its value."""
    return [(words.named("training", key), _value(value)) for key, value in report.training.items()]


def memory(size: int) -> str:
    """Write a number of bytes in GiB; a dash for 0, which says that it is not known."""
    return f"{number(size / 2**30, digits=2)} GiB" if size else "–"


def _value(value: float | int | str | bool | None) -> str:
    return "–" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
