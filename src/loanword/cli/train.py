"""loanword train: run a recipe file."""

from __future__ import annotations

from typing import Annotated

import typer

from loanword.cli.options import Json, Out, Override


def train(
    recipe: Annotated[str, typer.Argument(metavar="RECIPE.toml", help="The recipe; `loanword transfer` prints one.")],
    override: Override = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Run a recipe: the same as `loanword transfer`, from a file."""
    from loanword import config
    from loanword.cli.transfer import placed, start

    overrides = list(override or [])
    found = config.read(recipe, overrides=overrides)
    start(placed(found, out), as_json=as_json)
