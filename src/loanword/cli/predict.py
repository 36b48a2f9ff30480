"""loanword predict: texts from the command line, a file or stdin."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from loanword.cli.options import Column, Json, pairs
from loanword.errors import UsageError

if TYPE_CHECKING:
    from loanword.tasks.task import Prediction


def predict(
    bundle: Annotated[str, typer.Argument(help="The bundle, the run that made it, or a Hub id.")],
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; none: lines of stdin.")] = None,
    source: Annotated[str | None, typer.Option("--input", metavar="FILE", help="csv, tsv, jsonl or parquet.")] = None,
    output: Annotated[str | None, typer.Option("--output", metavar="FILE", help="Write jsonl here.")] = None,
    language: Annotated[str, typer.Option(help="The texts' language; matters to models with language ids.")] = "und",
    column: Column = None,
    top: Annotated[int, typer.Option(min=1, help="Labels shown for each text.")] = 1,
    as_json: Json = False,
) -> None:
    """Predict labels.

    Example: loanword predict run "打开厨房的灯"
    """
    from loanword.config import expanded
    from loanword.data.read import read
    from loanword.data.records import PLAIN_TEXT

    if texts and source:
        raise UsageError("give texts or --input, not both")
    if source:
        columns = pairs(column, option="--column", what="OURS=THEIRS")
        table = read(source, language=language, shape=PLAIN_TEXT, columns=columns)
        lines, ids = table.text, table.id
    else:
        lines = list(texts) if texts else _stdin()
        ids = [""] * len(lines)
    if not lines:
        raise UsageError("there is no text to predict: stdin was empty")

    from loanword.api import load

    found = load(bundle).predict(lines, language=language)
    rows = [_row(text, name, item, top=top) for text, name, item in zip(lines, ids, found, strict=True)]
    if output:
        written = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        expanded(output).write_text(written, encoding="utf-8")
        typer.echo(f"{len(rows)} predictions in {output}", err=True)
    elif as_json:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False))
    else:
        for row in rows:
            labels = "  ".join(f"{item['label']} {item['score']:.3f}" for item in row["labels"])  # type: ignore[attr-defined]
            typer.echo(f"{labels}\t{row['text']}")


def _stdin() -> list[str]:
    if sys.stdin.isatty():
        raise UsageError(
            'nothing to predict; give texts, --input FILE, or lines on stdin: echo "..." | loanword predict'
        )
    try:
        lines = sys.stdin.buffer.read().decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise UsageError(f"stdin is not UTF-8 (byte {error.start}); convert it: iconv -f ENCODING -t UTF-8") from None
    if not lines[-1]:
        lines.pop()
    lines = [line.removesuffix("\r") for line in lines]
    blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if blank:
        raise UsageError(f"stdin has no text in line {blank[0]} ({len(blank)} such lines); every line is one text")
    return lines


def _row(text: str, name: str, item: Prediction, *, top: int) -> dict[str, object]:
    best = sorted(asdict(item)["scores"].items(), key=lambda pair: -pair[1])[:top]
    row: dict[str, object] = {"text": text, "label": item.label, "score": round(item.score, 6)}
    row["labels"] = [{"label": label, "score": round(score, 6)} for label, score in best]
    return {"id": name, **row} if name else row
