"""loanword embed: texts in a file, vectors out."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from loanword.cli.options import Column, expect_place, pairs


def embed(
    model: Annotated[str, typer.Argument(help="A bundle, the run that made it, or any model.")],
    source: Annotated[str, typer.Option("--input", metavar="FILE", help="csv, tsv, jsonl or parquet.")],
    output: Annotated[str, typer.Option("--output", metavar="FILE", help="Write vectors here, as NumPy does: x.npy.")],
    language: Annotated[str, typer.Option(help="The texts' language; matters to models with language ids.")] = "und",
    role: Annotated[
        str | None, typer.Option(help="query or document, for models that have prompts; none: as the model is used.")
    ] = None,
    column: Column = None,
) -> None:
    """Write the vectors of texts, one row a text, each of length 1.

    Example: loanword embed bundled:e5-small --input texts.jsonl --output vectors.npy
    """
    import numpy as np

    from loanword.config import expanded
    from loanword.data.read import read
    from loanword.data.shapes.labelled_text import LABELLED_TEXT
    from loanword.deploy.embedding import embedder
    from loanword.durable import written
    from loanword.tokens.tokenizer import Role

    target = expanded(output)
    expect_place(target, suffix=".npy", sources={"--input": source})
    columns = pairs(column, option="--column", what="OURS=THEIRS")
    table = read(source, language=language, shape=LABELLED_TEXT.unlabelled, columns=columns)
    vectors = embedder(model).embed(table.text, language=table.language, role=cast("Role | None", role))
    with written(target) as partial, partial.open("wb") as file:
        np.save(file, vectors)
    noun = "vector" if len(vectors) == 1 else "vectors"
    typer.echo(f"{len(vectors)} {noun} of {vectors.shape[1]} numbers in {output}", err=True)
