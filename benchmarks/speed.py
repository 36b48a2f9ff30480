"""How long it takes and how much memory: loanword against the stock Trainer, on one idle machine.

    make bench-speed                   all rows that are not there yet, then the goals
    python -m benchmarks.speed --plan  what is there and what is missing

A row is one process, refused while others use the machine, which measures the machine's peak before it works; cases/
says what it does then. Those of one round follow one another: ours, tuned, as shipped; ours, ...
Beside each ratio stands the share of the arithmetic ceiling that is reached: the matrix products of real tokens at the
measured peak, and for a step the 28 bytes a trained weight that AdamW moves, at the measured bandwidth.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np

from benchmarks import dependencies, harness
from benchmarks.cases.machine import expect_idle, peaks
from benchmarks.cases.training import TRAIN
from benchmarks.harness import Goal, Row
from loanword import config

NAME = "speed"
WHO = ("loanword", "stock-tuned", "stock-shipped")
PEERS = [f"benchmarks/peers/{name}.py" for name in ("__init__", "clock", "mean_classifier", "rows", "trainer_speed")]
TRAINING = [f"benchmarks/cases/{name}.py" for name in ("clock", "machine", "training", "large")] + PEERS
ANSWERING = [*TRAINING, "benchmarks/cases/answering.py", "benchmarks/encoders.py"]
CODE = {
    "training": TRAINING,
    "answering": ANSWERING,
    "frozen": [*ANSWERING, "benchmarks/cases/frozen.py"],
    "start": ["benchmarks/cases/machine.py", "benchmarks/cases/start.py", "src/loanword"],
}
"""What a row of each kind hangs on: its file in cases/ and what that imports, beside what classification hangs on."""
STARTS = 7
"""Starts are short and differ by a tenth: more of them."""


def plan() -> list[dict[str, object]]:
    """Return the keys of all rows; those to be compared follow one another."""
    keys: list[dict[str, object]] = []
    for number in range(3):
        keys += [{"case": "train-short", "who": who, "round": number} for who in WHO]
        keys += [{"case": "evaluate", "who": who, "round": number} for who in WHO]
        keys += [
            {"case": f"frozen-{layers}-{name}", "who": "loanword", "round": number}
            for layers in (6, 11, 12)
            for name in ("ha_intents", "sib200")
        ]
    keys += [{"case": "start", "who": "loanword", "round": number} for number in range(STARTS)]
    for number in range(2):
        keys += [{"case": case, "who": who, "round": number} for case in list(TRAIN)[1:] for who in WHO]
    return keys


def kind(case: str) -> str:
    """Say which of the files in cases/ a case is in."""
    return {"evaluate": "answering", "start": "start"}.get(case, "frozen" if case.startswith("frozen") else "training")


def measure(key: dict[str, Any]) -> Row:
    """Measure one row."""
    expect_idle()
    found: Row = {"peaks": peaks()}
    case, who, which = str(key["case"]), str(key["who"]), kind(str(key["case"]))
    if which == "training":
        from benchmarks.cases.training import train

        return {**found, **train(TRAIN[case], who, seed=int(key["round"]))}
    if which == "answering":
        from benchmarks.cases.answering import evaluate

        return {**found, **evaluate(who)}
    if which == "frozen":
        from benchmarks.cases.frozen import frozen

        _, layers, name = case.split("-")
        return {**found, **frozen(int(layers), name)}
    from benchmarks.cases.start import start

    return {**found, **start()}


def goals(rows: Sequence[Row]) -> list[Goal]:
    """Judge every case whose rows are all there."""
    return [goal for judge in (_train_goals, _evaluate_goals, _frozen_goals, _start_goals) for goal in judge(rows)]


def _of(rows: Sequence[Row], case: str, who: str) -> list[Row]:
    return [row for row in rows if row["key"]["case"] == case and row["key"]["who"] == who]


def _ratio(rows: Sequence[Row], case: str, who: str, value: str) -> tuple[float, str]:
    """Return the median over rounds of theirs to ours, and that with the extremes."""
    ours, theirs = ({row["key"]["round"]: row[value] for row in _of(rows, case, name)} for name in ("loanword", who))
    found = [theirs[number] / ours[number] for number in sorted(set(ours) & set(theirs))]
    return median(found), f"{median(found):.2f} [{min(found):.2f}, {max(found):.2f}]"


def _body(encoder: str) -> int:
    """Count the weights that every token is multiplied with."""
    layers, width = (12, 768) if encoder == "base" else (12, 384)
    return layers * 12 * width**2


def _train_goals(rows: Sequence[Row]) -> Iterator[Goal]:
    wanted = {"train-short": (12.0, 2.0, 0.5)}
    for case, shape in TRAIN.items():
        ours = _of(rows, case, "loanword")
        if any(not _of(rows, case, who) for who in WHO):
            continue
        shares, floors = [], []
        for row in ours:
            peak, copy = row["peaks"]["bf16"], row["peaks"]["copy"]
            floor = 6 * row["tokens"] * _body(shape["encoder"]) / peak + 28 * row["weights"] / copy
            floors.append(floor)
            shares.append(floor / row["seconds_step"])
        seconds = {who: median(row["seconds_step"] for row in _of(rows, case, who)) for who in WHO}
        ceiling = (
            f"a step: {1e3 * seconds['loanword']:.0f} ms, tuned {1e3 * seconds['stock-tuned']:.0f}, as shipped "
            f"{1e3 * seconds['stock-shipped']:.0f}; floor {1e3 * median(floors):.0f} ms at {peak / 1e9:.0f} GFLOP/s "
            f"and {copy / 1e9:.0f} GB/s"
        )
        shipped, tuned, memory_share = wanted.get(case, (0.0, 0.0, 0.0))
        gate = _gate(rows) if case == "train-short" else ""
        for who, goal in (("stock-shipped", shipped), ("stock-tuned", tuned)):
            ratio, words = _ratio(rows, case, who, "seconds_step")
            text = f">= {goal:.0f}" if goal else "no goal"
            yield Goal(f"{case}: times faster than {who}", text, words, f"{ceiling}{gate}", ratio >= goal)
        ratio, words = _ratio(rows, case, "stock-tuned", "memory")
        text = f">= {1 / memory_share:.0f}" if memory_share else "no goal"
        sizes = ", ".join(f"{who} {median(row['memory'] for row in _of(rows, case, who)):.2f} GB" for who in WHO)
        yield Goal(
            f"{case}: times less memory than stock-tuned",
            text,
            words,
            sizes,
            not memory_share or ratio >= 1 / memory_share,
        )
        share = median(shares)
        text = ">= 80 %" if shipped else "no goal"
        yield Goal(f"{case}: share of the ceiling", text, f"{100 * share:.0f} %", ceiling, not shipped or share >= 0.8)


def _gate(rows: Sequence[Row]) -> str:
    """Say how accuracy compares, ours less tuned stock's, with an interval over languages."""
    ours, theirs = (_of(rows, "train-short", who) for who in ("loanword", "stock-tuned"))
    tags = sorted(ours[0]["languages"])
    difference = np.array(
        [mean(row["languages"][tag] for row in ours) - mean(row["languages"][tag] for row in theirs) for tag in tags]
    )
    draws = np.random.default_rng(0).choice(difference, (2000, len(tags))).mean(1)
    low, high = np.quantile(draws, [0.025, 0.975])
    return f"; accuracy less tuned stock's {100 * difference.mean():+.1f} points [{100 * low:+.1f}, {100 * high:+.1f}]"


