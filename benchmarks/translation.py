"""Translation with the encoder inside: what pretraining gives, and whether the model beats a translation memory.

    make bench-translation                       all rows that are not there yet, then the goals and the learning curves
    python -m benchmarks.translation --plan      what is there and what is missing
    python -m benchmarks.translation --jobs 7    several rows at once
    python -m benchmarks.translation --take translation.json   the rows that another machine wrote
    python -m benchmarks.translation --outputs   twenty outputs as they came, for docs/how-to/translation.md

One model learns to translate GNOME's help from English into three languages by the default recipe, on the pretrained
encoder and on one of the same shape with random weights, in equally many steps. The memory answers with the translation
of the nearest training text: by the encoder's vectors or by the letters, whichever is better on dev. Pages are the
clusters. The twenty outputs are drawn by chance.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks import dependencies, harness
from benchmarks.cases import learning
from benchmarks.cases.case import Tables
from benchmarks.cases.clock import Clock
from benchmarks.cases.translating import Translating
from benchmarks.cases.vectors import parallel
from benchmarks.comparison import Clusters, interval, resampled
from benchmarks.encoders import folder
from benchmarks.harness import DATA, Goal, Row
from loanword import config
from loanword.data.records import Table
from loanword.encoders import bundled
from loanword.randomness import generator

NAME = "translation"
TAGS = ("de", "fr", "es")
SEEDS = (0, 1, 2)
CURVE = 20
"""Dev rows a language that a point of the learning curve is measured on."""
SHOWN = 20
LIMIT = 3600
CASE = Translating()
PICTURE = harness.ROOT / "docs" / "pictures" / "translation.svg"
ALL = 10**9


class Curve(Clock):
    """Notes dev scores as well."""

    def __init__(self) -> None:
        super().__init__()
        self.points: list[dict[str, float]] = []

    def on_evaluate(self, state: Any, scores: Mapping[str, float]) -> None:
        """Note the point."""
        self.points.append({"step": state.step, **{tag: round(score, 4) for tag, score in scores.items()}})


def keys() -> list[dict[str, Any]]:
    """Return the keys of all rows; those to be compared follow one another."""
    trained = [{"system": system, "seed": seed} for seed in SEEDS for system in ("pretrained", "random")]
    return [{"system": "memory", "seed": 0}, *trained]


def tables(split: str, count: int = ALL) -> Tables:
    """Return the rows of a split, of the three languages."""
    every = parallel(split, count, 0)
    return {f"en:{tag}": every[f"en:{tag}"] for tag in TAGS}


def asked() -> Tables:
    """Return the test rows by "set/language"."""
    return {f"gnome/{name.removeprefix('en:')}": rows for name, rows in tables("test").items()}


def recipe(model: str, seed: int) -> config.Recipe:
    """Return the default recipe."""
    return config.build(
        {
            "task": "translation",
            "model": model,
            "seed": seed,
            "data": {"train": {f"en:{tag}": "memory" for tag in TAGS}},
            "evaluation": {"compare_checkpoints": False},
        }
    )


def measure(key: dict[str, Any]) -> Row:
    """Measure one row."""
    train, tests = tables("train"), asked()
    if key["system"] == "memory":
        answers, more = remembered(train, tables("dev"), tests)
    else:
        answers, more = written(train, tests, system=key["system"], seed=key["seed"])
    return {**learning.judged(CASE, tests, answers, keep=True), **more, "outputs": outputs(tests, answers)}


def written(train: Tables, tests: Tables, *, system: str, seed: int) -> tuple[dict[str, Any], Row]:
    """Train a model and let it translate; with its learning curve."""
    from loanword.evaluation.evaluate import Evaluator
    from loanword.run import run

    curve = Curve()
    given = {"train": train, "dev": tables("dev", CURVE), "test": {}}
    model = str(folder("pretrained", seed=0) if system == "pretrained" else forgetful(seed))
    done = run(recipe(model, seed), tables=given, progress=curve)
    judge = Evaluator(done.bundle.model, done.bundle.task, done.bundle.tokenizer, done.bundle.hardware)
    answers = {name: found.predictions for name, found in judge.answer(tests, judge.encode(tests)).items()}
    return answers, {
        "curve": curve.points,
        "settings": done.report.training,
        "train_seconds": round(sum(curve.steps), 1),
    }


def forgetful(seed: int) -> Path:
    """Return the folder of an encoder of the bundled one's shape with random weights."""
    import torch
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    target = bundled.cache_root() / f"bench-random-{seed}"
    if not target.exists():
        torch.manual_seed(seed)
        whole, staging = bundled.folder(), Path(tempfile.mkdtemp(dir=bundled.cache_root()))
        AutoTokenizer.from_pretrained(whole).save_pretrained(staging)
        AutoModel.from_config(AutoConfig.from_pretrained(whole), add_pooling_layer=False).save_pretrained(staging)
        staging.rename(target)
    return target


