"""New pieces for scripts that the vocabulary lacks: how soon a model reads them, by what their rows start from.

Masked-language modelling of Santali, Tamazight and Tibetan, 701 sentences each with their English translations, by the
bundled encoder with new pieces. It brings no head for masks, and a fresh one has every start wait until it has learned
what all of them need: so it has learned to guess the pieces of 23 other languages before, for all starts alike. Rows
that start from old ones that are used alike ("similar", the default) reach after fewer tokens the least held-out loss
that the mean of the old rows and random rows come to. What is held out is laid aside first: no pieces are found in it,
no rows start from it or its translations, nothing is trained on it.
"""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks import dependencies, harness
from benchmarks.cases import scratch
from benchmarks.cases.pretraining import pretrained
from benchmarks.harness import DATA, Goal, Row
from loanword.data.corpus.corpus import Corpus
from loanword.data.corpus.settings import CorpusSettings
from loanword.data.records import Table
from loanword.encoders import bundled
from loanword.language.tag import canonical

KIND = "extension"
CODES = ("sat_Olck", "tzm_Tfng", "bod_Tibt")
TAGS = {canonical(code): code for code in CODES}
STARTS = ("similar", "mean", "random")
SEEDS = (0, 1, 2)
PIECES, STEPS, ROWS, RATE, POINTS = 1500, 440, 32, 3e-4, 44
TAUGHT, LENGTH = 600, 64
"""Steps of the other languages, and pieces of their rows."""
READ: dict[str, Any] = {"held_out": 0.12, "boundary": "line"}
"""How the corpus is read, before the vocabulary is extended and after."""
ALL = 1000
"""More rows than are held out: all are measured by."""
SOONER = 3.0
ADAPTED = 10
"""Passes over the text that `loanword adapt` makes where there are translations, unless it is told otherwise."""


def rows() -> list[dict[str, Any]]:
    """Return the keys of all rows; those to be compared follow one another."""
    return [
        {"kind": KIND, "language": tag, "start": start, "seed": seed}
        for seed in SEEDS
        for tag in TAGS
        for start in STARTS
    ]


def code() -> set[str]:
    """Return the files that a row hangs on."""
    own = {f"benchmarks/cases/{name}.py" for name in ("extension", "pretraining", "scratch")}
    return {*own, *dependencies.reached("pretrain", "objectives.mlm", "deploy.extend", "data.corpus.held_out")}


def data() -> list[Path]:
    """Return the data files."""
    weak = [DATA / "sib200_weak" / f"{code}.train.jsonl" for code in CODES]
    return [DATA / "sib200" / "eng_Latn.train.jsonl", *weak, *scratch.mono().values()]


def sentences(file: Path) -> dict[str, str]:
    """Return the sentences of `file` by id."""
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return {row["id"]: " ".join(row["text"].split()) for row in rows}


def learned(file: Path, tag: str) -> dict[int, str]:
    """Return the documents of `file` that are trained on, by the place of their line; what is held out is not there."""
    documents = Corpus({tag: str(file)}, CorpusSettings(**READ)).documents()
    return {document.line - 1: document.text for document in documents if not document.held_out}


def measure(key: Mapping[str, Any], *, steps: int = STEPS, points: int = POINTS) -> Row:
    """Extend the encoder and let it learn; the held-out loss of every point."""
    from loanword.deploy.extend import extended_model

    tag, seed = key["language"], key["seed"]
    english = sentences(DATA / "sib200" / "eng_Latn.train.jsonl")
    own = sentences(DATA / "sib200_weak" / f"{TAGS[tag]}.train.jsonl")
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        (place / "text.txt").write_text("".join(f"{text}\n" for text in own.values()), "utf-8")
        known, ids = learned(place / "text.txt", tag), [*own]
        pairs = [(english[ids[line]], text) for line, text in known.items() if ids[line] in english]
        table = Table(tag, [*known.values()], [None] * len(known))
        wider = extended_model(str(taught()), {tag: table}, size=PIECES, start=key["start"], parallel=pairs, seed=seed)
        wider.save(place / "wider")
        recipe = {
            "model": str(place / "wider"),
            "seed": seed,
            "out": str(place / "out"),
            "corpus": {"text": {tag: str(place / "text.txt")}, **READ},
            "training": {
                **{"steps": steps, "batch_size": ROWS, "learning_rate": RATE, "embeddings": "compact"},
                "schedule": "constant",
            },
            "evaluation": {"points": points, "rows": ALL},
        }
        done = pretrained(recipe)
    curve = [(point["tokens"], round(point["languages"][tag]["nats"], 4)) for point in done.report["held_out"]]
    return {"score": curve[-1][1], "curve": curve, "new": wider.new, "learned": len(known)}


