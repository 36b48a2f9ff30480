"""What each objective gives an encoder that begins with nothing: Tatoeba, and topics by a probe on what it says.

A small encoder with pieces of its own learns for as many steps by every mixture, which are shared out alike among its
objectives. All have the same text, the monolingual lines and both sides of GNOME's help; those with TLM or ranking are
told in addition which of these are translations. Steps are equal, tokens are not, for rows of objectives differ: goals
say how many there were. The probe is logistic regression on vectors of English sentences, asked in other languages.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks import dependencies, transfer
from benchmarks.cases import scratch
from benchmarks.cases.pretraining import pretrained
from benchmarks.comparison import Clusters, interval, resampled
from benchmarks.harness import DATA, Goal, Row
from benchmarks.packed import pack

KIND = "ablation"
PAIRS = {"batch_size": 32}
ARMS: dict[str, dict[str, Any]] = {
    "random": {},
    "mlm": {"mlm": {}},
    "mlm+nsp": {"mlm": {}, "nsp": {}},
    "mlm+tlm": {"mlm": {}, "tlm": PAIRS},
    "mlm+tlm+ranking": {"mlm": {}, "tlm": PAIRS, "ranking": {"batch_size": 128}},
}
SEEDS = (0, 1, 2)
SIZE, STEPS, ROWS, LENGTH, RATE = "mini", 600, 64, 128, 1e-3
SET = "sib200"
PIECES_CODE = ("src/loanword/tokens/train.py",)


def rows() -> list[dict[str, Any]]:
    """Return the keys of all rows."""
    return [{"kind": KIND, "arm": arm, "seed": seed} for seed in SEEDS for arm in ARMS]


def code() -> set[str]:
    """Return the files that a row hangs on."""
    own = {f"benchmarks/cases/{name}.py" for name in ("ablation", "scratch", "pretraining", "case")}
    objectives = dependencies.reached("pretrain", *(f"objectives.{name}" for name in ("mlm", "nsp", "ranking")))
    return {*own, "benchmarks/transfer.py", *objectives, *dependencies.of_task("classification"), *PIECES_CODE}


def data() -> list[Path]:
    """Return the data files."""
    learned = [*scratch.mono().values(), *scratch.parallel().values()]
    return [*learned, *sorted((DATA / "tatoeba").glob("*.tsv")), *sorted((DATA / SET).glob("*.jsonl"))]


def measure(key: Mapping[str, Any], *, steps: int = STEPS) -> Row:
    """Train an encoder, and ask it."""
    from benchmarks.cases.clock import Clock

    objectives, clock = ARMS[key["arm"]], Clock()
    with tempfile.TemporaryDirectory() as out:
        recipe = {
            "model": "fresh",
            "fresh": {"tokenizer": str(scratch.pieces()), "size": SIZE},
            "seed": key["seed"],
            "out": out,
            "corpus": {
                **scratch.corpus(),
                "text": {tag: str(path) for tag, path in scratch.texts().items()},
                "boundary": "line",
            },
            "objectives": objectives or ARMS["mlm"],
            "training": {
                "batch_size": ROWS,
                "length": LENGTH,
                **({"steps": steps, "learning_rate": RATE} if objectives else {"steps": 1, "learning_rate": 1e-12}),
            },
            "evaluation": {"rows": 16},
        }
        done = pretrained(recipe, progress=clock)
        model = Path(out) / "model"
        right, found = probed(model, key["seed"]), scratch.translations_found(model)
    return {
        **found,
        "probe": {name: pack(values) for name, values in right.items()},
        "tokens": clock.tokens,
        "steps": len(clock.steps),
        "train_seconds": round(sum(clock.steps), 1),
        "held_out": done.report["held_out"][-1:],
    }


def probed(model: Path, seed: int) -> dict[str, np.ndarray]:
    """Return what accuracy counts of the answers of a probe on the vectors of `model`, by "set/language"."""
    from loanword.evaluation.evaluate import Evaluator
    from loanword.evaluation.metrics import METRICS
    from loanword.run import run

    train, dev, tests = transfer.tables(SET, seed)
    recipe = transfer.recipe("probe", model=str(model), seed=seed)
    bundle = run(recipe, tables={"train": {"en": train}, "dev": {"en": dev}, "test": {}}).bundle
    judge = Evaluator(bundle.model, bundle.task, bundle.tokenizer, bundle.hardware)
    count = METRICS.get("accuracy").rows
    answers = judge.answer(tests, judge.encode(tests))
    return {f"{SET}/{tag}": count(one.predictions, one.references) for tag, one in answers.items()}


def goals(found: Sequence[Row]) -> list[Goal]:
    """Judge what is there: every mixture on both, and whether ranking is ahead of masked language modelling alone."""
    of = {arm: [row for row in found if {"kind": KIND, "arm": arm}.items() <= row["key"].items()] for arm in ARMS}
    if any(len(rows) < len(SEEDS) for rows in of.values()):
        return []
    clusters = Clusters.of({name: table.group for name, table in scratch.tatoeba().items()})
    scores = {arm: mean_of(resampled(scratch.METRIC, rows, clusters)) for arm, rows in of.items()}
    groups = Clusters.of({f"{SET}/{tag}": table.group for tag, table in transfer.tables(SET, SEEDS[0])[2].items()})
    probes = {
        arm: mean_of(resampled("accuracy", [{"rows": row["probe"]} for row in rows], groups))
        for arm, rows in of.items()
    }
    tokens = {arm: fmean(row["tokens"] for row in rows) / 1e6 for arm, rows in of.items()}
    said = "; ".join(
        f"{arm} Tatoeba {percent(scores[arm])}, {SET} {percent(probes[arm])}, {tokens[arm]:.1f} M tokens"
        for arm in ARMS
    )
    ahead = scores["mlm+tlm+ranking"] - scores["mlm"]
    low = interval(ahead)[0]
    return [
        Goal("Tatoeba, with ranking against MLM alone", "lower bound > 0", f"{percent(ahead)} points", said, low > 0)
    ]


def mean_of(scores: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return the mean of the languages (1 + draws)."""
    found: np.ndarray = np.nanmean(np.stack([*scores.values()]), axis=0)
    return found


def percent(draws: np.ndarray) -> str:
    """Write a score with its interval, as percent."""
    low, high = interval(draws)
    return f"{100 * draws[0]:.1f} [{100 * low:.1f}, {100 * high:.1f}]"
