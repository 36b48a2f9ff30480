"""loanword adapt: a model, text of a language that it hardly knows, and what that gained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from loanword.cli.guard import say
from loanword.cli.options import Column, Json, Override, TestFiles, dumped, nested, pairs
from loanword.errors import UsageError

if TYPE_CHECKING:
    from loanword.adapt import Adapted

ADVICE = {
    "harmed": "is worse than before: keep the one that you had",
    "not certain": "is not certainly better (it may be chance): keep the one that you had, or test on more rows",
}
"""What is said of a test set of the language where the model was not certainly helped."""


def adapt(
    language: Annotated[str, typer.Option("--language", metavar="TAG", help="The language, as ewe or sat.")],
    text: Annotated[str, typer.Option("--text", metavar="FILE", help="Text of it: txt, jsonl, parquet, a folder.")],
    parallel: Annotated[
        list[str] | None,
        typer.Option(
            "--parallel",
            metavar="[LANG:LANG=]FILE",
            help="Translations; without languages, from the bundle's source language, or English.",
        ),
    ] = None,
    task: Annotated[
        str | None, typer.Option("--task", metavar="BUNDLE", help="A trained bundle, whose encoder is adapted.")
    ] = None,
    test: TestFiles = None,
    model: Annotated[
        str | None,
        typer.Option(help="Without --task: bundled name, local folder or Hub id. Default: bundled:e5-small."),
    ] = None,
    pieces: Annotated[
        int | None, typer.Option(min=0, help="New pieces for the vocabulary; without it, as many as it seems to lack.")
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(
            "--objective",
            metavar="NAME[=WEIGHT]",
            help="mlm, tlm, alignment, ...; without it, alignment=2 and mlm, or mlm where there are no translations.",
        ),
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="Steps.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.01, help="Or a budget.")] = None,
    seed: Annotated[int | None, typer.Option(min=0)] = None,
    column: Column = None,
    override: Override = None,
    out: Annotated[
        str, typer.Option("--out", metavar="DIR", help="Folder for the model and the report.")
    ] = "runs/adapt",
    as_json: Json = False,
) -> None:
    """Adapt a model to a language that it hardly knows, and say whether that helped.

    Example: loanword adapt --language ewe --text ewe.txt --parallel en-ewe.tsv --task run --test ewe=test.jsonl
    """
    from loanword import config
    from loanword.adapt import adapt as flow
    from loanword.adapt_config import AdaptRecipe
    from loanword.cli.pretrain import weights
    from loanword.cli.progress import Terminal
    from loanword.deploy.base import bundle_folder
    from loanword.language.tag import canonical

    if task and model:
        raise UsageError("--task and --model are both given; a bundle brings its encoder: leave --model out")
    if model and bundle_folder(model):
        say(f"{model} is a bundle, whose encoder alone is adapted; to keep what it does, give it as --task {model}")
    tag = canonical(language)
    values = nested(
        language=tag,
        model=model,
        task=task,
        test=pairs(test, option="--test", what="LANG=FILE"),
        columns=pairs(column, option="--column", what="OURS=THEIRS"),
        pieces=pieces,
        seed=seed,
        out=out,
        corpus=nested(text={tag: text}, parallel=_parallel(parallel or [], tag, task)),
        objectives=weights(objective or []),
        training=nested(steps=steps, minutes=minutes),
    )
    recipe = config.part(AdaptRecipe, values, overrides=list(override or []), where="command line")
    watch = Terminal()
    try:
        done = flow(recipe, progress=watch)
    finally:
        watch.done()
    if as_json:
        typer.echo(dumped(done.report, indent=1))
    else:
        _show(done, out)


def _parallel(given: list[str], tag: str, task: str | None) -> dict[str, str]:
    """Name the languages of every file of translations."""
    found: dict[str, str] = {}
    for value in given:
        name, sign, path = value.partition("=")
        if not sign or ":" not in name:
            name, path = f"{_known(task)}:{tag}", value
        if name in found:
            raise UsageError(f"--parallel {value}: {name} is given twice; put the files together")
        found[name] = path
    return found


def _known(task: str | None) -> str:
    """Return the language that a bundle was trained on first; English where there is none."""
    from loanword.deploy.base import bundle_folder
    from loanword.deploy.info import read

    folder = bundle_folder(task) if task else None
    sources = read(folder).lineage.trained_on if folder else ()
    return sources[0] if sources else "en"


def _show(done: Adapted, out: str) -> None:
    """Print what the language costs, what was learned, and what the task gained."""
    from loanword.deploy.pretrained import summary
    from loanword.evaluation.words import Count, Words
    from loanword.language.tag import name

    report: dict[str, Any] = done.report
    cost, tag = report["cost"], report["language"]
    unit = "word" if cost["by_word"] else "character"
    typer.echo(f"{name(tag)} ({tag}): {cost['fertility']:.2f} pieces a {unit}, {cost['unknown']:.1%} of them unknown")
    if (wider := report["vocabulary"]) is not None:
        after = wider["languages"][tag]["after"]
        typer.echo(
            f"{wider['pieces']['new']:,} new pieces: {after['fertility']:.2f} a {unit}, {after['unknown']:.1%} unknown"
        )
    else:
        why = "as asked for" if cost.get("lacks") else "the vocabulary lacks none (--pieces N adds some)"
        typer.echo(f"no new pieces: {why}")
    typer.echo(f"\n{summary(report)}\n")
    if done.bundle and done.gains:
        metric = Words("en").named("metrics", done.bundle.task.metrics[0])
        typer.echo(f"{metric} before -> after, and the difference with its 95 % interval:")
    for place, gain in done.gains.items():
        move = f"{100 * gain.before.score:.1f} -> {100 * gain.after.score:.1f}"
        change = f"{100 * gain.gain.score:+.1f} [{100 * gain.gain.low:+.1f}, {100 * gain.gain.high:+.1f}]"
        typer.echo(f"{place} ({Count(len(done.before[place].table)):row|rows}): {move}, {change}: {gain.verdict}")
    typer.echo(f"\n{out}")
    if done.bundle and not any(place.rpartition("/")[2] == tag for place in done.gains):
        say(f"{name(tag)}: whether it helped is not known, for no test set is of it; give one: --test {tag}=FILE")
    for place, gain in done.gains.items():
        if gain.verdict != "helped" and place.rpartition("/")[2] == tag:
            rows = f"{Count(len(done.before[place].table)):row|rows}"
            say(f"{name(tag)}: on the {rows} of the test set {place} the adapted model {ADVICE[gain.verdict]}")