def taught() -> Path:
    """Return the bundled encoder that has learned to guess the pieces of other languages; made once for all rows."""
    texts, code = scratch.mono(), dependencies.reached("pretrain", "objectives.mlm")
    training = {"steps": TAUGHT, "batch_size": ROWS, "length": LENGTH, "learning_rate": RATE, "embeddings": "compact"}
    stamp = harness.fingerprint(code=code, data=texts.values(), settings=json.dumps(training))
    target = bundled.cache_root() / f"bench-taught-{stamp}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as name:
            corpus = {"text": {tag: str(path) for tag, path in texts.items()}, "boundary": "line"}
            pretrained({"out": f"{name}/out", "corpus": corpus, "training": training})
            with suppress(OSError):  # Another row was first.
                Path(name, "out", "model").rename(target)
    return target


def tokens_to(curve: Sequence[Sequence[float]], loss: float) -> float:
    """Return after how many tokens `curve` is first at `loss` or below, between its points; NaN if it never is."""
    before = curve[0]
    for point in curve:
        if point[1] <= loss:
            if point is curve[0]:
                return point[0]
            share = (before[1] - loss) / (before[1] - point[1])
            return before[0] + share * (point[0] - before[0])
        before = point
    return float("nan")


def times_fewer(mine: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]]) -> float:
    """Return how many times fewer tokens `mine` needs than `theirs` to the least loss of the latter; 0 if never."""
    least = min(loss for _, loss in theirs)
    needed = tokens_to(mine, least)
    if math.isnan(needed):
        return 0.0
    return tokens_to(theirs, least) / needed if needed else math.inf


def goals(found: Sequence[Row]) -> list[Goal]:
    """Judge what is there: how many times fewer tokens, for each language, against either start.

    Both in `ADAPTED` passes over the text and in all: what a start is ahead by grows little with what follows.
    """
    mine = [row for row in found if row["key"]["kind"] == KIND]
    made = []
    for tag in TAGS:
        of = {(row["key"]["start"], row["key"]["seed"]): row["curve"] for row in mine if row["key"]["language"] == tag}
        texts = next((row["learned"] for row in mine if row["key"]["language"] == tag), 0)
        seeds = [seed for seed in SEEDS if all((start, seed) in of for start in STARTS)]
        for start in STARTS[1:] if seeds else ():
            for passes in (ADAPTED, STEPS * ROWS / texts):
                points = 1 + round(POINTS * passes * texts / (STEPS * ROWS))
                curves = {which: curve[:points] for which, curve in of.items()}
                times = [times_fewer(curves["similar", seed], curves[start, seed]) for seed in seeds]
                ends = ", ".join(f"{one} {fmean(curves[one, seed][-1][1] for seed in seeds):.2f}" for one in STARTS)
                made.append(
                    Goal(
                        f"{tag}: times fewer tokens than from {start} rows, {passes:.0f} passes ({len(seeds)} seeds)",
                        f">= {SOONER:.0f}",
                        f"{np.median(times):.1f} ({min(times):.1f} to {max(times):.1f})",
                        f"held-out nats at the end: {ends}",
                        bool(np.median(times) >= SOONER),
                    )
                )
    return made
