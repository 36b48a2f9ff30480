"""How findings of the data check are printed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from loanword.data.check import Finding

ORDER = {"error": 0, "warning": 1, "info": 2}


def print_findings(findings: Sequence[Finding]) -> None:
    """Print errors first; say so if there is nothing to say."""
    for item in sorted(findings, key=lambda finding: ORDER[finding.severity]):
        typer.echo(f"{item.severity:>7} {item.code} {item.place}: {item.message}. {item.advice}.")
    if not findings:
        typer.echo("no findings: the data looks fine")
