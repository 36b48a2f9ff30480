"""How long the steps of our own training take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from loanword.progress import Silent
from loanword.training.state import State


class Clock(Silent):
    """Notes the seconds of every step, and the tokens and weights that were trained."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.tokens = 0
        self.weights = 0
        self.before = 0.0

    def hooks(self) -> tuple[Any, ...]:
        """Watch the steps."""
        return (self,)

    def before_update(self, state: State) -> None:
        """Count the weights."""
        self.weights = sum(part.numel() for part in state.model.parameters() if part.requires_grad)

    def after_update(self, state: State) -> None:
        """Note the step."""
        self.steps.append(state.seconds - self.before)
        self.before, self.tokens = state.seconds, state.tokens

    def on_evaluate(self, state: State, scores: Mapping[str, float]) -> None:
        """Nothing is noted."""
