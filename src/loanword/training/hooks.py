"""What watches and steers training without the trainer knowing: averaging, keeping the best, early stopping."""

from __future__ import annotations

from collections.abc import Mapping

from loanword.training.candidates import RunningMean, snapshot
from loanword.training.state import State


class Average:
    """Average the weights over the last part of training; the candidate is called "averaged".

    Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization"; for transfer between
    languages Schmidt et al. 2023, "Free Lunch: Robust Cross-Lingual Transfer via Model Checkpoint Averaging".
    """

    def __init__(self, *, share: float) -> None:
        """Average over the last `share` of the steps."""
        self.share = share
        self.mean = RunningMean()

    def remember(self) -> dict[str, int]:
        """Return what a checkpoint must hold besides the mean itself, which is a candidate."""
        return {"count": self.mean.count}

    def recall(self, remembered: Mapping[str, int], state: State) -> None:
        """Go on from a checkpoint."""
        self.mean.count = remembered["count"]
        self.mean.weights = state.candidates.get("averaged", {})

    def before_update(self, state: State) -> None:
        """Nothing to do."""

    def after_update(self, state: State) -> None:
        """Take the weights into the mean, once the last part has begun."""
        if state.step > state.steps * (1 - self.share):
            self.mean.add(state.model)
            state.candidates["averaged"] = self.mean.weights

    def on_evaluate(self, state: State, scores: Mapping[str, float]) -> None:
        """Nothing to do."""


class KeepBest:
    """Keep the weights with the best mean score on the source languages' dev data: "source-dev-best".

    Ties go to the later one. With `patience`, training stops after that many evaluations without a new best.
    """

    def __init__(self, *, patience: int = 0) -> None:
        """Stop after `patience` evaluations without progress; 0 never stops."""
        self.patience = patience
        self.best = float("-inf")
        self.waited = 0

    def remember(self) -> dict[str, float]:
        """Return what a checkpoint must hold besides the best weights, which are a candidate."""
        return {"best": self.best, "waited": self.waited} if self.best > float("-inf") else {}

    def recall(self, remembered: Mapping[str, float], state: State) -> None:
        """Go on from a checkpoint."""
        self.best, self.waited = remembered["best"], int(remembered["waited"])

    def before_update(self, state: State) -> None:
        """Nothing to do."""

    def after_update(self, state: State) -> None:
        """Nothing to do."""

    def on_evaluate(self, state: State, scores: Mapping[str, float]) -> None:
        """Compare with the best so far."""
        score = sum(scores.values()) / len(scores)
        self.waited = 0 if score > self.best else self.waited + 1
        if score >= self.best:
            self.best = score
            state.candidates["source-dev-best"] = snapshot(state.model)
        if self.patience and self.waited >= self.patience:
            state.stop = True
