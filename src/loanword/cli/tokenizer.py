"""loanword tokenizer: the pieces that a model reads its texts in: trained, measured, trimmed, extended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, cast

import typer

from loanword.cli.guard import say
from loanword.cli.options import Column, Json, dumped, expect_place, pairs

if TYPE_CHECKING:
    from loanword.data.records import Table
    from loanword.deploy.vocabularies import Vocabularies
    from loanword.encoders.initial_rows import Start
    from loanword.tokens.costs import Cost

Texts = Annotated[
    list[str],
    typer.Option("--text", metavar="LANG=FILE", help="Texts of one language: txt, a line each, or a table; repeat it."),
]


def train(
    text: Texts,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the tokenizer.")],
    kind: Annotated[str, typer.Option(help="unigram, bpe or wordpiece.")] = "unigram",
    size: Annotated[int, typer.Option(min=1, help="Pieces, special ones included.")] = 32_000,
    alpha: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="How languages are balanced: 1 as they come, 0 all alike.")
    ] = 0.3,
    max_length: Annotated[int, typer.Option(min=8, help="Pieces of a text that a model is to read.")] = 512,
    seed: Annotated[int, typer.Option(min=0, help="Which texts are drawn where some are left out.")] = 0,
    column: Column = None,
    as_json: Json = False,
) -> None:
    """Train a tokenizer that transformers loads, on languages in balance.

    Example: loanword tokenizer train --text en=en.txt --text sw=sw.txt --out pieces
    """
    from loanword.config import expanded
    from loanword.deploy.output import expect_new
    from loanword.durable import beside, put
    from loanword.tokens import train as training
    from loanword.tokens.costs import Reader, costs

    target = expanded(out)
    expect_new(target)
    texts = {tag: table.text for tag, table in _tables(text, column).items()}
    sizes = {tag: sum(map(len, lines)) for tag, lines in texts.items()}
    shares = training.shares(sizes, alpha=alpha)
    made = training.train(
        texts, kind=cast(training.Kind, kind), size=size, alpha=alpha, max_length=max_length, seed=seed
    )
    with beside(target) as staging:
        made.save_pretrained(staging / target.name)
        put(staging / target.name, target)
    found = costs(Reader(made, max_length), texts)
    if as_json:
        languages = {
            tag: {"texts": one.texts, "characters": sizes[tag], "share": shares[tag], "fertility": one.fertility}
            for tag, one in found.items()
        }
        typer.echo(dumped({"out": out, "kind": kind, "pieces": len(made), "languages": languages}))
        return
    rows = [
        (_named(tag), f"{one.texts:,}", f"{sizes[tag]:,}", f"{shares[tag]:.1%}", _fertility(one))
        for tag, one in found.items()
    ]
    _print(("language", "texts", "characters", "share", "pieces a word "), rows)
    typer.echo(f"\n{len(made):,} pieces\n\n{out}")


def report(
    models: Annotated[
        list[str], typer.Argument(metavar="MODEL", help="Bundled name, local folder, Hub id, bundle or tokenizer.")
    ],
    text: Texts,
    parallel: Annotated[
        bool, typer.Option("--parallel", help="Line by line, all files say the same: compare with the first language.")
    ] = False,
    picture: Annotated[str | None, typer.Option("--picture", metavar="FILE", help="Draw it, as svg or png.")] = None,
    column: Column = None,
    as_json: Json = False,
) -> None:
    """Show what languages cost in the vocabularies of models: pieces, unknown ones, texts that are cut.

    Example: loanword tokenizer report bundled:e5-small --text en=en.txt --text sw=sw.txt
    """
    from loanword.config import expanded
    from loanword.deploy.vocabularies import compare
    from loanword.durable import written
    from loanword.evaluation.piece_chart import PANEL, chart
    from loanword.evaluation.plots import to_png, to_svg

    target = expanded(picture) if picture else None
    if target:
        sources = {f"--text {tag}": file for tag, file in pairs(text, option="--text", what="LANG=FILE").items()}
        suffix = ".png" if target.suffix == ".png" else ".svg"
        expect_place(target, suffix=suffix, sources=sources, option="--picture")
    found = compare(models, _tables(text, column), parallel=parallel)
    if target:
        spec = chart(found.costs)
        with written(target) as partial:
            if target.suffix == ".png":
                partial.write_bytes(to_png(spec, width=PANEL))
            else:
                partial.write_text(to_svg(spec, width=PANEL), encoding="utf-8")
    if as_json:
        typer.echo(dumped(found.describe()))
    else:
        _show(found)


def trim(
    model: Annotated[str, typer.Argument(help="Bundled name, local folder, Hub id or bundle.")],
    text: Texts,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the smaller model.")],
    coverage: Annotated[
        float, typer.Option(min=0.5, max=1.0, help="Share of unseen texts that must be read exactly as before.")
    ] = 0.995,
    column: Column = None,
    as_json: Json = False,
) -> None:
    """Make a model smaller: leave out the pieces of languages that you do not have.

    Example: loanword tokenizer trim bundled:e5-small --text en=en.txt --text sw=sw.txt --out small
    """
    from loanword.config import expanded
    from loanword.deploy.output import expect_new
    from loanword.deploy.trim import trimmed

    expect_new(expanded(out))
    found = trimmed(model, _tables(text, column), share=coverage)
    found.save(out)
    if as_json:
        typer.echo(dumped({"out": out, **found.describe()}))
        return
    rows = [
        (
            _named(tag),
            f"{kept.texts:,}",
            f"{kept.pieces:,}",
            f"{kept.held_out:,}",
            f"{kept.share:.1%}",
        )
        for tag, kept in found.languages.items()
    ]
    _print(("language", "texts", "pieces", "held out", "covered"), rows)
    (pieces, left), (size, small) = found.pieces, found.bytes
    typer.echo(
        f"\n{pieces:,} pieces before, {left:,} now; {size / 1e6:.0f} MB before, {small / 1e6:.0f} MB now\n"
        f"{found.compared:,} texts that are covered give the same vectors as before, bit for bit\n\n{out}"
    )
    for tag, kept in found.languages.items():
        if kept.share < coverage:
            say(f"{_named(tag)}: less than asked for; give more texts of it, or a higher --coverage")


def extend(
    model: Annotated[str, typer.Argument(help="Bundled name, local folder or Hub id.")],
    text: Texts,
    out: Annotated[str, typer.Option("--out", metavar="DIR", help="Folder for the model.")],
    parallel: Annotated[
        list[str] | None,
        typer.Option(
            "--parallel", metavar="LANG:LANG=FILE", help="Translations: from a language that the model knows."
        ),
    ] = None,
    size: Annotated[int, typer.Option(min=1, help="New pieces, at most.")] = 2_000,
    least: Annotated[int, typer.Option(min=1, help="Times that each is found in the texts, at least.")] = 2,
    start: Annotated[
        str, typer.Option(help="Where their vectors start: similar, script, pieces, mean or random.")
    ] = "similar",
    tokenizer: Annotated[
        str | None, typer.Option(metavar="DIR", help="Take this tokenizer's pieces in the place of all.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="What is drawn for the vectors.")] = 0,
    column: Column = None,
    as_json: Json = False,
) -> None:
    """Give a model pieces for languages that it cuts to bits; pretrain it on their text afterwards.

    Example: loanword tokenizer extend bundled:e5-small --text sat=sat.txt --out wider
    """
    from loanword.config import expanded
    from loanword.deploy.extend import extended_model
    from loanword.deploy.output import expect_new
    from loanword.encoders.readers import tokenizer_of

    expect_new(expanded(out))
    tables = _tables(text, column)
    found = extended_model(
        model,
        tables,
        size=size,
        least=least,
        replace=tokenizer_of(tokenizer) if tokenizer else None,
        start=cast("Start", start),
        parallel=_translations(parallel, into={*tables}),
        seed=seed,
    )
    found.save(out)
    if as_json:
        typer.echo(dumped({"out": out, **found.describe()}))
        return
    rows = [
        (
            _named(tag),
            f"{before.texts:,}",
            f"{before.unknown:.1%} -> {after.unknown:.1%}",
            f"{before.fertility:.2f} -> {_fertility(after)}",
        )
        for tag, (before, after) in found.costs.items()
    ]
    _print(("language", "held out", "unknown", "pieces a word "), rows)
    had, has = found.pieces
    typer.echo(f"\n{had:,} pieces before, {has:,} now, {found.new:,} of them new\n\n{out}")


def _tables(text: list[str], column: list[str] | None) -> dict[str, Table]:
    """Read the texts of every language; all that is wrong with any of them is told at once."""
    from loanword.data.codes import raise_all
    from loanword.data.read import read, split_of
    from loanword.data.shapes.texts import TEXTS
    from loanword.errors import DataError, Problem, UsageError
    from loanword.language.tag import canonical

    columns = pairs(column, option="--column", what="OURS=THEIRS")
    found: dict[str, Table] = {}
    problems: list[Problem] = []
    wrong: list[str] = []
    for given, source in pairs(text, option="--text", what="LANG=FILE").items():
        try:
            tag = canonical(given)
            if tag in found:
                raise UsageError(f"--text {given}={source}: {tag} is given twice")
            if ":" in tag:
                raise UsageError(f"--text {given}={source}: expected one language")
            found[tag] = read(source, language=tag, shape=TEXTS, columns=columns, split=split_of(source, "train"))
        except DataError as error:
            problems += error.problems
        except UsageError as error:
            wrong.append(str(error))
    raise_all(wrong, problems)
    return found


def _translations(parallel: list[str] | None, *, into: set[str]) -> list[tuple[str, str]]:
    """Read pairs of a text and its translation; where only the first language is one of `into`, they are turned."""
    from loanword.data.read import read
    from loanword.data.shapes.parallel import PARALLEL_TEXT
    from loanword.errors import UsageError
    from loanword.language.tag import sides

    found: list[tuple[str, str]] = []
    languages = ", ".join(sorted(into))
    for pair, source in pairs(parallel, option="--parallel", what="LANG:LANG=FILE").items():
        if ":" not in pair:
            raise UsageError(
                f"--parallel {pair}={source}: {pair} is one language; parallel text needs two, as en:{pair}"
            )
        one, other = sides(pair)
        if not into & {one, other}:
            raise UsageError(f"--parallel {pair}={source}: neither side is of a text that is given ({languages})")
        table = read(source, language=pair, shape=PARALLEL_TEXT)
        both = zip(table.text, table.pair, strict=True)
        found += both if other in into or one not in into else [(theirs, ours) for ours, theirs in both]
    return found


def _show(found: Vocabularies) -> None:
    """Print a table for each model, and which languages lack pieces."""
    from loanword.tokens.costs import lacking

    for model, by_language in found.costs.items():
        first = next(iter(by_language))
        parallel = by_language[first].premium is not None
        titles = ["language", "texts", "pieces a word ", "per 100 characters", "unknown", "cut"]
        rows = [
            [
                _named(tag),
                f"{one.texts:,}",
                _fertility(one),
                f"{one.per_hundred:.1f}",
                f"{one.unknown:.2%}",
                f"{one.cut:.1%}",
                *([f"{one.premium:.2f}"] if one.premium is not None else []),
            ]
            for tag, one in by_language.items()
        ]
        typer.echo(f"{model}: {found.sizes[model]:,} pieces\n")
        _print([*titles, *([f"beside {first}"] if parallel else [])], rows)
        typer.echo("")
        for tag, why in lacking(by_language).items():
            remedy = "extend the vocabulary, or take another model"
            say(f"{_named(tag)} lacks pieces in {model}: {', '.join(why)}; {remedy}")


def _print(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: the first column left, the others right."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        typer.echo("  ".join([row[0].ljust(widths[0]), *cells[1:]]).rstrip())
    if any("*" in cell for row in rows for cell in row):
        typer.echo("* a character: words are not written apart")


def _fertility(one: Cost) -> str:
    return f"{one.fertility:.2f}{' ' if one.by_word else '*'}"


def _named(tag: str) -> str:
    from loanword.language.tag import name

    return tag if name(tag) == tag else f"{name(tag)} ({tag})"
