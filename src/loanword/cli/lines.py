"""Texts in, as words of the command or as lines of stdin; results out, as lines for people or as JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from loanword.cli.options import dumped, json_of
from loanword.durable import written
from loanword.errors import DataError, Problem, UsageError


def given(texts: Sequence[str] | None, *, noun: str, verb: str) -> list[str]:
    """Return the texts that were typed, or else the lines of stdin.

    Raises `UsageError` where there is none, or a blank one; `noun` and `verb` say what they are and what for.
    """
    lines = list(texts) if texts else _stdin(noun, verb)
    blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if blank:
        where = f"{noun} number" if texts else "stdin, line"
        raise UsageError(f"{where} {blank[0]}: there is no {noun} ({len(blank)} of {len(lines)} such)")
    if not lines:
        raise UsageError(f"there is no {noun} to {verb}: stdin was empty")
    return lines


def deliver(
    rows: Sequence[dict[str, Any]],
    *,
    target: Path | None,
    as_json: bool,
    briefly: Iterable[Iterable[str]],
    noun: tuple[str, str],
) -> None:
    """Hand over `rows`: to the file `target`, or as JSON on stdout, or as what is said `briefly` of each in some lines.

    `noun` says what one of them is, and several.
    """
    from loanword.evaluation.words import visible

    if target:
        write(map(json_of, rows), target)
        typer.echo(f"{len(rows)} {noun[len(rows) != 1]} in {target}", err=True)
    elif as_json:
        for row in rows:
            typer.echo(dumped(row))
    else:
        for lines in briefly:
            for line in lines:
                typer.echo(visible(" ".join(line.splitlines())))


def write(lines: Iterable[str], target: Path) -> None:
    """Write a file of `lines`, which is there whole or not at all."""
    with written(target) as partial:
        partial.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def where(found: dict[str, Any]) -> str:
    """Say where something was found: document, line of a row, code points."""
    row = f":{found['line']}" if "line" in found else ""
    return f"{found['document']}{row}:{found['start']}-{found['end']}"


def _stdin(noun: str, verb: str) -> list[str]:
    if sys.stdin.isatty():
        raise UsageError(f'there is no {noun} to {verb}; give it, or lines on stdin: echo "..." | loanword {verb} ...')
    try:
        lines = sys.stdin.buffer.read().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        cause, fix = f"byte {error.start} is not UTF-8", "Convert it: iconv -f ENCODING -t UTF-8"
        raise DataError(
            [Problem("LW109", "stdin", error.object.count(b"\n", 0, error.start) + 1, cause, fix)]
        ) from None
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]
