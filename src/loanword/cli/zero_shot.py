"""loanword zero-shot: a classifier from the names of its labels."""

from __future__ import annotations

from typing import Annotated, Literal, cast

import typer

from loanword.cli.options import Column, Json, ReportLanguage, TestFiles, pairs, typed
from loanword.errors import ConfigError


def zero_shot(
    label: Annotated[
        list[str],
        typer.Option("--label", metavar="NAME[=ABOUT]", help="A label, and what it is about, in any language; repeat."),
    ],
    test: TestFiles = None,
    unlabelled: Annotated[
        list[str] | None,
        typer.Option(
            "--unlabelled", metavar="LANG=FILE", help="Texts without labels; which label lies near to everything."
        ),
    ] = None,
    template: Annotated[
        list[str] | None,
        typer.Option("--template", metavar="TEXT", help="A sentence with {label} in it; repeat for a mean over them."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="Bundled name, local folder or Hub id. [bundled:e5-small]")] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="RUN", help="A bundle of pairs: labels whose sentences texts entail.")
    ] = None,
    temperature: Annotated[
        float | None,
        typer.Option(help="What cosines are divided by, 0.003 to 100; it sharpens probabilities. [0.0075]"),
    ] = None,
    column: Column = None,
    report_language: ReportLanguage = "en",
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder for the model and the reports.")
    ] = "runs/zero-shot",
    as_json: Json = False,
) -> None:
    """Make a classifier from the names of its labels, without any labelled text; test it in any languages.

    Example: loanword zero-shot --label "sports=matches and athletes" --label travel --test de=de.jsonl --out run
    """
    from loanword import api
    from loanword.cli.outcome import show
    from loanword.evaluation.words import expect_language

    expect_language(report_language)
    if empty := [one for one in label if "=" in one and not one.partition("=")[2].strip()]:
        wrong = [f"--label {one}: nothing follows the sign; expected NAME or NAME=ABOUT" for one in empty]
        raise ConfigError(wrong, where="command line")
    names = [one.partition("=")[0].strip() for one in label]
    if len(set(names)) < len(names):
        twice = dict.fromkeys(name for name in names if names.count(name) > 1)
        raise ConfigError([f"--label {name} is given twice" for name in twice], where="command line")
    result = api.zero_shot(
        {name: one.partition("=")[2] for name, one in zip(names, label, strict=True)},
        test=pairs(test, option="--test", what="LANG=FILE"),
        unlabelled=pairs(unlabelled, option="--unlabelled", what="LANG=FILE"),
        templates=template,
        model=model,
        by=by,
        temperature=temperature,
        columns=pairs(column, option="--column", what="OURS=THEIRS"),
        out=out,
        report_language=cast(Literal["en", "zh"], report_language),
        command=typed(),
    )
    show(result.report, files=result.files, as_json=as_json, language=cast(Literal["en", "zh"], report_language))