def remembered(train: Tables, dev: Tables, tests: Tables) -> tuple[dict[str, Any], Row]:
    """Answer with the translation of the nearest training text, by what is nearest on dev."""
    from loanword.evaluation.metrics import METRICS
    from loanword.tasks.task import TASKS, Prediction

    task, metric = TASKS.get("translation")(), METRICS.get("chrf")

    def answer(near: Any, asked: Table, known: Table) -> list[Any]:
        return [Prediction(known.pair[place]) for place in near(asked.text, known.text)]

    scores = {}
    for name, near in NEAREST.items():
        found = {tag: answer(near, dev[tag], train[tag]) for tag in dev}
        scores[name] = fmean(metric.reduce(metric.rows(found[tag], task.references(list(dev[tag])))) for tag in dev)
    best = max(scores, key=scores.__getitem__)
    answers = {name: answer(NEAREST[best], table, train[f"en:{name[6:]}"]) for name, table in tests.items()}
    return answers, {"settings": {"nearest_by": best}, "dev": {name: round(value, 4) for name, value in scores.items()}}


def by_letters(asked: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """Return the place of the nearest of `known` by the cosine of weighted sequences of three to five letters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    weigh = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5)).fit(known)
    found: np.ndarray = (weigh.transform(asked) @ weigh.transform(known).T).toarray().argmax(axis=1)
    return found


def by_vectors(asked: Sequence[str], known: Sequence[str]) -> np.ndarray:
    """Return the place of the nearest of `known` by the encoder's vectors."""
    import loanword

    here, there = (
        np.asarray(loanword.embed(texts, model="bundled:e5-small", language="en")) for texts in (asked, known)
    )
    found: np.ndarray = (here @ there.T).argmax(axis=1)
    return found


NEAREST = {"letters": by_letters, "vectors": by_vectors}


def outputs(tests: Tables, answers: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return some of the answers, drawn by chance, with their chrF."""
    from loanword.evaluation.metrics import METRICS
    from loanword.tasks.task import TASKS

    task, metric = TASKS.get("translation")(), METRICS.get("chrf")
    every = [(name, row) for name, table in tests.items() for row in range(len(table))]
    drawn = sorted(generator(0, "outputs").choice(len(every), SHOWN, replace=False))
    drawn_rows = []
    for name, row in (every[place] for place in drawn):
        record, said = tests[name][row : row + 1], answers[name][row]
        score = metric.reduce(metric.rows([said], task.references(list(record))))
        drawn_rows.append(
            {
                "into": name[6:],
                "text": record.text[0],
                "written": str(said.label),
                "human": record.pair[0],
                "chrf": round(score, 3),
            }
        )
    return sorted(drawn_rows, key=lambda one: -one["chrf"])


def stamp(key: Mapping[str, Any], installed: Mapping[str, str] | None = None) -> str:
    """Return the fingerprint of a row's code, settings and data, and of the versions, here or `installed`."""
    files = {
        "benchmarks/translation.py",
        "benchmarks/encoders.py",
        "benchmarks/cases/vectors.py",
        "benchmarks/cases/case.py",
    }
    files |= {"src/loanword/evaluation/text_metrics.py", *dependencies.of_task("translation")}
    data = [DATA / "gnome_help" / f"en-{tag}.{split}.tsv" for tag in TAGS for split in ("train", "dev", "test")]
    settings = dependencies.values(recipe("bundled:e5-small", key["seed"]))
    return harness.fingerprint(code=files, data=data, settings=settings, installed=installed)


def current() -> list[Row]:
    """Return the rows of the result file that are not stale."""
    return harness.standing(NAME, keys(), stamp)


def goals(rows: Sequence[Row]) -> list[Goal]:
    """Judge what is there: pretrained against random weights, and against the memory in every language."""
    of = {
        system: [row for row in rows if row["key"]["system"] == system] for system in ("pretrained", "random", "memory")
    }
    if [len(found) for found in of.values()] != [len(SEEDS), len(SEEDS), 1]:
        return []
    tests = asked()
    clusters = Clusters.of({name: rows.group for name, rows in tests.items()})
    scores = {system: resampled("chrf", found, clusters) for system, found in of.items()}
    pooled = {system: sum(found.values()) / len(found) for system, found in scores.items()}
    made = [
        _ahead(
            "pretrained encoder ahead of a random one, mean of the languages", pooled["pretrained"], pooled["random"]
        )
    ]
    return made + [
        _ahead(f"ahead of the translation memory, {name[6:]}", scores["pretrained"][name], scores["memory"][name])
        for name in tests
    ]


def _ahead(name: str, ours: np.ndarray, theirs: np.ndarray) -> Goal:
    low, high = interval(ours - theirs)
    lead = f"{100 * (ours - theirs)[0]:+.1f} [{100 * low:+.1f}, {100 * high:+.1f}]"
    said = f"{lead} chrF ({100 * ours[0]:.1f} and {100 * theirs[0]:.1f})"
    return Goal(name, "> 0, interval without 0", said, "", low > 0)


def draw(rows: Sequence[Row]) -> None:
    """Draw the learning curves: dev chrF, mean of the languages, a line for each run."""
    import vl_convert

    points = [
        {"step": point["step"], "chrF": 100 * fmean(point[f"en:{tag}"] for tag in TAGS), **row["key"]}
        for row in rows
        for point in row.get("curve", ())
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
            "x": {"field": "step", "type": "quantitative", "title": "steps", "axis": axis},
            "y": {"field": "chrF", "type": "quantitative", "title": "chrF on dev, mean of de, fr, es", "axis": axis},
            "color": {
                "field": "system",
                "type": "nominal",
                "title": "encoder",
                "scale": {"range": ["#1f6f8b", "#c8553d"]},
            },
            "detail": {"field": "seed"},
        },
    }
    PICTURE.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")


def shown(found: Sequence[Mapping[str, Any]]) -> str:
    """Return outputs as a Markdown table."""

    def cell(text: str) -> str:
        return text.replace("|", "\\|")

    lines = []
    for one in found:
        texts = " | ".join(cell(one[name]) for name in ("text", "written", "human"))
        lines.append(f"| {100 * one['chrf']:.0f} | {one['into']} | {texts} |")
    return "\n".join(["| chrF | | English | written | by a human |", "|---|---|---|---|---|", *lines])


def main() -> None:
    """Measure what is missing; print goals, draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--row", help="measure one row (JSON key) and print it")
    parser.add_argument("--plan", action="store_true", help="print what is there and what is missing")
    parser.add_argument("--outputs", action="store_true", help="print the outputs of the first pretrained model")
    parser.add_argument("--jobs", type=int, default=1, help="rows measured at once")
    parser.add_argument("--take", type=Path, metavar="FILE", help="take over what another machine measured")
    options = parser.parse_args()
    if options.take:
        harness.take(NAME, options.take)
    if options.row:
        print(json.dumps(measure(json.loads(options.row))))
        return
    if not DATA.is_dir():
        sys.exit(f"the data sets are not at {DATA}; set LOANWORD_BENCH_DATA")
    if not (options.plan or options.outputs):
        there = [row["key"] for row in current()]
        missing = [(key, stamp(key)) for key in keys() if key not in there]
        harness.measure(NAME, missing, jobs=options.jobs, limit=LIMIT)
    rows = current()
    there = [row["key"] for row in rows]
    if options.plan:
        print("\n".join(f"{'there  ' if key in there else 'missing'} {json.dumps(key)}" for key in keys()))
    elif options.outputs:
        print(shown(next(row["outputs"] for row in rows if row["key"] == {"system": "pretrained", "seed": SEEDS[0]})))
    else:
        judged = goals(rows)
        with harness.alone():
            harness.write(NAME, rows=rows, goals=judged)
        draw(rows)
        for row in rows:
            print(json.dumps(row["key"]), row["score"], row["languages"], row["beside"])
        for goal in judged:
            print(f"{'met   ' if goal.met else 'MISSED'} {goal.name}: {goal.measured} (goal {goal.goal})")


if __name__ == "__main__":
    main()
