"""Translation ranking in batches of 2,048: seconds and memory, against sentence-transformers' cached loss.

Both begin with the bundled encoder and rank paragraphs of GNOME's help in 17 languages: every pair is drawn from the
same texts, and the whole table is trained. What is compared is pairs a second.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks import dependencies
from benchmarks.cases import scratch
from benchmarks.cases.machine import expect_idle, memory
from benchmarks.cases.pretraining import pretrained
from benchmarks.cases.vectors import PARALLEL
from benchmarks.harness import Goal, Row
from benchmarks.task_goals import ratio
from loanword.data.read import read
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.encoders import bundled
from loanword.randomness import generator

KIND = "ranking-speed"
SYSTEMS = ("loanword", "stock-tuned", "stock-shipped")
ROUNDS, STEPS, BATCH = 3, 1, 2048
FASTER = {"stock-tuned": 1.6, "stock-shipped": 3.0}
LIGHTER = 2.0
PEER = "benchmarks/peers/cached_ranking.py"


def rows() -> list[dict[str, Any]]:
    """Return the keys of all rows; those to be compared follow one another."""
    return [{"kind": KIND, "system": system, "seed": number} for number in range(ROUNDS) for system in SYSTEMS]


def code() -> set[str]:
    """Return the files that a row hangs on."""
    own = {f"benchmarks/cases/{name}.py" for name in ("ranking_speed", "scratch", "pretraining", "clock", "machine")}
    return {*own, PEER, *dependencies.reached("pretrain", "objectives.ranking")}


def data() -> list[Path]:
    """Return the data files."""
    return [*scratch.parallel().values()]


def measure(key: Mapping[str, Any], *, steps: int = STEPS, batch: int = BATCH) -> Row:
    """Measure one row, on an idle machine."""
    if batch == BATCH:
        expect_idle()
    if key["system"] == "loanword":
        seconds, loss = ours(steps=steps, batch=batch, seed=key["seed"])
    else:
        from benchmarks.peers.cached_ranking import run

        tuned = key["system"] == "stock-tuned"
        seconds, loss = run(str(bundled.folder()), pairs(), batch=batch, steps=steps, tuned=tuned, seed=key["seed"])
    took = median(seconds)
    return {
        "seconds_pair": took / batch,
        "pairs_second": round(batch / took, 2),
        "loss": round(loss, 4),
        "memory": round(memory(), 3),
        "steps": len(seconds),
    }


def pairs() -> list[tuple[str, str]]:
    """Return all pairs, the languages mixed."""
    tables = [read(path, language="en", shape=PARALLEL_TEXT, columns=PARALLEL) for path in scratch.parallel().values()]
    found = [pair for table in tables for pair in zip(table.text, table.pair, strict=True)]
    return [found[place] for place in generator(0, "ranking").permutation(len(found))]


def ours(*, steps: int, batch: int, seed: int) -> tuple[list[float], float]:
    """Pretrain; return the seconds of each step, and the mean loss."""
    from benchmarks.cases.clock import Clock

    clock = Clock()
    with tempfile.TemporaryDirectory() as name:
        recipe = {
            "model": "bundled:e5-small",
            "seed": seed,
            "out": name,
            "corpus": scratch.corpus(),
            "objectives": {"ranking": {"batch_size": batch}},
            "training": {"steps": steps, "length": 512, "learning_rate": 5e-5, "warmup": 0.0},
        }
        done = pretrained(recipe, progress=clock)
    return clock.steps, fmean(point["objectives"]["ranking"] for point in done.report["objectives"])


def goals(found: Sequence[Row]) -> list[Goal]:
    """Judge what is there."""
    of = {
        system: {
            row["key"]["seed"]: row for row in found if {"kind": KIND, "system": system}.items() <= row["key"].items()
        }
        for system in SYSTEMS
    }
    mine = of["loanword"]
    said = ", ".join(
        f"{system} {median(row['pairs_second'] for row in rows.values()):,.1f} pairs a second, "
        f"{median(row['memory'] for row in rows.values()):.1f} GB"
        for system, rows in of.items()
        if rows
    )
    made = []
    for system, least in FASTER.items():
        if mine and of[system]:
            middle, words = ratio(mine, of[system], "seconds_pair")
            made.append(Goal(f"ranking: times faster than {system}", f">= {least}", words, said, middle >= least))
    if mine and of["stock-tuned"]:
        middle, words = ratio(mine, of["stock-tuned"], "memory")
        made.append(Goal("ranking: times less memory than tuned", f">= {LIGHTER}", words, "", middle >= LIGHTER))
    return made
