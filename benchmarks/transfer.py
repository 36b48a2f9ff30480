"""English labels carried to other languages: loanword's default recipe against the stock ones, on four data sets.

    make bench-transfer                   all rows that are not there yet, then the goals
    python -m benchmarks.transfer --plan  what is there and what is missing

"stock-shipped" and "stock-tuned" are the example as it is and with its own flags tuned; "stock-mean" is a stronger
recipe that no flag gives (peers/trainer_classification.py), printed beside them.

A row is (data set, method, encoder, seed): 1,000 English training rows at most, drawn by the seed; English dev; the
score is the accuracy on each target language's test set. Stock is tuned on the design sets, as ours is (docs/log.md).
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks import dependencies, harness
from benchmarks.encoders import folder
from benchmarks.harness import DATA, Goal, Row
from loanword import config
from loanword.data.read import read
from loanword.data.records import Table
from loanword.randomness import generator

NAME = "transfer"
SEEDS = (0, 1, 2)
ROWS = 1000
RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class DataSet:
    """Where a set's English files and its targets are, and by what its rows are clustered."""

    train: str
    dev: str
    source: str
    targets: tuple[str, ...]
    group: str


SETS = {
    "ha_intents": DataSet("en.train.jsonl", "en.dev.jsonl", "en", (), "block"),
    "sib200": DataSet("eng_Latn.train.jsonl", "eng_Latn.dev.jsonl", "eng_Latn", (), "id"),
    "umsab": DataSet("en.train.jsonl", "en.dev.jsonl", "en", (), "id"),
    "debian_topics": DataSet("en.train.jsonl.gz", "en.dev.jsonl", "en", (), "id"),
}
PARALLEL = ("sib200", "debian_topics")
"""Sets whose ids name the same text in every language."""

STOCK = ("stock-shipped", "stock-tuned")
METHODS = ("characters", "probe", "stock-shipped", "stock-tuned", "stock-mean", "loanword")
ENCODERS = {
    "pretrained": METHODS,
    "half": ("stock-shipped", "stock-tuned", "loanword"),
    "tiny": ("stock-shipped", "stock-tuned", "loanword"),
}
PEERS = [
    f"benchmarks/peers/{name}.py"
    for name in ("__init__", "mean_classifier", "rows", "short_table", "trainer_classification")
]
CODE = {
    "characters": ["benchmarks/peers/characters.py"],
    "stock-shipped": PEERS,
    "stock-tuned": [*PEERS, "benchmarks/tuned.py"],
    "stock-mean": [*PEERS, "benchmarks/tuned.py"],
}
"""What the rows of the peers hang on; ours hang on the code of the task, and on the values of their settings."""


def tables(name: str, seed: int) -> tuple[Table, Table, dict[str, Table]]:
    """Return the training rows of `seed`, the English dev rows, and the test rows of every target."""
    chosen, place = SETS[name], DATA / name
    columns = {"group": chosen.group}
    train = read(place / chosen.train, language="en", columns=columns)
    if len(train) > ROWS:
        train = train.select(sorted(generator(seed, "benchmark", name).choice(len(train), ROWS, replace=False)))
    dev = read(place / chosen.dev, language="en", columns=columns)
    tests = {
        path.name.split(".")[0]: read(path, language=path.name.split(".")[0], columns=columns)
        for path in sorted(place.glob("*.test.jsonl"))
        if path.name.split(".")[0] != chosen.source
    }
    return train, dev, tests


def measure(key: dict[str, object]) -> dict[str, object]:
    """Measure one row: which answers are right, by language."""
    seed, method = int(str(key["seed"])), str(key["method"])
    train, dev, tests = tables(str(key["set"]), seed)
    answer = {"characters": characters, "probe": loanword, "loanword": loanword}.get(method, stock)
    right, extra = answer(train, dev, tests, seed=seed, method=method, encoder=str(key["encoder"]))
    scores = {tag: float(np.mean(values)) for tag, values in right.items()}
    return {
        "accuracy": round(float(np.mean(list(scores.values()))), 5),
        "worst": min(scores, key=scores.__getitem__),
        "languages": {tag: round(score, 5) for tag, score in scores.items()},
        "right": {tag: np.packbits(values).tobytes().hex() for tag, values in right.items()},
        **extra,
    }


