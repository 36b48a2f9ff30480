"""Pretraining, vocabulary, and languages that no model knows: what `loanword pretrain` and `adapt` give.

    make bench-pretrain                   all rows that are not there yet, then the goals and a curve
    python -m benchmarks.pretrain --plan  what is there and what is missing
    python -m benchmarks.pretrain --jobs 8 --only weak     several rows at once; those of time and memory are not
    python -m benchmarks.pretrain --take pretrain.json     the scores that another machine measured, with its name

cases/ says what each kind of row measures: "weak" is languages that encoders hardly know, before and after adapting;
"mlm-speed" and "ranking-speed" are steps of these objectives beside those of stock recipes, on an idle machine;
"time-to-quality" is how soon translations are found by an encoder that began with random weights, idle as well;
"mlm-loss" is what an encoder and its stock twin learned after as many pieces; "ablation" is what each objective gives
an encoder that begins with nothing; "extension" is how soon new pieces are read, by what their rows start from;
"corpus-memory" is what a larger corpus takes.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import harness
from benchmarks.cases import (
    ablation,
    corpus_memory,
    extension,
    mlm_loss,
    mlm_speed,
    ranking_speed,
    time_to_quality,
    weak,
)
from benchmarks.harness import DATA, Row

NAME = "pretrain"
PICTURE = harness.ROOT / "docs" / "pictures" / "time-to-quality.svg"
KINDS = {
    "weak": weak,
    ablation.KIND: ablation,
    corpus_memory.KIND: corpus_memory,
    extension.KIND: extension,
    mlm_loss.KIND: mlm_loss,
    mlm_speed.KIND: mlm_speed,
    ranking_speed.KIND: ranking_speed,
    time_to_quality.KIND: time_to_quality,
}
TIMED = (mlm_speed.KIND, ranking_speed.KIND, time_to_quality.KIND, corpus_memory.KIND)
"""Kinds of rows that say something of the machine, and are measured one after another."""
LIMIT = 3600
Key = dict[str, Any]


def keys() -> list[Key]:
    """Return the keys of all rows."""
    return [key for kind in KINDS.values() for key in kind.rows()]


def stamp(key: Key, installed: Mapping[str, str] | None = None) -> str:
    """Return the fingerprint of a row's code and data, and of the versions, here or `installed`."""
    kind = KINDS[key["kind"]]
    return harness.fingerprint(code=kind.code(), data=kind.data(), installed=installed)


def current() -> list[Row]:
    """Return the rows of the result file that are not stale."""
    return harness.standing(NAME, keys(), stamp, timed=TIMED)


def draw(rows: Sequence[Row]) -> None:
    """Draw how soon translations are found: ours a budget a point, stock's as it is looked at, a line for each seed."""
    import vl_convert

    there = [row for row in rows if row["key"]["kind"] == time_to_quality.KIND]
    points = [
        {"minutes": minutes, "score": 100 * score, "system": system, "seed": row["key"]["seed"]}
        for row in there
        for minutes, score in row.get("curve", [(row["key"]["minutes"] and row["seconds"] / 60, row["score"])])
        for system in ("loanword", "stock-tuned")
        if row["key"]["system"] in ("start", system)
    ]
    axis = {"labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": "normal"}
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "width": 460,
        "height": 260,
        "background": "white",
        "data": {"values": points},
        "mark": {"type": "line", "point": True},
        "encoding": {
            "x": {"field": "minutes", "type": "quantitative", "title": "minutes of training", "axis": axis},
            "y": {"field": "score", "type": "quantitative", "title": "Tatoeba, %, mean of 20 languages", "axis": axis},
            "color": {"field": "system", "type": "nominal", "scale": {"range": ["#1f6f8b", "#c8553d"]}},
            "detail": {"field": "seed"},
        },
    }
    PICTURE.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what is missing, and judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", help="measure one row (JSON key) and print it")
    parser.add_argument("--plan", action="store_true", help="print what is there and what is missing")
    parser.add_argument("--only", default="", help="parts of a key, e.g. weak")
    parser.add_argument("--jobs", type=int, default=1, help="rows measured at once, but for those of time and memory")
    parser.add_argument("--take", type=Path, metavar="FILE", help="take over what another machine measured")
    options = parser.parse_args(arguments)
    if options.take:
        harness.take(NAME, options.take)
    if options.row:
        key = json.loads(options.row)
        print(json.dumps(KINDS[key["kind"]].measure(key)))
        return
    if not DATA.is_dir():
        sys.exit(f"the data sets are not at {DATA}; set LOANWORD_BENCH_DATA")
    wanted = [key for key in keys() if all(part in json.dumps(key) for part in options.only.split(","))]
    if options.plan:
        there = [row["key"] for row in current()]
        for key in wanted:
            print("there  " if key in there else "missing", json.dumps(key))
        return
    there = [row["key"] for row in current()]
    missing = [(key, stamp(key)) for key in wanted if key not in there]
    harness.measure(NAME, [one for one in missing if one[0]["kind"] not in TIMED], jobs=options.jobs, limit=LIMIT)
    harness.measure(NAME, [one for one in missing if one[0]["kind"] in TIMED], limit=LIMIT)
    rows = current()
    judged = [goal for kind in KINDS.values() for goal in kind.goals(rows)]
    with harness.alone():
        harness.write(NAME, rows=rows, goals=judged)
    for goal in judged:
        print(f"{'met   ' if goal.met else 'MISSED'} {goal.name}: {goal.measured} (goal {goal.goal})")
    draw(rows)


if __name__ == "__main__":
    main()
