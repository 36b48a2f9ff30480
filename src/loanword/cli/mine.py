"""loanword mine: translations out of two heaps of sentences that nobody aligned."""

from __future__ import annotations

import re
from typing import Annotated, Literal, cast

import typer

from loanword.cli.options import Column, Json, dumped, expect_place, json_of, pairs

BREAKS = re.compile(r"\r\n|[\t\r\n]")
"""What ends a cell or a row of a table."""


def mine(
    source: Annotated[
        str,
        typer.Option("--source", metavar="LANG=FILE", help="Sentences of one language: txt, a line each, or a table."),
    ],
    target: Annotated[str, typer.Option("--target", metavar="LANG=FILE", help="Sentences of the other language.")],
    out: Annotated[str, typer.Option("--out", metavar="FILE", help="Write the pairs here: tsv or jsonl.")],
    threshold: Annotated[float | None, typer.Option(help="The least score of a pair.")] = None,
    gold: Annotated[
        str | None,
        typer.Option(
            "--gold",
            metavar="FILE",
            help="Pairs known to be right: they choose the threshold, or with --threshold measure it.",
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="Bundled name, local folder, Hub id or bundle.")] = "bundled:e5-small",
    scoring: Annotated[str, typer.Option(help="margin, csls or cosine.")] = "margin",
    neighbours: Annotated[int, typer.Option(min=1, help="Neighbours that say how crowded it is.")] = 4,
    one_to_one: Annotated[
        bool, typer.Option("--one-to-one/--many-to-many", help="Leave a sentence in its best pair alone, or in all.")
    ] = True,
    drop_copies: Annotated[
        bool, typer.Option("--drop-copies", help="Leave out sentences that stand on both sides, almost as they are.")
    ] = False,
    column: Column = None,
    as_json: Json = False,
) -> None:
    """Find sentences and their translations in two files.

    Example: loanword mine --source en=en.txt --target de=de.txt --gold known.tsv --out pairs.tsv
    """
    from loanword.cli import lines
    from loanword.cli.progress import Terminal
    from loanword.config import expanded
    from loanword.search.mine import mine as mine_all

    place = expanded(out)
    sides = {
        "source": pairs([source], option="--source", what="LANG=FILE"),
        "target": pairs([target], option="--target", what="LANG=FILE"),
    }
    read = {f"--{name}": file for name, side in sides.items() for file in side.values()} | {"--gold": gold}
    expect_place(place, suffix=".jsonl" if place.suffix == ".jsonl" else ".tsv", sources=read, option="--out")
    watch = Terminal()
    try:
        mined = mine_all(
            **sides,
            model=model,
            threshold=threshold,
            gold=gold,
            columns=pairs(column, option="--column", what="OURS=THEIRS"),
            scoring=cast(Literal["cosine", "csls", "margin"], scoring),
            neighbours=neighbours,
            one_to_one=one_to_one,
            drop_copies=drop_copies,
            progress=watch,
        )
    finally:
        watch.done()
    rows = mined.rows()
    if place.suffix == ".tsv":
        lines.write(("\t".join(BREAKS.sub(" ", str(cell)) for cell in row.values()) for row in rows), place)
    else:
        lines.write(map(json_of, rows), place)
    if as_json:
        typer.echo(dumped({"out": out, **mined.describe()}))
        return
    typer.echo(f"{len(rows)} pairs in {out}")
    if mined.threshold is not None:
        chosen = "" if threshold is not None else ", chosen by the known pairs"
        typer.echo(f"threshold {mined.threshold:.4f}{chosen}")
    if mined.quality is not None:
        scores = mined.quality
        typer.echo(
            f"of the known pairs: precision {scores.precision:.3f}, recall {scores.recall:.3f}, F1 {scores.f1:.3f}"
        )