def _evaluate_goals(rows: Sequence[Row]) -> Iterator[Goal]:
    if any(not _of(rows, "evaluate", who) for who in WHO):
        return
    scores = {who: median(mean(row["languages"].values()) for row in _of(rows, "evaluate", who)) for who in WHO}
    same = ", ".join(f"{who} {100 * score:.1f} %" for who, score in scores.items())
    seconds = {who: median(row["seconds_all"] for row in _of(rows, "evaluate", who)) for who in WHO}
    spent = ", ".join(f"{who} {value:.1f} s" for who, value in seconds.items())
    for who, goal in (("stock-shipped", 8.0), ("stock-tuned", 1.3)):
        ratio, words = _ratio(rows, "evaluate", who, "seconds_all")
        yield Goal(
            f"evaluate 34 languages: times faster than {who}", f">= {goal}", words, f"{spent}; {same}", ratio >= goal
        )
    ours = _of(rows, "evaluate", "loanword")
    floors = [2 * row["tokens"] * _body("pretrained") / row["peaks"]["bf16"] for row in ours]
    share = median(floor / row["seconds_all"] for floor, row in zip(floors, ours, strict=True))
    text = f"floor {median(floors):.1f} s at the peak that each process measured"
    yield Goal("evaluate 34 languages: share of the ceiling", ">= 80 %", f"{100 * share:.0f} %", text, share >= 0.8)


