"""loanword evaluate: score a bundle, or a model as it comes, on any data."""

from __future__ import annotations

from typing import Annotated, Literal, cast

import typer

from loanword.cli.options import (
    Column,
    Json,
    MeasureOverride,
    MeasureTask,
    Out,
    ReportLanguage,
    TestFiles,
    loaded,
    measured,
    pairs,
    typed,
)
from loanword.errors import UsageError


def evaluate(
    model: Annotated[str, typer.Argument(help="A bundle, the run that made it, or a Hub id; with --task, any model.")],
    test: TestFiles = None,
    task: MeasureTask = None,
    override: MeasureOverride = None,
    column: Column = None,
    examples: Annotated[bool, typer.Option(help="Show texts of the worst confusions in the report.")] = False,
    report_language: ReportLanguage = "en",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Score a trained bundle on any languages, or a model as it comes; nothing of it changes.

    Example: loanword evaluate run --test sv=sv.jsonl --out run-sv
    """
    from loanword import api
    from loanword.cli.outcome import show
    from loanword.config import expanded
    from loanword.deploy.output import INSIDE, expect_output
    from loanword.evaluation.report import FILES, write

    tests = pairs(test, option="--test", what="LANG=FILE")
    if not tests:
        raise UsageError("nothing to evaluate on; give at least one --test LANG=FILE")
    folder = expanded(out) if out else None
    if folder:
        expect_output(folder, files=FILES)
        if (folder / INSIDE).exists():
            raise UsageError(f"{out} is the folder of a run, whose reports would be replaced; choose another --out")
    language = cast(Literal["en", "zh"], report_language)
    columns = pairs(column, option="--column", what="OURS=THEIRS")
    settings = measured(override)
    report = api.evaluate(
        loaded(model, task, settings),
        test=tests,
        columns=columns,
        settings={"examples": examples, **settings.evaluation.model_dump(exclude_unset=True)},
        report_language=language,
        command=typed(),
    )
    files = write(report, folder, language=language) if folder else {}
    show(report, files=files, as_json=as_json, language=language)
