"""Sentences worth reading beside the scores: what the numbers alone do not say."""

from __future__ import annotations

from collections.abc import Mapping

from loanword.evaluation.scores import Scores
from loanword.training.state import Run

CUT = 0.02
UNKNOWN = 0.05


def notes(run: Run, scores: Mapping[str, Scores]) -> tuple[str, ...]:
    """Name test labels that training never saw, texts that were cut, languages the vocabulary does not know."""
    found = []
    known = set(run.task.labels)
    for tag, table in run.data.test.items():
        unseen = {label for label in table.label if label is not None} - known
        if unseen:
            rows = sum(label in unseen for label in table.label)
            found.append(
                f"{tag}: {rows} test rows have labels that training never saw ({', '.join(sorted(unseen)[:5])})"
            )
    for tag, score in scores.items():
        if score.truncated > CUT:
            found.append(f"{tag}: {score.truncated:.0%} of the texts were cut at {run.tokenizer.max_length} pieces")
        if score.unknown > UNKNOWN:
            found.append(f"{tag}: {score.unknown:.0%} of the pieces are unknown to the model's vocabulary")
    if not run.data.dev:
        found.append("no source dev data: probabilities are not calibrated, and source-dev-best does not exist")
    return tuple(found)
