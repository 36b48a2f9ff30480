"""The search for the default recipe, on the design sets alone: English train, target-language *dev*.

    make bench-search

Each row is one recipe on one design set. No row sees a test set. "home" is builtin:home-assistant in the languages
that the intent benchmark does not test; sib200 and umsab are given by their dev files. docs/log.md tells what the rows
say, and judges each choice leaving one set out.
"""

from __future__ import annotations

import argparse
import json
import sys

import numpy as np

from benchmarks import harness
from benchmarks.encoders import folder
from benchmarks.harness import DATA, Goal
from loanword.config import TrainingSettings
from loanword.data import builtin
from loanword.data.read import read
from loanword.data.records import Record, Table
from loanword.randomness import generator

NAME = "search"
SETS = {
    "sib200": "500 English ids to train; the other 201 and 99 dev ids, each in 6 languages",
    "umsab": "1,000 to train; 200 dev rows a language",
    "home": "750 to train; 40 rows a language",
}
"""The design sets, and what of them is used: a row counts for this use alone."""
TESTED = {"en", "ar", "cs", "de", "de-CH", "el", "es", "fi", "fr", "hu", "it", "nl", "pl", "pt", "pt-BR", "ru", "vi"}
"""Languages of the intent benchmark (Chinese too, in all its forms): they choose nothing here."""

TRIALS: dict[str, dict[str, object]] = {
    "default": {},
    "probe only": {"learning_rate": 1e-12, "max_steps": 1},
    "random start": {"start": "random"},
    "no exchange": {"piece_exchange": 0.0},
    "exchange 0.5": {"piece_exchange": 0.5},
    "lr 2e-4": {"learning_rate": 2e-4},
    "lr 3e-4": {"learning_rate": 3e-4},
    "epochs 3": {"epochs": 3},
    "epochs 10": {"epochs": 10},
    "embeddings frozen": {"embeddings": "frozen"},
    "freeze 6": {"freeze_layers": 6},
    "layer decay 0.9": {"layer_decay": 0.9},
    "smoothing 0.1": {"smoothing": 0.1},
    "head dropout 0.1": {"dropout": 0.1},
    "prefix": {"prefix": "query: "},
}
STOCK: dict[str, dict[str, object]] = {
    f"stock{' mean' * mean} lr {rate:g}, {epochs} epochs, batch {batch}": {
        "learning_rate": rate,
        "epochs": epochs,
        "batch_size": batch,
        "mean": mean,
    }
    for mean in (False, True)
    for rate in (5e-5, 1e-4, 2e-4, 4e-4)
    for epochs, batch in ((5, 16), (10, 16), (10, 32))
}


def tables(name: str, seed: int) -> tuple[Table, Table, dict[str, Table]]:
    """Return English training rows, English dev rows, and target dev rows of a design set."""
    if name == "home":
        train = builtin.load("home-assistant", language="en", split="train", seed=seed, rows=750)
        dev = builtin.load("home-assistant", language="en", split="dev", seed=seed)
        chosen = [tag for tag in builtin.languages("home-assistant") if tag not in TESTED and not tag.startswith("zh")]
        targets = {tag: builtin.load("home-assistant", language=tag, split="test", rows=40) for tag in chosen}
        return train, dev, targets
    if name == "sib200":
        return parallel_topics(seed)
    place = DATA / name
    train = read(place / "en.train.jsonl", language="en", columns={"group": "id"})
    train = train.select(sorted(generator(seed, "search", name).choice(len(train), 1000, replace=False)))
    dev = read(place / "en.dev.jsonl", language="en")
    tags = [path.name.split(".")[0] for path in sorted(place.glob("*.dev.jsonl")) if not path.name.startswith("en.")]
    return train, dev, {tag: read(place / f"{tag}.dev.jsonl", language=tag).select(range(200)) for tag in tags}


def parallel_topics(seed: int) -> tuple[Table, Table, dict[str, Table]]:
    """Return sib200 with 300 sentences to judge by and not 99: its dev ids, and training ids kept from the training.

    A sentence is judged in 6 of the 34 languages: sentences, not languages, are what a mean over them is short of.
    """
    place, source = DATA / "sib200", "eng_Latn"
    columns = {"group": "id"}
    whole = read(place / f"{source}.train.jsonl", language="en", columns=columns)
    order = generator(seed, "search", "sib200").permutation(len(whole))
    train, kept = whole.select(sorted(order[:500])), {whole.group[int(row)] for row in order[500:]}
    dev = read(place / f"{source}.dev.jsonl", language="en", columns=columns)
    tags = [path.name.split(".")[0] for path in sorted(place.glob("*.dev.jsonl")) if not path.name.startswith(source)]
    turn = {name: number for number, name in enumerate(sorted({*kept, *dev.group}))}
    targets = {}
    for number, tag in enumerate(tags):
        rows: list[Record] = []
        for split in ("dev", "train"):
            table = read(place / f"{tag}.{split}.jsonl", language=tag, columns=columns)
            rows += [row for row in table if row.group in turn and (turn[row.group] - number) % len(tags) % 6 == 0]
        targets[tag] = Table(
            tag, [row.text for row in rows], [row.label for row in rows], group=[row.group for row in rows]
        )
    return train, dev, targets


