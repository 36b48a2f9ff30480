"""Passages in a new order: a model that reads query and passage together sees what vectors made apart cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from loanword.data.records import Record
from loanword.deploy.bundle import Bundle
from loanword.errors import UsageError
from loanword.language.tag import canonical
from loanword.search.index import Hit

POSITIVE = ("relevant", "entailment", "paraphrase", "duplicate", "same", "positive", "yes", "true", "1")
"""What the class of passages that fit is usually called."""


def positive(bundle: Bundle, label: str | None = None) -> str:
    """Return the class of a `pairs` bundle that says that a passage fits: `label`, or the one of a usual name.

    Raises `UsageError` for a bundle of another task, for an unknown class, and where none or several could be meant.
    """
    task, labels = bundle.describe()["task"], bundle.task.labels
    if task != "pairs":
        raise UsageError(f"passages are put in order by a bundle of the task pairs; this one is of {task}")
    listed = ", ".join(labels)
    if label is not None:
        if label not in labels:
            raise UsageError(f"the bundle has no class '{label}'; it has: {listed}")
        return label
    usual = [name for name in labels if name.casefold() in POSITIVE]
    if len(usual) != 1:
        raise UsageError(f"which class says that a passage fits the query? Name one of: {listed}")
    return str(usual[0])


def rerank(
    bundle: Bundle,
    queries: Sequence[str],
    hits: Sequence[Sequence[Hit]],
    *,
    label: str | None = None,
    language: str = "und",
) -> list[list[Hit]]:
    """Put the `hits` of each query in the order of how probable a `pairs` bundle takes `label` to be.

    The passage is the first text of a pair and the query the second, as premise and hypothesis are.
    """
    wanted, tag = positive(bundle, label), canonical(language)
    records = [
        Record(hit.passage.text, hit.passage.language, pair=query, pair_language=tag)
        for query, found in zip(queries, hits, strict=True)
        for hit in found
    ]
    scores = iter([prediction.scores[wanted] for prediction in bundle.answer(records)])
    rated = [[replace(hit, relevance=next(scores)) for hit in found] for found in hits]
    return [sorted(found, key=lambda hit: -(hit.relevance or 0.0)) for found in rated]
