"""loanword transfer: labels in, a measured model out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from loanword.cli.guard import say
from loanword.cli.options import Column, Json, Out, Override, ReportLanguage, TestFiles, nested, pairs, typed

if TYPE_CHECKING:
    from loanword.config import Recipe


def transfer(
    train: Annotated[
        list[str], typer.Option("--train", metavar="LANG=FILE", help="Training data of one source language; repeat it.")
    ],
    test: TestFiles = None,
    dev: Annotated[
        list[str] | None, typer.Option("--dev", metavar="LANG=FILE", help="Dev data of a source language.")
    ] = None,
    task: Annotated[str, typer.Option(help="See: loanword ls tasks")] = "classification",
    model: Annotated[str, typer.Option(help="Bundled name, local folder or Hub id.")] = "bundled:e5-small",
    strategy: Annotated[list[str] | None, typer.Option(help="See: loanword ls strategies")] = None,
    column: Column = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    override: Override = None,
    report_language: ReportLanguage = "en",
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Train on source languages, test on any others, write model and report.

    Files are csv, tsv, jsonl or parquet (.gz too), hub:org/name or builtin:name.

    Example: loanword transfer --train en=en.jsonl --test de=de.jsonl --test zh=zh.jsonl --out run
    """
    from loanword import config

    sources = pairs(train, option="--train", what="LANG=FILE")
    values = nested(
        task=task,
        model=model,
        seed=seed,
        strategies=strategy,
        report_language=None if report_language == "en" else report_language,
        out=out,
        data=nested(
            train=sources,
            dev=pairs(dev, option="--dev", what="LANG=FILE"),
            test=pairs(test, option="--test", what="LANG=FILE"),
            columns=pairs(column, option="--column", what="OURS=THEIRS"),
        ),
    )
    recipe = config.build(values, overrides=override or [], where="command line")
    recipe = placed(recipe)
    if not recipe.data.test:
        say("no --test given: the model will be trained, and not measured in any language")
    say("The same as a file, for `loanword train`:\n\n" + _indent(recipe.to_toml()))
    start(recipe, as_json=as_json)


def placed(recipe: Recipe, out: str | None = None) -> Recipe:
    """Return the recipe with a folder to save in: `out`, its own, or one under runs/ named after what it does."""
    from loanword import config

    folder = out or recipe.out or f"runs/{recipe.task}-{'-'.join(recipe.data.train)}-seed{recipe.seed}"
    return config.part(config.Recipe, {**recipe.model_dump(exclude_unset=True), "out": folder}, where="command line")


def start(recipe: Recipe, *, as_json: bool) -> None:
    """Run a recipe with progress on stderr, and show what came out."""
    from loanword.cli.outcome import show
    from loanword.cli.progress import Terminal
    from loanword.run import run

    watch = Terminal()
    try:
        result = run(recipe, command=typed(), progress=watch)
    finally:
        watch.done()  # Whatever happened, the terminal gets its cursor back.
    show(result.report, files=result.files, as_json=as_json, language=recipe.report_language)


def _indent(text: str) -> str:
    return "\n".join(f"    {line}" if line else "" for line in text.splitlines()) + "\n"
