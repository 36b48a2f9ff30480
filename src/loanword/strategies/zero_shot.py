"""Train on the source, touch nothing else: the baseline of every other strategy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from loanword.strategies.strategy import STRATEGIES

if TYPE_CHECKING:
    from loanword.evaluation.scores import Scores
    from loanword.training.state import Run


@STRATEGIES.register("zero-shot")
class ZeroShot:
    """Train on the source alone: no target data of any kind is seen.

    A `Strategy`.
    """

    sees: frozenset[str] = frozenset()

    def apply(self, run: Run) -> Run:
        """Return the run as it is."""
        return run

    def next_round(self, run: Run, scores: Mapping[str, Scores]) -> Run | None:
        """One round is all."""
        return None
