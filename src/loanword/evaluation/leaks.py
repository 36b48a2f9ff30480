"""Test rows that stand in the training or dev data: what they score says little about new text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loanword.evaluation.scores import Scores, TransferReport
    from loanword.training.state import Data


def leaked(data: Data) -> dict[str, int]:
    """Count the test rows of each language that stand in the training or dev data; languages without any are left out.

    A row is what prediction is given of it: with the same text, another label is no other row.
    """
    known = {text for tables in (data.train, data.dev) for table in tables.values() for text in table.inputs}
    counts = {tag: sum(text in known for text in table.inputs) for tag, table in data.test.items()}
    return {tag: n for tag, n in counts.items() if n}


def leaks(report: TransferReport) -> dict[str, Scores]:
    """Return the scores of the languages with such rows, by language."""
    return {tag: scores for tag, scores in report.languages.items() if scores.leaked}
