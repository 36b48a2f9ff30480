"""What a finished run prints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import typer

from loanword.cli.options import dumped

if TYPE_CHECKING:
    from loanword.evaluation.scores import TransferReport


def show(
    report: TransferReport, *, files: Mapping[str, Path], as_json: bool, language: Literal["en", "zh"] = "en"
) -> None:
    """Print the report: JSON on stdout if asked for, else the summary and where everything is."""
    from loanword.evaluation.report import summary, to_dict

    if as_json:
        typer.echo(dumped(to_dict(report), indent=1))
        return
    typer.echo(summary(report, language=language))
    for what, path in files.items():
        typer.echo(f"{what:>7}: {path}")
