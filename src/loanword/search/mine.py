"""Files of sentences in two languages in, pairs of translations out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loanword.config import expanded
from loanword.data.codes import Findings, raise_all, shown
from loanword.data.near_duplicates import fold, near_duplicates
from loanword.data.read import read
from loanword.data.records import Table
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.data.shapes.texts import TEXTS
from loanword.deploy.embedding import embedder
from loanword.errors import DataError, Problem, UsageError
from loanword.progress import Progress, Silent
from loanword.search.bitext import NEIGHBOURS, Pair, Quality, best_threshold, pairs_of, quality
from loanword.search.index import MODEL
from loanword.tasks.neighbours import Scoring, expect_scoring


@dataclass(frozen=True, slots=True)
class Mined:
    """Pairs of rows of `source` and `target`, the best first.

    `threshold` is the score that they have at least, None where all are here; `quality` how they compare with the known
    pairs, None where none are known. Where the threshold was chosen by these, the quality is that of the choice: what
    it is worth elsewhere must be measured elsewhere.
    """

    source: Table
    target: Table
    pairs: list[Pair]
    threshold: float | None
    quality: Quality | None

    def rows(self) -> list[dict[str, Any]]:
        """Return the pairs as columns of parallel text, each with its score."""
        return [
            {
                "text": self.source.text[pair.source],
                "translation": self.target.text[pair.target],
                "score": round(pair.score, 6),
            }
            for pair in self.pairs
        ]

    def describe(self) -> dict[str, Any]:
        """Return what is to be said of the pairs as a whole, as JSON has it."""
        scores = self.quality
        known = {"precision": scores.precision, "recall": scores.recall, "f1": scores.f1} if scores else {}
        return {"pairs": len(self.pairs), "threshold": self.threshold, **known}


def mine(
    *,
    source: Mapping[str, str | Path],
    target: Mapping[str, str | Path],
    model: str | Path = MODEL,
    threshold: float | None = None,
    gold: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    scoring: Scoring = "margin",
    neighbours: int = NEIGHBOURS,
    one_to_one: bool = True,
    drop_copies: bool = False,
    progress: Progress | None = None,
) -> Mined:
    """Find the translations among the sentences of `source` and `target`, each one language tag with a file.

    A sentence that stands in a file more than once counts once. `threshold` is the least score of a pair; without it
    `gold`, a file of all right pairs of these sentences (or of their ids), chooses the one of the best F1; without
    either all pairs come back. `one_to_one` leaves a sentence in its best pair alone. `drop_copies` leaves out
    sentences that stand on the other side almost as they are, which nobody translated.

    Raises `DataError` with all problems of all files.
    """
    watch = progress or Silent()
    expect_scoring(scoring)
    if threshold is not None and not math.isfinite(threshold):
        raise UsageError(f"threshold is {threshold}; expected a finite number, the least score of a pair")
    watch.stage("read")
    left, right, known = _read(source, target, gold, columns)
    rows = _different(left.text), _different(right.text)
    right_pairs = _numbered(known, left, right, rows) if known is not None else set()
    kept = [sorted(set(part.values())) for part in rows]
    if drop_copies:
        one, two = ([table.text[row] for row in part] for table, part in zip((left, right), kept, strict=True))
        copies = near_duplicates(one, two), near_duplicates(two, one)
        kept = [[row for at, row in enumerate(part) if at not in some] for part, some in zip(kept, copies, strict=True)]
    watch.stage("load", detail=str(model))
    encoder = embedder(model)
    watch.stage("index", total=len(kept[0]) + len(kept[1]))
    vectors = []
    for table, part in zip((left, right), kept, strict=True):
        texts = [table.text[row] for row in part]
        vectors.append(encoder.embed(texts, language=table.language, progress=watch.advance))
    found = [
        Pair(kept[0][pair.source], kept[1][pair.target], pair.score)
        for pair in pairs_of(*vectors, scoring=scoring, neighbours=neighbours, one_to_one=one_to_one)
    ]
    if threshold is None and known is not None:
        threshold = best_threshold(found, right_pairs)
    if threshold is not None:
        found = [pair for pair in found if pair.score >= threshold]
    watch.done()
    return Mined(left, right, found, threshold, quality(found, right_pairs) if known is not None else None)


def _read(
    source: Mapping[str, str | Path],
    target: Mapping[str, str | Path],
    gold: str | Path | None,
    columns: Mapping[str, str] | None,
) -> tuple[Table, Table, Table | None]:
    problems: list[Problem] = []
    tables: list[Table] = []
    sides = [*_only(source, "source"), *_only(target, "target")]
    wanted = [(tag, file, TEXTS, columns) for tag, file in sides]
    if gold is not None:
        # Tables of pairs have no header, as a rule, and neither have ours.
        numbers = {"text": "1", "translation": "2"} if ".tsv" in expanded(gold).suffixes else None
        wanted.append((":".join(tag for tag, _ in sides), gold, PARALLEL_TEXT, numbers))
    for tag, file, shape, names in wanted:
        try:
            tables.append(read(file, language=tag, shape=shape, columns=names))
        except DataError as error:
            problems += error.problems
    raise_all([], problems)
    return tables[0], tables[1], tables[2] if gold is not None else None


def _only(side: Mapping[str, str | Path], name: str) -> list[tuple[str, str | Path]]:
    if len(side) != 1:
        raise UsageError(f"{name} has {len(side)} languages; give one, with one file")
    return list(side.items())


def _different(texts: list[str]) -> dict[int, int]:
    """Return the first row with the text of each row."""
    first: dict[str, int] = {}
    return {row: first.setdefault(fold(text), row) for row, text in enumerate(texts)}


def _numbered(
    known: Table, left: Table, right: Table, rows: tuple[dict[int, int], dict[int, int]]
) -> set[tuple[int, int]]:
    """Return the known pairs as rows; raises `DataError` for those of which a side is not there."""
    findings = Findings(known.origin)
    names = [
        {**{fold(text): row for row, text in enumerate(side.text)}, **{name: row for row, name in enumerate(side.id)}}
        for side in (left, right)
    ]
    found = set()
    for line, *sides in zip(known.line, known.text, known.pair, strict=True):
        places = [name.get(text, name.get(fold(text))) for name, text in zip(names, sides, strict=True)]
        for place, text, side in zip(places, sides, (left, right), strict=True):
            if place is None:
                cause = f"{shown(text)} is no sentence of {side.origin}"
                findings.add("LW311", cause=cause, fix="give pairs of these files, by text or by id", line=line)
        if places[0] is not None and places[1] is not None:
            found.add((rows[0][places[0]], rows[1][places[1]]))
    findings.raise_any()
    return found
