"""loanword tokenizer: what a model reads its texts in."""

from __future__ import annotations

from typing import Annotated

import typer

from loanword.cli.options import Column, Json, dumped, pairs

Texts = Annotated[
    list[str],
    typer.Option("--text", metavar="LANG=FILE", help="Texts of one language: txt, a line each, or a table; repeat it."),
]


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
    from loanword.data.read import read
    from loanword.data.shapes.texts import TEXTS
    from loanword.deploy.trim import expect_empty, trimmed
    from loanword.language.tag import canonical

    sources = pairs(text, option="--text", what="LANG=FILE")
    columns = pairs(column, option="--column", what="OURS=THEIRS")
    expect_empty(expanded(out))
    tables = {
        canonical(tag): read(source, language=tag, shape=TEXTS, columns=columns) for tag, source in sources.items()
    }
    found = trimmed(model, tables, share=coverage)
    found.save(out)
    if as_json:
        typer.echo(dumped({"out": out, **found.describe()}))
        return
    width = max(len("language"), *map(len, found.languages))
    typer.echo(f"{'language':{width}}  texts  pieces  held out  covered")
    for tag, kept in found.languages.items():
        typer.echo(
            f"{tag:{width}}  {kept.texts:5}  {kept.pieces:6}  {kept.held_out:8}  {100 * kept.covered:6.1f} %"
            + ("" if kept.covered >= coverage else "  less than asked: give more texts of it")
        )
    (pieces, left), (size, small) = found.pieces, found.bytes
    typer.echo(
        f"\n{pieces:,} pieces before, {left:,} now; {size / 1e6:.0f} MB before, {small / 1e6:.0f} MB now\n"
        f"{found.compared} held-out texts that are covered have the same vectors as before, bit for bit\n\n{out}"
    )
