"""loanword predict: texts from the command line, a file or stdin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from loanword.cli.options import (
    Column,
    Json,
    MeasureOverride,
    MeasureTask,
    expect_place,
    loaded,
    measured,
    pairs,
)
from loanword.errors import UsageError

if TYPE_CHECKING:
    from loanword.data.records import Record
    from loanword.tasks.task import Task


def predict(
    bundle: Annotated[str, typer.Argument(help="A bundle, the run that made it, or a Hub id; with --task, any model.")],
    texts: Annotated[list[str] | None, typer.Argument(metavar="[TEXT]...", help="Texts; none: lines of stdin.")] = None,
    source: Annotated[str | None, typer.Option("--input", metavar="FILE", help="csv, tsv, jsonl or parquet.")] = None,
    output: Annotated[str | None, typer.Option("--output", metavar="FILE", help="Write jsonl here.")] = None,
    language: Annotated[
        str, typer.Option(help="The texts' language, for models with language ids; en:de: from, and into.")
    ] = "und",
    pair: Annotated[
        list[str] | None, typer.Option("--pair", metavar="TEXT", help="The second text, for tasks on pairs; repeat it.")
    ] = None,
    column: Column = None,
    task: MeasureTask = None,
    override: MeasureOverride = None,
    top: Annotated[int, typer.Option(min=1, help="Labels shown for each text.")] = 1,
    as_json: Json = False,
) -> None:
    """Predict labels.

    Example: loanword predict run "打开厨房的灯"
    """
    from loanword.cli import lines
    from loanword.cli.guard import say
    from loanword.config import expanded
    from loanword.data.read import read
    from loanword.data.records import told
    from loanword.deploy.texts import records_of

    if texts and source:
        raise UsageError("give texts or --input, not both")
    if pair and source:
        raise UsageError("--pair is for typed texts; in a file, second texts have a column")
    columns = pairs(column, option="--column", what="OURS=THEIRS")
    if columns and not source:
        raise UsageError("--column is for --input; texts from the command line or stdin have no columns")
    target = expanded(output) if output else None
    if target:
        expect_place(target, suffix=".jsonl", sources={"--input": source})
    settings = measured(override)
    if "evaluation" in settings.model_fields_set:
        raise UsageError("--set evaluation: nothing is measured here; it is for loanword evaluate")
    typed = [] if source else lines.given(texts, noun="text", verb="predict")
    found = loaded(bundle, task, settings)
    if source:
        table = read(source, language=language, shape=found.task.columns.unlabelled, columns=columns)
        if table.left_out:
            say(f"{source}: {told(table.left_out)}")
        records = list(table)
    else:
        records = records_of(typed, pairs=pair or None, language=language)
    predictions = found.answer(records)
    rows = [
        ({"id": record.id} if record.id else {}) | found.task.shown(item, record, top=top)
        for item, record in zip(predictions, records, strict=True)
    ]
    briefly = (_briefly(found.task, row, record) for row, record in zip(rows, records, strict=True))
    lines.deliver(rows, target=target, as_json=as_json, briefly=briefly, noun=("prediction", "predictions"))


def _briefly(task: Task, row: dict[str, Any], record: Record) -> list[str]:
    """Say a prediction in a line; where a text has masks, the text, and a line for each of them."""
    if "masks" in row:
        return [record.text, *(f"  {task.brief({**row, 'masks': [mask]})}" for mask in row["masks"])]
    return [f"{task.brief(row)}\t" + "\t".join(filter(None, (record.text, record.pair)))]
