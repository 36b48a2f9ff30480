"""The texts of rows, one after the other: lines of JSON, parquet, data sets of the Hub."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from loanword.data import hub, parquet
from loanword.data.cells import kind
from loanword.data.codes import Findings
from loanword.data.columns import expect_column
from loanword.data.corpus.streams import head, lines
from loanword.data.jsonl import ARRAY, SPREAD, SPREAD_OBJECT, objects_of

HALF = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts with the line or row that each starts at, and where what is wrong with them is noted."""

    rows: Iterator[tuple[int, str]]
    findings: Findings


def of_json(path: Path, column: str, findings: Findings) -> Rows:
    """Return the texts of a file with a JSON object a line."""
    return Rows(_texts(_objects(path, column, findings), column, findings), findings)


def of_parquet(path: Path, column: str, findings: Findings) -> Rows:
    """Return the texts of a column of a parquet file."""
    return Rows(_texts(parquet.stream(path, column, findings), column, findings), findings)


def of_hub(reference: str, column: str, findings: Findings) -> Rows:
    """Return the texts of a column of the data set `reference` (without ``hub:``), as the Hub sends them."""
    return Rows(_texts(hub.stream(reference, column, findings), column, findings), findings)


def _objects(path: Path, column: str, findings: Findings) -> Iterator[tuple[int, object]]:
    begin = head(path, findings).decode("utf-8", errors="replace")
    if ARRAY.match(begin):
        findings.stop("LW116", cause="the file is one JSON array", fix="write one object a line", line=1)
    if SPREAD_OBJECT.match(begin):
        findings.stop("LW116", cause="an object is spread over several lines", fix="write one object a line", line=1)
    first = True
    for line, row, sound in objects_of(lines(path, findings), findings):
        if not isinstance(row, dict):
            if sound:
                cause = f"the row is a JSON {type(row).__name__}, not an object"
                findings.add("LW206", cause=cause, fix=SPREAD, line=line)
            continue
        if column in row:
            yield line, row[column]
        else:
            expect_column(column, tuple(row), findings, line=line, stop=first)
        first = False


def _texts(rows: Iterator[tuple[int, object]], column: str, findings: Findings) -> Iterator[tuple[int, str]]:
    """Pass texts on, null as an empty one, and note what is none."""
    found = False
    for line, value in rows:
        found = True
        if value is None:
            yield line, ""
        elif not isinstance(value, str):
            cause, fix = f"this is {kind(value)} where a string is needed", "name the column of the texts"
            findings.add("LW211", cause=cause, fix=fix, line=line, column=column)
        elif half := HALF.search(value):
            cause = f"half of a surrogate pair ({ascii(half[0])[1:-1]}) stands at character {half.start() + 1}"
            fix = "write the text again from its source; a cut went through a character"
            findings.add("LW213", cause=cause, fix=fix, line=line, column=column)
        else:
            yield line, value
    if not found and not findings.problems:
        findings.stop("LW111", cause="there are no rows", fix="check how the file was written")
