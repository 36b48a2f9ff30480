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

    if "corpus" in (keys := _keys(recipe)):
        _check_pretraining(recipe, override or [], adapts="language" in keys, as_json=as_json)
        return
    found = api.read_recipe(recipe, overrides=tuple(override or ()))
    findings, cost = api.check(found)
    if as_json:
        typer.echo(dumped({"findings": [item.to_dict() for item in findings], "cost": cost.to_dict()}, indent=1))
    else:
        print_findings(findings)
        typer.echo(cost.describe())
    if any(item.severity == "error" for item in findings):
        raise typer.Exit(3)


def _keys(recipe: str) -> set[str]:
    """Return the outermost keys of a recipe; none of a file that cannot be read: reading it as a recipe says why."""
    import tomllib

    from loanword.config import expanded

    try:
        return {*tomllib.loads(expanded(recipe).read_text(encoding="utf-8-sig"))}
    except (OSError, ValueError):
        return set()


def _check_pretraining(recipe: str, overrides: list[str], *, adapts: bool, as_json: bool) -> None:
    """Check a recipe of pretraining, or of adapting; nothing of its text is read."""
    from loanword import config
    from loanword.adapt_config import AdaptRecipe
    from loanword.objectives.pretraining import PRETRAINING
    from loanword.pretrain_config import PretrainRecipe

    kind = AdaptRecipe if adapts else PretrainRecipe
    found = config.read_as(kind, recipe, overrides=overrides)
    for name in found.objectives:
        PRETRAINING.get(name)
    if as_json:
        typer.echo(dumped({"findings": [], "cost": None}, indent=1))
    else:
        what = "adapting a model" if adapts else "pretraining"
        typer.echo(f"{recipe} is sound, as a recipe of {what}; its text is checked when the run reads it")
