"""loanword data check: leaks, duplicates, wrong languages, labels that do not fit, before anything is trained."""

from __future__ import annotations

from typing import Annotated

import typer

from loanword.cli.options import Column, Json, dumped, pairs


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="[ROLE:][LANG=]FILE...",
            help="e.g. train:en=a.csv de.test.jsonl; role and language are guessed from names.",
        ),
    ],
    task: Annotated[str | None, typer.Option(help="What the files are for; see: loanword ls tasks")] = None,
    column: Column = None,
    as_json: Json = False,
) -> None:
    """Check data files against one another. Exit 3 if there are errors.

    What each file is taken for is said on stderr. Example: loanword data check en.train.jsonl de.test.jsonl
    """
    from loanword.cli.findings import print_findings
    from loanword.cli.guard import say
    from loanword.data.check import check_files
    from loanword.data.shapes.labelled_text import LABELLED_TEXT
    from loanword.tasks.task import TASKS

    columns = pairs(column, option="--column", what="OURS=THEIRS")
    shape = TASKS.get(task).columns if task else LABELLED_TEXT
    findings = check_files(files, shape=shape, columns=columns, tell=say)
    if as_json:
        typer.echo(dumped([item.to_dict() for item in findings], indent=1))
    else:
        print_findings(findings)
    if any(item.severity == "error" for item in findings):
        raise typer.Exit(3)
