"""Every task on real data: loanword's default recipes against stock ones, in quality, time and memory.

    make bench-tasks                   all rows that are not there yet, then a table and the goals
    python -m benchmarks.tasks --plan  what is there and what is missing
    python -m benchmarks.tasks --quick 20 --only pairs   a little of every row, to try it; nothing is kept
    python -m benchmarks.tasks --jobs 8 --only quality   several rows at once, whose time says nothing then
    python -m benchmarks.tasks --take tasks.json         the rows of quality that another machine wrote, with its name

cases/ says of each task what is trained on, what is tested, and how; peers/ are the stock recipes: transformers'
Trainer with the arguments of its example of the task, and sentence-transformers; as shipped, and tuned by their own
flags. All start from the same encoder.

There are three kinds of rows, each measured by a process of its own:
- "choice": the tuned recipe at one learning rate, with its own batch size or the example's, scored on the *source* dev
  set; the best of them is what the other rows use.
- "quality": a system with a seed, scored in every language; the machine may be busy. As shipped there is one seed.
- "time": an epoch of some training rows, timed, and the memory; refused while others use the machine. Those of one
  round follow one another: ours, tuned, as shipped; ours, ...

Classification is measured by bench-transfer, and enters the mean by its result file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks import dependencies, harness, transfer
from benchmarks.cases import learning
from benchmarks.cases.case import Case
from benchmarks.cases.machine import expect_idle
from benchmarks.cases.pairs import Pairs
from benchmarks.cases.questions import Questions
from benchmarks.cases.summarizing import Abstracting, Summarizing
from benchmarks.cases.tagging import Entities, PartsOfSpeech
from benchmarks.cases.translating import Translating
from benchmarks.cases.vectors import Retrieval, Similarity
from benchmarks.harness import DATA, Row
from benchmarks.task_goals import Elsewhere, Standing, goals, table

NAME = "tasks"
CASES: dict[str, Case] = {
    case.name: case
    for case in (
        *(Pairs(), Entities(), PartsOfSpeech(), Questions(), Similarity(), Retrieval()),
        *(Translating(), Summarizing(), Abstracting()),
    )
}
SEEDS = (0, 1, 2)
ROUNDS = 3
SYSTEMS = ("loanword", "stock-tuned", "stock-shipped")
LIMIT = 3600
"""Seconds a row may take: a recipe as shipped is slow."""
Key = dict[str, Any]


def choice_keys() -> list[Key]:
    """Return the keys of the rows that the tuned recipes' flags are chosen by."""
    return [
        {"kind": "choice", "task": name, "system": "stock-tuned", "seed": 0, **flags}
        for name, case in CASES.items()
        for flags in candidates(case)
    ]


def candidates(case: Case) -> list[Key]:
    """Return the flags of a tuned recipe that the source chooses from: its rate, and the example's own batch size."""
    small = {"batch_size": case.shipped.batch_size}
    return [{"rate": rate, **batch} for batch in ({}, small) for rate in case.rates]


def choose(rows: Sequence[Row]) -> dict[str, Key]:
    """Return the best flags of every task whose rows of that kind are all there: by source dev, the first of equals."""
    scores = {json.dumps(row["key"]): row["score"] for row in rows}
    found: dict[str, list[tuple[float, Key]]] = {}
    for key in choice_keys():
        if (score := scores.get(json.dumps(key))) is not None:
            found.setdefault(key["task"], []).append((score, flags_of(key)))
    return {
        name: max(tried, key=lambda pair: pair[0])[1]
        for name, tried in found.items()
        if len(tried) == len(candidates(CASES[name]))
    }


def flags_of(key: Key) -> Key:
    """Return what a row's key says of a tuned recipe's flags."""
    return {name: key[name] for name in ("rate", "batch_size") if name in key}


