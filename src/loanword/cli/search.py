"""loanword search: the passages that say what a query asks for, in whatever language."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from loanword.cli.options import Json, expect_place
from loanword.errors import UsageError


def search(
    index: Annotated[str, typer.Argument(help="The folder that loanword index made.")],
    queries: Annotated[
        list[str] | None, typer.Argument(metavar="[QUERY]...", help="Queries; none: lines of stdin.")
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="Passages shown for each query.")] = 5,
    language: Annotated[str, typer.Option(help="The queries' language, for models with language ids.")] = "und",
    model: Annotated[str | None, typer.Option(help="Where the index's model is now, if it moved.")] = None,
    reranker: Annotated[
        str | None, typer.Option("--rerank", metavar="BUNDLE", help="Order the passages by a bundle of the task pairs.")
    ] = None,
    label: Annotated[str | None, typer.Option(help="Its class that says that a passage fits.")] = None,
    candidates: Annotated[int, typer.Option(min=1, help="Passages that it reads for each query.")] = 50,
    output: Annotated[str | None, typer.Option("--output", metavar="FILE", help="Write jsonl here.")] = None,
    as_json: Json = False,
) -> None:
    """Find the passages nearest to a query.

    Example: loanword search manuals.index "wie öffne ich das Fenster?" --top 3
    """
    from loanword.api import load
    from loanword.cli import lines
    from loanword.config import expanded
    from loanword.search.index import Index
    from loanword.search.rerank import positive, rerank

    if label and not reranker:
        raise UsageError("--label is a class of the bundle that --rerank names; give both")
    target = expanded(output) if output else None
    if target:
        expect_place(target, suffix=".jsonl")
    asked = lines.given(queries, noun="query", verb="search")
    opened = Index.load(index, model=model)
    bundle = load(reranker) if reranker else None
    if bundle:
        positive(bundle, label)
    found = opened.search(asked, top=max(top, candidates) if bundle else top, language=language)
    if bundle:
        found = [hits[:top] for hits in rerank(bundle, asked, found, label=label, language=language)]
    rows: list[dict[str, Any]] = [
        {"query": query, "results": [hit.to_dict() for hit in hits]} for query, hits in zip(asked, found, strict=True)
    ]
    briefly = (
        [
            *([f"# {row['query']}"] if len(rows) > 1 else []),
            *("\t".join((*_scores(one), lines.where(one), one["text"])) for one in row["results"]),
        ]
        for row in rows
    )
    noun = ("query with its results", "queries with their results")
    lines.deliver(rows, target=target, as_json=as_json, briefly=briefly, noun=noun)


def _scores(found: dict[str, Any]) -> list[str]:
    """The probability that it is relevant, where a model was asked, and the cosine."""
    return [f"{found[name]:.3f}" for name in ("relevance", "score") if name in found]
