"""loanword predict: texts from the command line, a file or stdin."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from loanword.cli.options import (
    Column,
    Json,
    UntrainedOverride,
    UntrainedTask,
    dumped,
    expect_place,
    loaded,
    measured,
    pairs,
)
from loanword.errors import DataError, Problem, UsageError


def predict(
    bundle: Annotated[str, typer.Argument(help="A bundle, the run that made it, or a Hub id; with --task, any model.")],
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; none: lines of stdin.")] = None,
    source: Annotated[str | None, typer.Option("--input", metavar="FILE", help="csv, tsv, jsonl or parquet.")] = None,
    output: Annotated[str | None, typer.Option("--output", metavar="FILE", help="Write jsonl here.")] = None,
    language: Annotated[str, typer.Option(help="The texts' language; matters to models with language ids.")] = "und",
    pair: Annotated[
        list[str] | None, typer.Option("--pair", metavar="TEXT", help="The second text, for tasks on pairs; repeat it.")
    ] = None,
    column: Column = None,
    task: UntrainedTask = None,
    override: UntrainedOverride = None,
    top: Annotated[int, typer.Option(min=1, help="Labels shown for each text.")] = 1,
    as_json: Json = False,
) -> None:
    """Predict labels.

    Example: loanword predict run "打开厨房的灯"
    """
    from loanword.cli.guard import say
    from loanword.config import expanded
    from loanword.data.read import read
    from loanword.data.records import told
    from loanword.deploy.bundle import records_of
    from loanword.evaluation.words import visible

    if texts and source:
        raise UsageError("give texts or --input, not both")
    if pair and source:
        raise UsageError("--pair is for typed texts; in a file, second texts have a column")
    columns = pairs(column, option="--column", what="OURS=THEIRS")
    if columns and not source:
        raise UsageError("--column is for --input; texts from the command line or stdin have no columns")
    if output:
        expect_place(expanded(output), suffix=".jsonl", source=expanded(source) if source else None)
    lines = [] if source else list(texts) if texts else _stdin()
    blank = [number for number, line in enumerate(lines, start=1) if not line.strip()]
    if blank:
        where = "text number" if texts else "stdin, line"
        raise UsageError(f"{where} {blank[0]}: there is no text ({len(blank)} of {len(lines)} such)")
    if not lines and not source:
        raise UsageError("there is no text to predict: stdin was empty")
    found = loaded(bundle, task, measured(override))
    if source:
        table = read(source, language=language, shape=found.task.columns.unlabelled, columns=columns)
        if table.left_out:
            say(f"{source}: {told(table.left_out)}")
        records = list(table)
    else:
        records = records_of(lines, pairs=pair or None, language=language)
    predictions = found.answer(records)
    rows = [
        ({"id": record.id} if record.id else {}) | found.task.shown(item, record, top=top)
        for item, record in zip(predictions, records, strict=True)
    ]
    if output:
        written = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        partial = expanded(output).with_name(f".{expanded(output).name}.partial")
        partial.write_text(written, encoding="utf-8")
        partial.replace(expanded(output))
        typer.echo(f"{len(rows)} predictions in {output}", err=True)
    elif as_json:
        for row in rows:
            typer.echo(dumped(row))
    else:
        for row, record in zip(rows, records, strict=True):
            text = " ".join("\t".join(filter(None, (record.text, record.pair))).splitlines())
            typer.echo(visible(f"{found.task.brief(row)}\t{text}"))


def _stdin() -> list[str]:
    if sys.stdin.isatty():
        raise UsageError(
            'nothing to predict; give texts, --input FILE, or lines on stdin: echo "..." | loanword predict'
        )
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