def case_of(key: Key) -> Case:
    """Return the case of a row, its tuned recipe with the batch size that the key says."""
    case = CASES[key["task"]]
    if "batch_size" in key:
        case = copy(case)
        case.tuned = replace(case.tuned, batch_size=key["batch_size"], accumulate=1)
    return case


def plan(chosen: Mapping[str, Key]) -> list[Key]:
    """Return the keys of the other rows, those to be compared one after another; tuned ones where flags are `chosen`.

    Rows of time come last, when nothing else is to be done.
    """
    keys: list[Key] = []
    for seed in SEEDS:
        for name, case in CASES.items():
            stock = () if case.alone else ("stock-tuned", *(["stock-shipped"] if seed == SEEDS[0] else []))
            systems = ["loanword", *stock, *(case.others if seed == SEEDS[0] else ())]
            keys += [{"kind": "quality", "task": name, "system": system, "seed": seed} for system in systems]
    for number in range(ROUNDS):
        keys += [
            {"kind": "time", "task": name, "system": system, "seed": number}
            for name, case in CASES.items()
            for system in SYSTEMS
            if not case.alone
        ]
    for key in keys:
        if key["system"] == "stock-tuned":
            key.update(chosen.get(key["task"], {}))
    return [key for key in keys if key["system"] != "stock-tuned" or flags_of(key)]


def every() -> list[Key]:
    """Return the keys of all rows that can be measured by now: tuned ones where their flags are known."""
    return [*choice_keys(), *plan(choose(current(choice_keys())))]


def measure(key: Key, *, quick: int = 0) -> Row:
    """Measure one row; `quick` takes so few rows of every test, and ten times as many to train on."""
    case, system, seed, rate = case_of(key), key["system"], key["seed"], key.get("rate")
    rows = case.rows(seed)
    rows = rows.small(quick) if quick else rows
    if key["kind"] != "time":
        return learning.learn(case, rows, system, seed=seed, rate=rate, on_dev=key["kind"] == "choice")
    if not quick:
        expect_idle()
    return learning.timed(case, rows, system, seed=seed, rate=rate)


def stamp(key: Key, installed: Mapping[str, str] | None = None) -> str:
    """Return the fingerprint of a row's code, settings and data, and of the versions, here or `installed`."""
    case, system = case_of(key), key["system"]
    files = {f"benchmarks/cases/{name}.py" for name in ("case", "learning", "machine")}
    files |= {f"src/loanword/evaluation/{name}.py" for name in ("metrics", case.judge)}
    if system.startswith("stock"):
        files |= {f"benchmarks/{name}" for name in case.files}
        files |= {f"benchmarks/peers/{name}.py" for name in ("settings", "clock", "short_table")}
        settings = f"{learning.stock(case, system, rate=key.get('rate'))} {_version('sentence-transformers')}"
    else:
        files |= {f"benchmarks/{case.files[0]}", "benchmarks/cases/clock.py", *dependencies.of_task(case.task)}
        settings = dependencies.values(learning.recipe(case, system))
    return harness.fingerprint(code=files, data=case.data(), settings=settings, installed=installed)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""


def current(keys: Sequence[Key]) -> list[Row]:
    """Return the rows of the result file that have one of `keys` and are not stale."""
    return harness.standing(NAME, keys, stamp)


def fill(keys: Sequence[Key], *, jobs: int) -> None:
    """Measure those of `keys` that have no row; `jobs` at a time, unless time is what is measured."""
    there = {json.dumps(row["key"]) for row in current(keys)}
    missing = [key for key in keys if json.dumps(key) not in there]
    timed = [key for key in missing if key["kind"] == "time"]
    scored = [key for key in missing if key not in timed]
    harness.measure(NAME, [(key, stamp(key)) for key in scored], jobs=jobs, limit=LIMIT)
    harness.measure(NAME, [(key, stamp(key)) for key in timed], limit=LIMIT)