def _frozen_goals(rows: Sequence[Row]) -> Iterator[Goal]:
    for name in ("ha_intents", "sib200"):
        for layers in (6, 11, 12):
            found = _of(rows, f"frozen-{layers}-{name}", "loanword")
            if not found:
                continue
            if layers == 12:  # Five seeds, four learning rates; what is worked out once is counted.
                ratios = [row["runs"] * row["slow"] / (row["runs"] * row["fast"] + row["once"]) for row in found]
                goal, text = 50.0, ">= 50"
            else:
                ratios = [row["slow"] / row["fast"] for row in found]
                most = (36 - 2 * layers) / (3 * (12 - layers))
                goal, text = 0.9 * most, f">= {0.9 * most:.2f}, 90 % of {most:.2f}"
            each = ", ".join(
                f"{1e3 * median(row[part] / row['steps'] for row in found):.1f} ms a step {words}"
                for part, words in (("slow", "anew"), ("fast", "known"))
            )
            once = f"; once {median(row['once'] for row in found):.2f} s"
            yield Goal(
                f"{layers} of 12 layers frozen, {name}: times faster with what they said",
                text,
                f"{median(ratios):.2f} [{min(ratios):.2f}, {max(ratios):.2f}]",
                each + once,
                median(ratios) >= goal,
            )


def _start_goals(rows: Sequence[Row]) -> Iterator[Goal]:
    if found := [row["seconds_start"] for row in _of(rows, "start", "loanword")]:
        words = f"{median(found):.1f} s [{min(found):.1f}, {max(found):.1f}]"
        yield Goal("from the command to the first step", "<= 6 s", words, "", median(found) <= 6)


def stamp(key: dict[str, object]) -> str:
    """Fingerprint what a row hangs on."""
    which = kind(str(key["case"]))
    if which == "start":  # Every import takes time.
        return harness.fingerprint(code=CODE[which], data=[])
    code = {*CODE[which], *dependencies.of_task("classification"), "src/loanword/cost.py"}
    default = config.build({"data": {"train": {"en": "memory"}}})
    return harness.fingerprint(code=code, data=[], settings=dependencies.values(default))


def main() -> None:
    """Measure what is missing and print the goals; or one row, for the harness."""
    parser = argparse.ArgumentParser(description="Time loanword against the stock Trainer.")
    parser.add_argument("--row", help="measure one row (JSON key) and print it")
    parser.add_argument("--predict", nargs=2, metavar=("HEAD", "LANGUAGE"), help="answer one language as shipped")
    parser.add_argument("--plan", action="store_true", help="print what is there and what is missing")
    options = parser.parse_args()
    if options.row:
        print(json.dumps(measure(json.loads(options.row))))
        return
    if options.predict:
        from benchmarks.cases.answering import predict_stock

        head, tag = options.predict
        print(json.dumps(predict_stock(Path(head), [tag], tuned=False)[1][tag]))
        return
    wanted = [(key, stamp(key)) for key in plan()]
    known = {json.dumps(row["key"]): row["fingerprint"] for row in harness.load(NAME)["rows"]}
    if options.plan:
        for key, mark in wanted:
            print("there  " if known.get(json.dumps(key)) == mark else "missing", json.dumps(key))
        return
    harness.measure(NAME, wanted)
    marks = {json.dumps(key): mark for key, mark in wanted}
    with harness.alone():
        rows = [row for row in harness.load(NAME)["rows"] if marks.get(json.dumps(row["key"])) == row["fingerprint"]]
        found = goals(rows)
        harness.write(NAME, rows=rows, goals=found)
    if len(rows) < len(wanted):
        print(f"{len(wanted) - len(rows)} of {len(wanted)} rows are missing: the goals are those of the others")
    for goal in found:
        print(
            f"{'met   ' if goal.met else 'MISSED'} {goal.name}: {goal.measured} (goal {goal.goal})"
            f"\n       {goal.ceiling}"
        )


if __name__ == "__main__":
    main()