def measure(key: dict[str, object]) -> dict[str, object]:
    """Train one trial on one design set; return its target dev accuracy."""
    name, trial, seed = str(key["set"]), str(key["trial"]), int(str(key["seed"]))
    train, dev, targets = tables(name, seed)
    if trial in STOCK:
        from benchmarks.peers.trainer_classification import Settings, run

        labels = sorted({str(label) for label in train.label})
        texts = [text for table in targets.values() for text in table.text]
        answers = run(
            str(folder("pretrained", seed=0)),
            train.text,
            [labels.index(str(label)) for label in train.label],
            texts,
            seed=seed,
            settings=Settings(bf16=True, warmup=0.1, **STOCK[trial]),  # type: ignore[arg-type]
        )
        right = np.asarray(labels)[answers] == np.asarray(
            [label for table in targets.values() for label in table.label]
        )
        bounds = np.cumsum([0, *(len(table) for table in targets.values())])
        scores = {tag: float(right[a:b].mean()) for tag, a, b in zip(targets, bounds, bounds[1:], strict=False)}
        return {
            "accuracy": round(float(np.mean(list(scores.values()))), 5),
            "worst": min(scores, key=scores.__getitem__),
        }
    return loanword(train, dev, targets, seed=seed, training=dict(TRIALS[trial]))


def loanword(
    train: Table, dev: Table, targets: dict[str, Table], *, seed: int, training: dict[str, object]
) -> dict[str, object]:
    """Run the recipe with `training` changed; return every candidate's target dev accuracy."""
    from loanword import config
    from loanword.run import run

    encoder = {"prefix": training.pop("prefix")} if "prefix" in training else {}
    recipe = config.build(
        {
            "seed": seed,
            "data": {"train": {"en": "memory"}},
            "training": training,
            "encoder": encoder,
            "evaluation": {"resamples": 100},
        }
    )
    report = run(recipe, tables={"train": {"en": train}, "dev": {"en": dev}, "test": targets}).report
    means = {
        name: float(np.mean([scores.candidates[name].score for scores in report.languages.values()]))
        for name in next(iter(report.languages.values())).candidates
    }
    f1 = float(np.mean([scores.metrics["macro-f1"].score for scores in report.languages.values()]))
    return {
        "accuracy": round(means[report.checkpoint], 5),
        "macro_f1": round(f1, 5),
        "candidates": {name: round(value, 5) for name, value in means.items()},
        "worst": report.worst_target,
        "train_seconds": round(report.seconds["train"], 1),
        "steps": report.training["steps"],
    }


def stamp(key: dict[str, object]) -> str:
    """Return what a row depends on: data and settings, and not all of the code, or a search would never end."""
    trial, used = str(key["trial"]), SETS[str(key["set"])]
    if trial in STOCK:
        return json.dumps({**STOCK[trial], "data": used}, sort_keys=True)
    chosen = dict(TRIALS[trial])
    prefix = chosen.pop("prefix", "")
    return json.dumps({**TrainingSettings(**chosen).model_dump(), "prefix": prefix, "data": used}, sort_keys=True)  # type: ignore[arg-type]


def main() -> None:
    """Measure what is missing; print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--row")
    parser.add_argument("--only", default="", help="trials, separated by ;")
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    chosen = parser.parse_args()
    if chosen.row:
        print(json.dumps(measure(json.loads(chosen.row))))
        return
    if not DATA.is_dir():
        sys.exit(f"the data sets are not at {DATA}; set LOANWORD_BENCH_DATA")
    trials = [trial for trial in {**TRIALS, **STOCK} if not chosen.only or trial in chosen.only.split(";")]
    keys = [
        {"set": name, "trial": trial, "seed": seed}
        for seed in range(chosen.seeds)
        for trial in trials
        for name in chosen.sets.split(",")
    ]
    harness.measure(NAME, [(key, stamp(key)) for key in keys], jobs=chosen.jobs)
    with harness.alone():
        rows = harness.load(NAME)["rows"]
        harness.write(NAME, rows=rows, goals=list[Goal]())
    for trial in trials:
        cells = []
        for name in SETS:
            found = [row["accuracy"] for row in rows if row["key"]["set"] == name and row["key"]["trial"] == trial]
            cells.append(f"{100 * np.mean(found):5.1f} ({len(found)})" if found else "    -    ")
        print(f"{trial:40} {'  '.join(cells)}")


if __name__ == "__main__":
    main()
