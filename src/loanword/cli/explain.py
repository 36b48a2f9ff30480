"""loanword explain: which words carry an answer, in a text and in its translations."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loanword.cli.options import ReportLanguage, dumped, expect_place, json_of
from loanword.errors import UsageError

if TYPE_CHECKING:
    from loanword.deploy.explanation import Explanation

ENDINGS = {"html": ".html", "json": ".json"}


def explain(
    bundle: Annotated[str, typer.Argument(help="The bundle, the run that made it, or a Hub id.")],
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="What to explain, one after another.")],
    beside: Annotated[
        list[str] | None,
        typer.Option("--beside", metavar="TRANSLATION", help="Of the one text, to be shown beside it; repeat it."),
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option("--pair", metavar="TEXT", help="The second text, for tasks on two: one for all, or one for each."),
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option("--language", metavar="TAG", help="Of all texts, or of each; repeat it.")
    ] = None,
    label: Annotated[str, typer.Option(help="What to explain; by default what the model says of the text.")] = "",
    word: Annotated[
        list[str] | None, typer.Option("--word", help="Whose tag to explain: one for all texts, or one for each.")
    ] = None,
    out: Annotated[str | None, typer.Option("--out", metavar="FILE", help="Where to write it: .html or .json.")] = None,
    form: Annotated[str, typer.Option("--format", help="html or json; json without --out goes to stdout.")] = "html",
    report_language: ReportLanguage = "en",
) -> None:
    """Show which words carry an answer, side by side with translations.

    Example: loanword explain run "Turn on the light" --beside "Schalte das Licht ein" --out light.html
    """
    from loanword.api import load
    from loanword.config import expanded
    from loanword.durable import written
    from loanword.evaluation.words import expect_language, visible

    expect_language(report_language)
    target = _target(expanded(out) if out else None, form)
    every = [*texts, *(beside or [])]
    if beside and len(texts) > 1:
        raise UsageError(f"--beside is for translations of one text, and there are {len(texts)}; explain them by turns")
    if blank := [number for number, text in enumerate(every, start=1) if not text.strip()]:
        raise UsageError(f"text number {blank[0]}: there is nothing in it to explain")
    given = {"pair": pair or [""], "language": language or ["und"], "word": word or [""]}
    each = {name: _each(values, len(every), option=f"--{name}") for name, values in given.items()}
    found = load(bundle)
    if beside:
        made = [found.explain(texts[0], beside=beside, label=label, **each)]
    else:
        made = [
            found.explain(text, label=label, **{name: values[row] for name, values in each.items()})
            for row, text in enumerate(texts)
        ]
    for one in made if target else ():
        for line in _summary(one):
            typer.echo(visible(line), err=form == "json")
    if form == "json":
        rows = [one.to_dict() for one in made]
        if target is None:
            for row in rows:
                typer.echo(dumped(row))
            return
        content = json_of(rows, indent=1) + "\n"
    else:
        from loanword.deploy.explain_html import html

        content = html(made, language=report_language)
    if target is not None:
        with written(target) as partial:
            partial.write_text(content, encoding="utf-8")
        typer.echo(f"written to {out}", err=True)


def _target(target: Path | None, form: str) -> Path | None:
    """Check where the result shall go, before a model is loaded."""
    if form not in ENDINGS:
        raise UsageError(f"unknown format '{form}'; known: {', '.join(ENDINGS)}")
    if target is None:
        if form == "html":
            raise UsageError("give --out FILE.html, or --format json to have it on stdout")
        return None
    expect_place(target, suffix=ENDINGS[form], option="--out")
    from loanword.evaluation.report import FILES, is_ours

    if target.name in FILES and target.exists() and is_ours(target.parent):
        raise UsageError(f"--out {target} is the report of a run, which would be lost. Choose another name")
    return target


def _each(values: list[str], count: int, *, option: str) -> list[str]:
    if len(values) not in (1, count):
        raise UsageError(f"there are {count} texts and {len(values)} times {option}; give it once, or once for each")
    return values * count if len(values) == 1 else values


def _summary(explanation: Explanation) -> list[str]:
    """Say of each text what the model answers and which words weigh most."""
    from loanword.deploy.explain_view import signed, strongest

    found = []
    for one in explanation.readings:
        largest = max((abs(word.contribution) for word in one.words), default=0.0)
        words = [word for sign in (1, -1) for word in strongest(one, sign=sign, largest=largest)]
        said = ", ".join(f"{word.text} {signed(word.contribution, one.unit)}" for word in words)
        found.append("\t".join((one.answer, said, " ".join(one.texts[0].split()))))
    return found
