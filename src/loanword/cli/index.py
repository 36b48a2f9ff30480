"""loanword index: documents in passages, by what they mean."""

from __future__ import annotations

from typing import Annotated

import typer

from loanword.cli.options import Column, Json, dumped, pairs


def index(
    documents: Annotated[
        str, typer.Argument(help="A folder of txt, md, html, csv, tsv, jsonl or parquet files (.gz too), or one such.")
    ],
    out: Annotated[str, typer.Option("--out", metavar="INDEX", help="Folder for the index.")],
    model: Annotated[str, typer.Option(help="Bundled name, local folder, Hub id or bundle.")] = "bundled:e5-small",
    column: Column = None,
    language: Annotated[
        str | None, typer.Option(help="The language of all documents; by default that of each passage is identified.")
    ] = None,
    length: Annotated[int, typer.Option(min=8, help="Pieces of a passage, at most.")] = 256,
    overlap: Annotated[int, typer.Option(min=0, help="Pieces that neighbouring passages share, at most.")] = 64,
    approximate: Annotated[
        bool, typer.Option("--approximate", help="Search by faiss, for more than some million passages.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Index documents for search; in tables a row is a document.

    Example: loanword index manuals --out manuals.index
    """
    from loanword.cli.progress import Terminal
    from loanword.search.index import Index

    watch = Terminal()
    try:
        made = Index.build(
            documents,
            out=out,
            model=model,
            columns=pairs(column, option="--column", what="OURS=THEIRS"),
            language=language,
            length=length,
            overlap=overlap,
            approximate=approximate,
            progress=watch,
        )
    finally:
        watch.done()
    if as_json:
        typer.echo(dumped({"index": out, **made.info.model_dump()}))
    else:
        typer.echo(f'{len(made)} passages in {out}\n\nTry it: loanword search {out} "..."')
