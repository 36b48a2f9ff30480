"""Encoders from nothing: the texts that they learn from, their pieces, how well their vectors find translations.

Texts are the monolingual files of 23 languages and the training pages of GNOME's help with their translations. Tatoeba
is asked in the twenty languages that have the most text, both ways, by the cosine.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import harness
from benchmarks.cases.case import Tables, found, grouped
from benchmarks.cases.vectors import PARALLEL
from benchmarks.harness import DATA, Row
from benchmarks.packed import pack
from loanword.data.read import read
from loanword.data.records import Table
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.data.shapes.texts import TEXTS
from loanword.encoders import bundled
from loanword.language.tag import canonical

ASKED, PIECES = 20, 16_000
METRIC = "retrieval-accuracy"


def mono() -> dict[str, Path]:
    """Return the monolingual files by language."""
    return {path.name.split(".")[0]: path for path in sorted((DATA / "mono").glob("*.txt*"))}


def parallel() -> dict[str, Path]:
    """Return the parallel files by "en:language"."""
    files = sorted((DATA / "gnome_help").glob("en-*.train.tsv"))
    return {f"en:{canonical(path.name.split('.')[0].removeprefix('en-'))}": path for path in files}


def corpus() -> dict[str, Any]:
    """Return the corpus of a recipe: the translations."""
    return {"parallel": {tag: str(path) for tag, path in parallel().items()}, "columns": PARALLEL}


def texts() -> dict[str, Path]:
    """Return files of all text by language, both sides of the translations included: every line once, a document."""

    def write(folder: Path) -> None:
        found = {tag: read(path, language=tag, shape=TEXTS).text for tag, path in mono().items()}
        for name, path in parallel().items():
            table = read(path, language=name, shape=PARALLEL_TEXT, columns=PARALLEL)
            for tag, side in zip(name.split(":"), (table.text, table.pair), strict=True):
                found[tag.partition("-")[0]] += [" ".join(text.split()) for text in side]  # "pt-BR" is with "pt".
        for tag, lines in found.items():
            (folder / f"{tag}.txt").write_text("".join(f"{line}\n" for line in dict.fromkeys(lines)), encoding="utf-8")

    return {path.stem: path for path in sorted(_made("text", write).glob("*.txt"))}


def pieces() -> Path:
    """Return a tokenizer trained on all text."""
    from loanword.tokens.train import train

    def write(folder: Path) -> None:
        train(
            {tag: read(path, language=tag, shape=TEXTS).text for tag, path in texts().items()}, size=PIECES
        ).save_pretrained(folder)

    return _made("pieces", write)


def _made(name: str, write: Callable[[Path], None]) -> Path:
    """Return a folder of the cache that `write` filled, once for this code and data."""
    code = ("benchmarks/cases/scratch.py", "src/loanword/tokens/train.py")
    stamp = harness.fingerprint(code=code, data=[*mono().values(), *parallel().values()])
    target = bundled.cache_root() / f"bench-{name}-{stamp}"
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=target.parent))
        write(staging)
        with suppress(OSError):  # Another row was first.
            staging.rename(target)
        shutil.rmtree(staging, ignore_errors=True)
    return target


@cache
def tatoeba() -> Tables:
    """Return the sentences that are asked for, by "tatoeba/language"; English ones are the clusters."""
    tables = found("tatoeba", "*-eng.tsv", shape=PARALLEL_TEXT, columns=PARALLEL)
    there: dict[str, Table] = {table.language: grouped(table, table.pair) for table in tables.values()}
    size = {tag: path.stat().st_size * (4 if path.suffix == ".gz" else 1) for tag, path in mono().items()}
    chosen = sorted((tag for tag in size if tag in there), key=lambda tag: (-size[tag], tag))[:ASKED]
    return {f"tatoeba/{tag}": there[tag] for tag in sorted(chosen)}


def translations_found(model: str | Path) -> Row:
    """Ask the encoder of `model`: the mean accuracy, that of each language, and which rows were right."""
    import loanword
    from loanword.evaluation.metrics import METRICS
    from loanword.tasks.retrieval import Retrieval

    tables, task, metric = tatoeba(), Retrieval(scoring="cosine"), METRICS.get(METRIC)
    texts = list(dict.fromkeys(text for table in tables.values() for side in (table.text, table.pair) for text in side))
    place = {text: number for number, text in enumerate(texts)}
    vectors = np.asarray(loanword.embed(texts, model=str(model)))
    scores, rows = {}, {}
    for name, table in tables.items():
        both = [vectors[[place[one], place[other]]] for one, other in zip(table.text, table.pair, strict=True)]
        records = list(table)
        counted = metric.rows(task.decode(both, [], records, None), task.references(records))  # type: ignore[arg-type]
        scores[name], rows[name] = round(metric.reduce(counted), 5), pack(counted)
    return {"score": round(float(np.mean([*scores.values()])), 5), "languages": scores, "rows": rows}
