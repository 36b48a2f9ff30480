"""Stage 9: how labels get from one language to another. A strategy wraps a run and returns a run.

@STRATEGIES.register("my-strategy")
class Mine:
    sees = frozenset({"target text"})
    def apply(self, run): return replace(run, ...)
    def next_round(self, run, scores): return None
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from loanword.errors import UsageError
from loanword.registry import Registry

if TYPE_CHECKING:
    from loanword.evaluation.scores import Scores
    from loanword.training.state import Run

SEES = frozenset({"target text", "parallel text", "dictionary", "target labels"})


class Strategy(Protocol):
    """Changes a run before it starts, and may ask for another round after it.

    `sees` says what of the target languages it looks at (members of `SEES`); the report's regime line is made of it.
    """

    sees: frozenset[str]

    def apply(self, run: Run) -> Run:
        """Return the run, changed."""
        ...

    def next_round(self, run: Run, scores: Mapping[str, Scores]) -> Run | None:
        """Return the run of the next round, or None when done."""
        ...


def applied(strategies: Sequence[Strategy], run: Run) -> Run:
    """Return `run` as `strategies` change it, in turn; one that sees what `SEES` does not name raises `UsageError`."""
    for strategy in strategies:
        if unknown := sorted(strategy.sees - SEES):
            name, known = type(strategy).__name__, ", ".join(sorted(SEES))
            raise UsageError(f"strategy {name} sees '{unknown[0]}', for which reports have no word; known: {known}")
        run = replace(strategy.apply(run), sees=run.sees | strategy.sees)
    return run


def next_round(strategies: Sequence[Strategy], run: Run, scores: Mapping[str, Scores]) -> Run | None:
    """Return the next round that the first of `strategies` to want one asks for, or None when all are done."""
    for strategy in strategies:
        following = strategy.next_round(run, scores)
        if following is not None:
            return following
    return None


STRATEGIES: Registry[Any] = Registry("strategy", builtin=("loanword.strategies.zero_shot",))
