"""JSON: one object a line (``.jsonl``), or one array of objects (``.json``); and writing the former.

Strict where Python's own reader is not: no key twice, no NaN or Infinity, no numbers of thousands of digits.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from loanword.data.cells import UNUSABLE
from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells
from loanword.data.records import Table
from loanword.errors import UsageError

DIGITS = 4000
"""Longest integer that is read; Python itself refuses little more."""

ARRAY = re.compile(r"\s*\[\s*\{")
SPREAD_OBJECT = re.compile(r"\s*\{[ \t\r]*\n")
BLANK = re.compile(r"[ \t\r\n]*")
SPREAD = "write one object a line in a .jsonl file, or one array of objects in a .json file"


class Strict:
    """Decodes JSON values one at a time, noting what is wrong with each."""

    def __init__(self, findings: Findings) -> None:
        """Write what is found to `findings`."""
        self._findings = findings
        self._line = 0
        self.sound = True
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_constant=self._constant, parse_int=self._integer
        )

    def value(self, text: str, place: int, line: int) -> tuple[Any, int] | None:
        """Return the value that starts at `place` of `text` (in `line`) and where it ends; None if it is no JSON.

        `sound` says afterwards whether all numbers in it are JSON's; others stand there as if they were absent.
        """
        self._line = line
        self.sound = True
        try:
            return self._decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            far = line + text.count("\n", place, error.pos)
            column = error.pos - text.rfind("\n", 0, error.pos)
            self._note("LW205", f"not valid JSON: {error.msg} at character {column}", "correct the row", line=far)
        except RecursionError:
            self._note("LW209", "the JSON is nested too deeply", "write the row as a flat object")
        return None

    def _note(self, code: str, cause: str, fix: str, *, line: int = 0) -> None:
        self._findings.add(code, cause=cause, fix=fix, line=line or self._line)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = ", ".join(shown(key) for key in found if keys.count(key) > 1)
            self._note("LW207", f"the key {twice} stands in one object more than once", "keep one of them")
        return found

    def _constant(self, name: str) -> None:
        self.sound = False
        self._note("LW208", f"{name} is not JSON", "write null, or leave the key out")

    def _integer(self, digits: str) -> int:
        if len(digits) <= DIGITS:
            return int(digits)
        self.sound = False
        self._note("LW208", f"a number has {len(digits):,} digits", "write it as a string")
        return 0


def parse(text: str, *, array: bool, wanted: Collection[str], findings: Findings) -> Cells:
    """Return the `wanted` keys of JSON `text`, which may be an array if `array`; bad rows are noted."""
    start = text.lstrip(" \t\r\n")[:1]
    if start == "[" and array:
        objects = _elements(text, findings)
    elif start == "[" and ARRAY.match(text):
        fix = f"rename it to end in .json, or {SPREAD}"
        findings.stop("LW116", cause="the file is one JSON array", fix=fix, line=1)
    elif SPREAD_OBJECT.match(text):
        findings.stop("LW116", cause="an object is spread over several lines", fix=SPREAD, line=1)
    elif "{" not in text:
        findings.stop("LW105", cause="the content holds no JSON object", fix="name the file after what it holds")
    else:
        objects = objects_of(enumerate(text.split("\n"), start=1), findings)
    cells = Cells(columns=(), values={name: [] for name in wanted})
    columns: dict[str, None] = {}
    for line, found, sound in objects:
        if isinstance(found, dict):
            columns.update(dict.fromkeys(found))
        elif sound:
            kind = type(found).__name__
            findings.add("LW206", cause=f"the row is a JSON {kind}, not an object", fix=SPREAD, line=line)
        if not sound or not isinstance(found, dict):
            continue
        cells.lines.append(line)
        for name, values in cells.values.items():
            values.append(found.get(name))
    present = {name: values for name, values in cells.values.items() if name in columns}
    return Cells(columns=tuple(columns), lines=cells.lines, values=present)


def objects_of(lines: Iterable[tuple[int, str]], findings: Findings) -> Iterator[tuple[int, Any, bool]]:
    """Yield the JSON value of each of `lines` that is not blank, and whether it is sound; note those that are none."""
    strict = Strict(findings)
    for line, content in lines:
        content = content.rstrip(" \t\r")
        indent = len(content) - len(content.lstrip(" \t"))
        found = strict.value(content, indent, line) if content else None
        if found is None:
            continue
        if found[1] < len(content):
            cause = f"not valid JSON: something follows the value at character {found[1] + 1}"
            findings.add("LW205", cause=cause, fix="write one object a line", line=line)
        else:
            yield line, found[0], strict.sound


def write_jsonl(table: Table, path: str | Path) -> None:
    """Write `table` as one JSON object a line, columns without content left out.

    The file appears under its name only when it is whole: an interrupted run leaves an earlier one untouched.

    Raises:
        UsageError: `path` does not end in ``.jsonl``.
        DataError: a text holds a NUL or half of a surrogate pair, which could not be read back.
    """
    path = Path(path)
    if path.suffix != ".jsonl":
        raise UsageError(f"'{path}' does not end in .jsonl, the only format that is written")
    if "" in table.classes or any(table.pair):
        raise UsageError("only texts with one label, or none, are written; these have labels of another kind")
    findings = Findings(str(path))
    lines = []
    for number, (record, label) in enumerate(zip(table, table.classes, strict=True), start=1):
        row = {"text": record.text, "label": label, "language": record.language}
        row |= {"id": record.id or None, "group": record.group or None}
        for column, value in row.items():
            if value is not None and UNUSABLE.search(value):
                cause = "the cell holds a NUL character or half of a surrogate pair"
                findings.add("LW213", cause=cause, fix="clean the text first", line=number, column=column)
        lines.append(json.dumps({name: value for name, value in row.items() if value is not None}, ensure_ascii=False))
    findings.raise_any()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(line + "\n" for line in lines)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _elements(text: str, findings: Findings) -> Iterator[tuple[int, Any, bool]]:
    """Walk the elements of the array; a broken one ends it, for nobody knows where the next would start."""
    strict = Strict(findings)
    place, line = text.index("[") + 1, 1
    counted = 0

    def skip(start: int) -> int:
        nonlocal line, counted
        match = BLANK.match(text, start)
        end = match.end() if match else start
        line += text.count("\n", counted, end)
        counted = end
        return end

    place = skip(place)
    closed = text.startswith("]", place)
    while not closed:
        found = strict.value(text, place, line)
        if found is None:
            return
        yield line, found[0], strict.sound
        place = skip(found[1])
        closed = text.startswith("]", place)
        if closed:
            break
        if not text.startswith(",", place):
            cause = "the array goes on without a comma or a closing bracket"
            findings.add("LW205", cause=cause, fix="complete the file; it may be cut short", line=line)
            return
        place = skip(place + 1)
    if skip(place + 1) < len(text):
        findings.add("LW205", cause="something follows the array", fix="keep one array in the file", line=line)