def standings(rows: Sequence[Row]) -> dict[str, Standing]:
    """Return how the systems do on every task."""
    there = {row["key"]["task"] for row in rows if row["key"]["kind"] == "quality"}
    return {
        name: Standing.of(case, rows, {key: table.group for key, table in case.rows(SEEDS[0]).tests.items()})
        if name in there
        else Standing(case, {}, {})
        for name, case in CASES.items()
    }


def classification() -> dict[str, Elsewhere]:
    """Return what bench-transfer says of classification; nothing where its rows are missing or stale."""
    rows = [row for row in transfer.current() if row["key"]["encoder"] == "pretrained"]
    there = {(row["key"]["set"], row["key"]["method"], row["key"]["seed"]): row["accuracy"] for row in rows}
    means = {}
    for method in ("loanword", "stock-tuned"):
        needed = [(name, method, seed) for name in transfer.SETS for seed in transfer.SEEDS]
        if not all(key in there for key in needed):
            print("classification is not in the mean: make bench-transfer has rows to measure", file=sys.stderr)
            return {}
        means[method] = fmean(there[key] for key in needed)
    found = transfer.compare(rows, "pretrained", ("stock-tuned",))
    lead = 100 * (means["loanword"] - means["stock-tuned"])
    return {"classification": Elsewhere(np.array([found.mean, *found.draws]), lead)}


def main() -> None:
    """Measure what is missing, then print the table and the goals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", help="measure one row (JSON key) and print it")
    parser.add_argument("--plan", action="store_true", help="print what is there and what is missing")
    parser.add_argument("--only", default="", help="parts of a key, e.g. pairs,quality or loanword")
    parser.add_argument("--quick", type=int, default=0, metavar="ROWS", help="try every row with a few rows of data")
    parser.add_argument("--jobs", type=int, default=1, help="rows measured at once, but for those of time")
    parser.add_argument("--take", type=Path, metavar="FILE", help="take over what another machine measured")
    options = parser.parse_args()
    if options.take:
        harness.take(NAME, options.take)
    if options.row:
        print(json.dumps(measure(json.loads(options.row), quick=options.quick)))
        return
    if not DATA.is_dir():
        sys.exit(f"the data sets are not at {DATA}; set LOANWORD_BENCH_DATA")

    def wanted(keys: Sequence[Key]) -> list[Key]:
        return [key for key in keys if all(part in json.dumps(key) for part in options.only.split(","))]

    if options.quick:
        tried = {name: flags[0] for name, case in CASES.items() if (flags := candidates(case))}
        for key in wanted([*choice_keys(), *plan(tried)]):
            _try(key, options.quick)
        return
    if not options.plan:
        fill(wanted(choice_keys()), jobs=options.jobs)
    keys = every()
    if options.plan:
        there = {json.dumps(row["key"]) for row in current(keys)}
        for key in keys:
            print("there  " if json.dumps(key) in there else "missing", json.dumps(key))
        return
    fill(wanted(keys), jobs=options.jobs)
    keys = every()  # Another process may have measured choices meanwhile.
    rows = current(keys)
    found = standings(rows)
    judged = goals(found, rows, classification())
    with harness.alone():
        harness.write(NAME, rows=current(every()), goals=judged)
    print(f"{table(found, rows)}\n\n{len(keys) - len(rows)} of {len(keys)} rows are missing")
    for goal in judged:
        print(f"{'met   ' if goal.met else 'MISSED'} {goal.name}: {goal.measured} (goal {goal.goal})")


def _try(key: Key, quick: int) -> None:
    command = [sys.executable, "-m", "benchmarks.tasks", "--row", json.dumps(key), "--quick", str(quick)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{json.dumps(key)}: failed\n{done.stderr[-2000:]}")
        return
    row = json.loads(done.stdout.splitlines()[-1])
    row.pop("rows", None)
    print(f"{json.dumps(key)}: {json.dumps(row)}", flush=True)


if __name__ == "__main__":
    main()
