"""loanword check: everything that is wrong with a recipe, and what it will cost, before it starts."""

from __future__ import annotations

from typing import Annotated

import typer

from loanword.cli.options import Json, Override, dumped


def check(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE.toml")],
    override: Override = None,
    as_json: Json = False,
) -> None:
    """Check a recipe and its data; print findings and the cost of the run. Exit 3 if the data has errors."""
    from loanword import api
    from loanword.cli.findings import print_findings

    found = api.read_recipe(recipe, overrides=tuple(override or ()))
    findings, cost = api.check(found)
    if as_json:
        typer.echo(dumped({"findings": [item.to_dict() for item in findings], "cost": cost.to_dict()}, indent=1))
    else:
        print_findings(findings)
        typer.echo(cost.describe())
    if any(item.severity == "error" for item in findings):
        raise typer.Exit(3)
