"""loanword pretrain: text without labels in, an encoder out."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from loanword.cli.options import Json, Out, Override, dumped, nested, pairs
from loanword.errors import UsageError


def pretrain(
    recipe: Annotated[
        str | None, typer.Argument(metavar="[RECIPE.toml]", help="A recipe; options go before it.")
    ] = None,
    text: Annotated[
        list[str] | None,
        typer.Option(
            "--text", metavar="LANG=FILE", help="Text of one language: txt, jsonl, parquet, a folder; repeat it."
        ),
    ] = None,
    parallel: Annotated[
        list[str] | None,
        typer.Option(
            "--parallel", metavar="LANG:LANG=FILE", help="Translations: tsv, jsonl, tmx, po, xliff; repeat it."
        ),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Bundled name, local folder or Hub id to go on from; fresh: random weights.")
    ] = None,
    tokenizer: Annotated[str | None, typer.Option(help="With --model fresh: whose pieces it reads.")] = None,
    size: Annotated[
        str | None, typer.Option(help="With --model fresh: tiny to large, or layers and width as 6x384.")
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            "--objective", metavar="NAME[=WEIGHT]", help="mlm, tlm, ranking, alignment, nsp, detection, denoising."
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps.")] = None,
    minutes: Annotated[
        float | None, typer.Option(min=0.01, help="Or a budget, which becomes steps at the start.")
    ] = None,
    seed: Annotated[int | None, typer.Option(min=0)] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(
            "--column", metavar="OURS=THEIRS", help="Column map of translations: text=en, or text=1 without a header."
        ),
    ] = None,
    override: Override = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Pretrain an encoder on text, or go on from one.

    Example: loanword pretrain --text sw=sw.txt --text en=en.txt --minutes 30 --out run
    """
    from pathlib import Path

    from loanword import config
    from loanword.cli.progress import Terminal
    from loanword.deploy.pretrained import summary
    from loanword.pretrain import pretrain as run
    from loanword.pretrain_config import PretrainRecipe

    values = nested(
        model=model,
        seed=seed,
        out=out,
        fresh=nested(tokenizer=tokenizer, size=size),
        corpus=nested(
            text=pairs(text, option="--text", what="LANG=FILE"),
            parallel=pairs(parallel, option="--parallel", what="LANG:LANG=FILE"),
            columns=pairs(column, option="--column", what="OURS=THEIRS"),
        ),
        objectives=weights(objective or []),
        training=nested(steps=steps, minutes=minutes),
    )
    overrides = list(override or [])
    if recipe is None:
        found = config.part(
            PretrainRecipe, {"out": "runs/pretrain", **values}, overrides=overrides, where="command line"
        )
    else:
        read = config.read_as(PretrainRecipe, recipe, overrides=overrides)
        merged = _merged(read.model_dump(exclude_unset=True), values)
        found = config.part(PretrainRecipe, merged, where=recipe)
    if column and not found.corpus.parallel:
        raise UsageError(
            f"--column {column[0]}: it maps columns of translations, and there are none (--parallel); which column "
            "holds the text of --text is said by --set corpus.column=NAME"
        )
    watch = Terminal()
    try:
        made = run(found, progress=watch)
    finally:
        watch.done()
    if os.environ.get("WORLD_SIZE", "1") != "1" and os.environ.get("RANK", "0") != "0":
        return  # The first of several processes tells it.
    if as_json:
        typer.echo(dumped(made.report, indent=1))
    else:
        typer.echo(summary(made.report) + f"\n{Path(found.out)}")


def weights(objectives: list[str]) -> dict[str, dict[str, float]]:
    """Turn ``["mlm=2", "tlm"]`` into settings of objectives."""
    found = {}
    for text in objectives:
        name, sign, weight = text.partition("=")
        if not name.strip():
            raise UsageError(f"--objective {text}: expected a name, or NAME=WEIGHT, as mlm or mlm=2")
        if name.strip() in found:
            raise UsageError(f"--objective {text}: {name.strip()} is given twice; say it once, with one weight")
        found[name.strip()] = {"weight": weight} if sign else {}
    return found  # type: ignore[return-value]  # What is no number the recipe refuses.


def _merged(one: dict[str, object], other: dict[str, object]) -> dict[str, object]:
    """Return `one` with what `other` says."""
    found = dict(one)
    for key, value in other.items():
        before = found.get(key)
        found[key] = _merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return found
