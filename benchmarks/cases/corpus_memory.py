"""How much memory pretraining takes when its corpus is a hundred times as large.

The corpus is the English lines, and a hundred numbered copies of them, which no duplicate check takes for the same;
the model is a small fresh one, so that what grows is seen.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import dependencies
from benchmarks.cases import scratch
from benchmarks.cases.machine import memory
from benchmarks.cases.pretraining import pretrained
from benchmarks.harness import Goal, Row
from loanword.data.read import read
from loanword.data.shapes.texts import TEXTS

KIND = "corpus-memory"
TIMES = (1, 100)
SEEDS = (0, 1, 2)
STEPS = 40
MORE = 0.05


def rows() -> list[dict[str, Any]]:
    """Return the keys of all rows."""
    return [{"kind": KIND, "times": times, "seed": seed} for seed in SEEDS for times in TIMES]


def code() -> set[str]:
    """Return the files that a row hangs on."""
    own = {f"benchmarks/cases/{name}.py" for name in ("corpus_memory", "scratch", "pretraining", "machine")}
    return {*own, *dependencies.reached("pretrain", "objectives.mlm")}


def data() -> list[Path]:
    """Return the data files."""
    return [scratch.mono()["en"]]


def measure(key: Mapping[str, Any]) -> Row:
    """Pretrain on so many copies; the largest size of the process."""
    texts = read(scratch.mono()["en"], language="en", shape=TEXTS).text
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        with (place / "en.txt").open("w", encoding="utf-8") as file:
            for copy in range(key["times"]):
                file.writelines(f"{text} {copy}\n" for text in texts)
        recipe = {
            "model": "fresh",
            "fresh": {"tokenizer": "bundled:e5-small", "size": "mini"},
            "seed": key["seed"],
            "out": str(place / "out"),
            "corpus": {"text": {"en": str(place / "en.txt")}, "boundary": "line"},
            "training": {"steps": STEPS, "batch_size": 16},
            "evaluation": {"rows": 16},
        }
        done = pretrained(recipe)
        size = (place / "en.txt").stat().st_size
    return {"memory": round(memory(), 4), "bytes": size, "documents": done.report["corpus"]["documents"]}


def goals(found: Sequence[Row]) -> list[Goal]:
    """Judge what is there: the middle of the seeds."""
    of = {
        times: [row["memory"] for row in found if {"kind": KIND, "times": times}.items() <= row["key"].items()]
        for times in TIMES
    }
    few, many = (of[times] for times in TIMES)
    if not (few and many):
        return []
    more = median(many) / median(few) - 1
    said = f"{more:+.1%} ({median(few):.2f} and {median(many):.2f} GB)"
    return [Goal(f"memory, the corpus {TIMES[1]} times as large", f"< {MORE:+.0%}", said, "", more < MORE)]
