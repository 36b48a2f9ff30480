"""How soon an encoder that begins with random weights finds translations: ours by the minute, stock's in half an hour.

Both have the bundled encoder's shape and pieces, the same weights to begin with, and the same texts: lines of 23
languages and GNOME's help in 17 with its English. Stock is transformers' example of masked-language modelling with its
flag bf16, and knows nothing of which text translates which. Ours is one command with a budget of minutes. What counts
are the minutes that the steps took, and what ours spends on the start of its table, which is made of the translations;
what is timed before, to know how many steps fit, is in neither's.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks import dependencies
from benchmarks.cases import scratch
from benchmarks.cases.machine import expect_idle
from benchmarks.cases.pretraining import pretrained
from benchmarks.cases.vectors import PARALLEL
from benchmarks.harness import DATA, Goal, Row
from benchmarks.task_goals import ratio
from loanword.data.read import read
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.data.shapes.texts import TEXTS
from loanword.encoders import bundled
from loanword.randomness import generator

KIND = "time-to-quality"
SEEDS = (0, 1, 2)
MINUTES = (1.0, 2.0, 3.0, 6.0)
"""Budgets of ours."""
STOCK, LOOKS = 30.0, 3
"""Minutes of stock, and how often it is looked at."""
SOONER = 10.0
BATCH, LENGTH, RATE = 256, 64, 3e-4
PEER = "benchmarks/peers/trainer_mlm.py"
USED = ("scratch", "pretraining", "case", "machine", "clock")


def rows() -> list[dict[str, Any]]:
    """Return the keys of all rows; those to be compared follow one another."""
    return [
        {"kind": KIND, "system": system, "minutes": minutes, "seed": seed}
        for seed in SEEDS
        for system, budgets in (("start", (0.0,)), ("loanword", MINUTES), ("stock-tuned", (STOCK,)))
        for minutes in budgets
    ]


def code() -> set[str]:
    """Return the files that a row hangs on."""
    own = {f"benchmarks/cases/{name}.py" for name in ("time_to_quality", *USED)}
    return {*own, PEER, *dependencies.reached("pretrain", "objectives.ranking")}


def data() -> list[Path]:
    """Return the data files."""
    return [*scratch.mono().values(), *scratch.parallel().values(), *sorted((DATA / "tatoeba").glob("*.tsv"))]


def start(seed: int) -> Path:
    """Return a model of the bundled encoder's shape with random weights and its masked-language-model head."""
    import torch
    from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer

    target = bundled.cache_root() / f"bench-start-{seed}"
    if not target.exists():
        torch.manual_seed(seed)
        staging = Path(tempfile.mkdtemp(dir=bundled.cache_root()))
        AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(bundled.folder())).save_pretrained(staging)
        AutoTokenizer.from_pretrained(bundled.folder()).save_pretrained(staging)
        staging.rename(target)
    return target


def measure(key: Mapping[str, Any], *, trial: bool = False) -> Row:
    """Measure one row, on an idle machine."""
    seed, minutes = key["seed"], key["minutes"]
    if key["system"] == "start":
        return scratch.translations_found(start(seed))
    if not trial:
        expect_idle()
    with tempfile.TemporaryDirectory() as out:
        if key["system"] == "loanword":
            return ours(out, minutes=minutes, seed=seed)
        return stock(out, minutes=minutes, seed=seed)


def ours(out: str, *, minutes: float, seed: int) -> Row:
    """Pretrain for so many minutes, and ask."""
    from benchmarks.cases.clock import Clock

    clock = Clock()
    recipe = {
        "model": str(start(seed)),
        "seed": seed,
        "out": out,
        "corpus": scratch.corpus(),
        "table": "latent",
        "objectives": {"ranking": {"batch_size": BATCH}},
        "training": {"length": LENGTH, "learning_rate": RATE, "embeddings": "compact", "minutes": minutes},
    }
    training = pretrained(recipe, progress=clock).report["training"]
    found = scratch.translations_found(Path(out) / "model")
    return {**found, "steps": len(clock.steps), "seconds": round(training["table_seconds"] + sum(clock.steps), 1)}


def stock(out: str, *, minutes: float, seed: int) -> Row:
    """Train for as many steps as fill the minutes, and ask what is written now and then."""
    from benchmarks.peers.trainer_mlm import run

    texts, model = lines(), str(start(seed))
    step = median(run(model, texts, steps=4, tuned=True, seed=seed)[0][1:])
    steps = max(LOOKS, int(60 * minutes / step))
    seconds, _ = run(model, texts, steps=steps, tuned=True, seed=seed, out=out, every=steps // LOOKS)
    looks = sorted(Path(out).glob("checkpoint-*"), key=lambda path: int(path.name.rpartition("-")[2]))
    found = {int(path.name.rpartition("-")[2]): scratch.translations_found(path) for path in looks}
    return {
        **found[max(found)],
        "curve": [(round(sum(seconds[:at]) / 60, 2), row["score"]) for at, row in found.items()],
        "steps": len(seconds),
        "seconds": round(sum(seconds), 1),
    }


def lines() -> list[str]:
    """Return all texts: lines, and both sides of the pairs, in an order drawn by chance."""
    found = [text for tag, path in scratch.mono().items() for text in read(path, language=tag, shape=TEXTS).text]
    for path in scratch.parallel().values():
        table = read(path, language="en", shape=PARALLEL_TEXT, columns=PARALLEL)
        found += [*table.text, *table.pair]
    return [found[place] for place in generator(0, "lines").permutation(len(found))]


def goals(found: Sequence[Row]) -> list[Goal]:
    """Judge what is there: the smallest budget in which every seed of ours is where stock is at its end."""
    of: dict[tuple[str, float], dict[int, Row]] = {}
    for row in found:
        if row["key"]["kind"] == KIND:
            of.setdefault((row["key"]["system"], row["key"]["minutes"]), {})[row["key"]["seed"]] = row
    theirs = of.get(("stock-tuned", STOCK), {})
    if not theirs:
        return []
    reached = [
        minutes
        for (system, minutes), rows in sorted(of.items())
        if system == "loanword"
        and {*rows} >= {*theirs}
        and all(rows[seed]["score"] >= row["score"] for seed, row in theirs.items())
    ]
    said = ", ".join(
        f"{system} {minutes and taken(rows):.1f} min {100 * fmean(row['score'] for row in rows.values()):.1f}"
        for (system, minutes), rows in sorted(of.items(), key=lambda pair: pair[0][1])
    )
    times, words = 0.0, "not reached"
    if reached:
        ours = of["loanword", reached[0]]
        times, said_times = ratio(ours, theirs, "seconds")
        words = f"{said_times} times, in {taken(ours):.1f} minutes of {taken(theirs):.1f} ({len(theirs)} seeds)"
    name = f"minutes to the Tatoeba score of {STOCK:.0f} minutes of stock MLM"
    return [Goal(name, f">= {SOONER:.0f} times fewer", words, said, times >= SOONER)]


def taken(rows: Mapping[int, Row]) -> float:
    """Return the minutes of training, the middle of the seeds."""
    return median(row.get("seconds", 0.0) for row in rows.values()) / 60
