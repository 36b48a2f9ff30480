"""loanword evaluate: score a bundle on more data, or a model as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast

import typer

from loanword.cli.options import Column, Json, Out, Override, ReportLanguage, TestFiles, pairs, typed
from loanword.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from loanword.config import MeasureSettings
    from loanword.deploy.bundle import Bundle


def evaluate(
    model: Annotated[
        str, typer.Argument(help="The bundle, the run that made it, or a Hub id; with --task, any model.")
    ],
    test: TestFiles = None,
    task: Annotated[str, typer.Option(help="Measure the model as it came, on a task that compares vectors.")] = "",
    column: Column = None,
    override: Override = None,
    examples: Annotated[bool, typer.Option(help="Show texts of the worst confusions in the report.")] = False,
    report_language: ReportLanguage = "en",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Score a trained bundle, or with --task an encoder as it came, on any languages; nothing of it changes.

    Example: loanword evaluate run --test sv=sv.jsonl --out run-sv
    """
    from loanword import api, config
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
    values, problems = config.overridden({}, override or [])
    if problems:
        raise ConfigError(problems, where="command line")
    settings = config.part(config.MeasureSettings, values, where="command line")
    report = api.evaluate(
        _bundle(model, task, settings),
        test=tests,
        columns=columns,
        settings={"examples": examples, **settings.evaluation.model_dump(exclude_unset=True)},
        report_language=language,
        command=typed(),
    )
    files = write(report, folder, language=language) if folder else {}
    show(report, files=files, as_json=as_json, language=language)


def _bundle(model: str, task: str, settings: MeasureSettings) -> Bundle:
    from loanword.deploy.bundle import Bundle
    from loanword.hardware import detect

    machine = settings.hardware.model_dump()
    if task:
        options, encoder = settings.task_options, settings.encoder
        return Bundle.untrained(model, task=task, options=options, encoder=encoder, hardware=detect(**machine))
    if fixed := settings.model_fields_set & {"task_options", "encoder"}:
        raise UsageError(f"--set {min(fixed)}: a bundle has its own already; it is for a model that --task measures")
    return Bundle.load(model, **machine)