Right = dict[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Relative error reduction by set, its mean, the 95 % interval of the mean, and the `draws` that it is of."""

    sets: dict[str, float]
    mean: float
    low: float
    high: float
    draws: np.ndarray


def characters(
    train: Table, dev: Table, tests: dict[str, Table], *, seed: int, **_: object
) -> tuple[Right, dict[str, object]]:
    """What needs no encoder at all."""
    from benchmarks.peers.characters import fit

    model = fit(train.text, [str(label) for label in train.label])
    return {tag: model.predict(table.text) == np.asarray(table.label) for tag, table in tests.items()}, {}


def stock(
    train: Table, dev: Table, tests: dict[str, Table], *, seed: int, method: str, encoder: str
) -> tuple[Right, dict[str, object]]:
    """The Trainer, with the example's arguments or with tuned ones."""
    from benchmarks.peers.trainer_classification import Settings, run
    from benchmarks.tuned import STOCK, STOCK_MEAN

    labels = sorted({str(label) for label in train.label})
    settings = {"stock-shipped": Settings(), "stock-tuned": STOCK, "stock-mean": STOCK_MEAN}[method]
    targets = [labels.index(str(label)) for label in train.label]
    texts = [text for table in tests.values() for text in table.text]
    answers = run(
        str(folder(encoder, seed=seed)),
        train.text,
        targets,
        texts,
        seed=seed,
        settings=settings,
    )
    named = np.asarray(labels)[answers]
    right, start = {}, 0
    for tag, table in tests.items():
        right[tag] = named[start : start + len(table)] == np.asarray(table.label)
        start += len(table)
    return right, {}


def loanword(
    train: Table, dev: Table, tests: dict[str, Table], *, seed: int, method: str, encoder: str
) -> tuple[Right, dict[str, object]]:
    """The default recipe; or, as "probe", only its start: logistic regression on the untouched encoder."""
    from loanword.evaluation.evaluate import Evaluator
    from loanword.run import run

    model = "bundled:e5-small" if encoder == "pretrained" else str(folder(encoder, seed=seed))
    chosen = recipe(method, model=model, seed=seed)
    done = run(chosen, tables={"train": {"en": train}, "dev": {"en": dev}, "test": {}})
    evaluator = Evaluator(done.bundle.model, done.bundle.task, done.bundle.tokenizer, done.bundle.hardware)
    answers = evaluator.answer(tests, evaluator.encode(tests))
    right = {
        tag: np.asarray([p.label == label for p, label in zip(found.predictions, found.references, strict=True)])
        for tag, found in answers.items()
    }
    return right, {"train_seconds": round(done.report.seconds["train"], 1), "steps": done.report.training["steps"]}


def recipe(method: str, *, model: str = "bundled:e5-small", seed: int = 0) -> config.Recipe:
    """Return the recipe of "loanword" or "probe"."""
    return config.build(
        {
            "model": model,
            "seed": seed,
            "data": {"train": {"en": "memory"}},
            "training": {"max_steps": 1, "learning_rate": 1e-12} if method == "probe" else {},
            "evaluation": {"compare_checkpoints": False},
            "hardware": {"threads": int(os.environ.get("OMP_NUM_THREADS", "0"))},  # Not by the load of rows before.
        }
    )


def clusters(name: str) -> tuple[dict[str, np.ndarray], int]:
    """Return the cluster number of every test row, by language, and how many clusters the set has.

    Where ids are parallel, a cluster is a sentence in all languages; else it is a block in one language.
    """
    _, _, tests = tables(name, 0)
    numbers: dict[str, int] = {}
    members = {
        tag: np.asarray(
            [numbers.setdefault(group if name in PARALLEL else f"{tag}/{group}", len(numbers)) for group in table.group]
        )
        for tag, table in tests.items()
    }
    return members, len(numbers)


def compare(rows: Sequence[Row], encoder: str, theirs: Sequence[str]) -> Comparison:
    """Compare loanword with the better of `theirs`: relative error reduction by set, and the mean's 95 % interval.

    Clusters and, nested in them, seeds are resampled; both methods answer the same resampled rows.
    """
    found = {
        (row["key"]["set"], row["key"]["method"], row["key"]["seed"]): row
        for row in rows
        if row["key"]["encoder"] == encoder
    }
    rng = np.random.default_rng(0)
    sets: dict[str, float] = {}
    draws = np.zeros((RESAMPLES, len(SETS)))
    for column, name in enumerate(SETS):
        best = max(theirs, key=lambda method: np.mean([found[name, method, seed]["accuracy"] for seed in SEEDS]))
        members, total = clusters(name)
        counts = np.stack([np.bincount(numbers, minlength=total) for numbers in members.values()])
        right = []  # (seeds, languages, clusters) each: how many rows are answered right
        for method in ("loanword", best):
            answered = [
                [
                    np.bincount(
                        numbers, weights=_bits(found[name, method, seed]["right"][tag], len(numbers)), minlength=total
                    )
                    for tag, numbers in members.items()
                ]
                for seed in SEEDS
            ]
            right.append(np.asarray(answered))
        sets[name] = _reduction(*right, counts, weights=np.ones(total), seeds=np.arange(len(SEEDS)))
        for draw in range(RESAMPLES):
            weights = np.bincount(rng.integers(0, total, total), minlength=total)
            seeds = rng.integers(0, len(SEEDS), len(SEEDS))
            draws[draw, column] = _reduction(*right, counts, weights=weights, seeds=seeds)
    low, high = np.quantile(draws.mean(1), [0.025, 0.975])
    return Comparison(sets, float(np.mean(list(sets.values()))), float(low), float(high), draws.mean(1))


def _reduction(
    ours: np.ndarray, theirs: np.ndarray, counts: np.ndarray, *, weights: np.ndarray, seeds: np.ndarray
) -> float:
    """Return the relative error reduction in the mean over languages, on weighted clusters and some of the seeds."""
    rows = counts @ weights
    there = rows > 0
    mine, peer = (((part[seeds] @ weights).mean(0)[there] / rows[there]).mean() for part in (ours, theirs))
    return float((mine - peer) / (1 - peer))


def _bits(text: str, count: int) -> np.ndarray:
    return np.unpackbits(np.frombuffer(bytes.fromhex(text), dtype=np.uint8))[:count].astype(float)


def goals(rows: Sequence[Row]) -> list[Goal]:
    """Judge the parts of the table that are complete."""
    found = []
    there = {(row["key"]["set"], row["key"]["method"], row["key"]["encoder"], row["key"]["seed"]) for row in rows}
    for encoder, methods in ENCODERS.items():
        needed = [method for method in methods if method != "stock-mean"]
        if any((name, method, encoder, seed) not in there for name in SETS for method in needed for seed in SEEDS):
            continue
        result = compare(rows, encoder, STOCK)
        each = ", ".join(f"{name} {100 * value:+.1f} %" for name, value in result.sets.items())
        words = f"{100 * result.mean:.1f} % [{100 * result.low:.1f}, {100 * result.high:.1f}]"
        name = "relative error reduction over the better stock row"
        if encoder == "pretrained":
            met = result.mean >= 0.15 and result.low > 0
            found += [Goal(name, ">= 15 %, interval excludes 0", words, each, met), _never_worse(rows)]
        else:
            found.append(Goal(f"{encoder} encoder: {name}", "not worse than stock", words, each, result.mean >= 0))
    return found


def _never_worse(rows: Sequence[Row]) -> Goal:
    means: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row["key"]["encoder"] == "pretrained":
            means.setdefault((row["key"]["set"], row["key"]["method"]), []).append(row["accuracy"])
    leads = {
        (name, method): float(np.mean(means[name, "loanword"]) - np.mean(values))
        for (name, method), values in means.items()
        if method != "loanword"
    }
    worst = min(leads, key=leads.__getitem__)
    return Goal(
        "smallest lead over any row on any set",
        ">= -1.0 point",
        f"{100 * leads[worst]:+.1f} points ({worst[0]}, against {worst[1]})",
        "",
        leads[worst] >= -0.01,
    )


def table(rows: Sequence[Row]) -> str:
    """Set out the mean accuracy over targets and seeds (%), and how many seeds there are where some are missing."""
    lines = [f"{'encoder':12}{'method':16}" + "".join(f"{name:>16}" for name in SETS)]
    for encoder, methods in ENCODERS.items():
        for method in methods:
            cells = []
            for name in SETS:
                wanted = {"set": name, "method": method, "encoder": encoder}
                found = [row["accuracy"] for row in rows if wanted.items() <= row["key"].items()]
                missing = f" ({len(found)} seeds)" if len(found) < len(SEEDS) else ""
                cells.append(f"{100 * np.mean(found):.1f}{missing}" if found else "-")
            lines.append(f"{encoder:12}{method:16}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


def plan() -> list[dict[str, object]]:
    """Return the keys of all rows, cheapest and most wanted first."""
    order = [(encoder, method) for encoder, methods in ENCODERS.items() for method in methods]
    return [
        {"set": name, "method": method, "encoder": encoder, "seed": seed}
        for encoder, method in order
        for seed in SEEDS
        for name in SETS
    ]


def stamp(key: Mapping[str, object], installed: Mapping[str, str] | None = None) -> str:
    """Return the fingerprint of a row's code, settings and data, and of the versions, here or `installed`."""
    method = str(key["method"])
    ours = method not in CODE
    files = [*(dependencies.of_task("classification") if ours else CODE[method])]
    files += ["benchmarks/encoders.py"] if key["encoder"] != "pretrained" else []
    settings = dependencies.values(recipe(method)) if ours else ""
    data = list((DATA / str(key["set"])).glob("*.jsonl*"))
    return harness.fingerprint(code=files, data=data, settings=settings, installed=installed)


def current() -> list[Row]:
    """Return the rows of the result file that are not stale."""
    return harness.standing(NAME, plan(), stamp)


def main() -> None:
    """Measure what is missing, then judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--only", default="", help="part of a key, e.g. sib200 or loanword")
    parser.add_argument("--jobs", type=int, default=1, help="rows measured side by side, each with fewer threads")
    parser.add_argument("--take", type=Path, metavar="FILE", help="take over what another machine measured")
    chosen = parser.parse_args()
    if chosen.take:
        harness.take(NAME, chosen.take)
    if chosen.row:
        print(json.dumps(measure(json.loads(chosen.row))))
        return
    if not Path(DATA).is_dir():
        sys.exit(f"the data sets are not at {DATA}; set LOANWORD_BENCH_DATA")
    keys = [json.dumps(key) for key in plan()]
    if chosen.plan:
        there = {json.dumps(row["key"]) for row in current()}
        for key in keys:
            print("there  " if key in there else "missing", key)
        return
    wanted = [
        (json.loads(key), stamp(json.loads(key))) for key in keys if all(part in key for part in chosen.only.split(","))
    ]
    harness.measure(NAME, wanted, jobs=chosen.jobs)
    with harness.alone():
        rows = harness.load(NAME)["rows"]
        harness.write(NAME, rows=rows, goals=goals(current()))
    print(table(current()))


if __name__ == "__main__":
    main()
