"""What a model says of text that it is not trained on, from the first step to the last.

The loss of hidden pieces: 15 % of all, the same ones every time, and the mask in the place of each, whatever training
hides. By language, in
nats a piece; and in bits a character, which do not hang on how long pieces are. Unknown pieces are never hidden, so
neither compares one tokenizer with another.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from loanword.batches.sampler import by_tokens
from loanword.objectives.mlm import MaskedLanguageModel
from loanword.randomness import generator
from loanword.tasks.model import answering
from loanword.tokens.vocabulary import characters

if TYPE_CHECKING:
    from loanword.hardware import Hardware
    from loanword.objectives.mixed import Mixed
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Tokenizer
    from loanword.training.state import State

TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Loss:
    """Of one language: nats a hidden piece, bits a character of those pieces, how many were `hidden`."""

    nats: float
    bits: float
    hidden: int


@dataclass(frozen=True)
class Measure:
    """How text is looked at: which head (`view` of the model), hiding what, how many `characters` a piece has."""

    view: Callable[[Any], Any]
    objective: MaskedLanguageModel
    characters: Mapping[int, int]


def guesser(mixed: Mixed) -> str | None:
    """Return an objective that guesses hidden pieces, by which text is looked at; None where there is none."""
    return next((name for name, head in mixed.head_of.items() if head == MaskedLanguageModel.shares_head), None)


def measured_by(mixed: Mixed, tokenizer: Tokenizer, rows: Mapping[str, Sequence[Encoded]]) -> Measure | None:
    """Return how a run of `mixed` is measured on `rows`; None where none of its objectives guesses hidden pieces."""
    if (name := guesser(mixed)) is None:
        return None
    pieces = {int(piece) for items in rows.values() for item in items for piece in item.ids}
    return Measure(
        lambda model: mixed.view(model, name),
        MaskedLanguageModel(tokenizer, masked=1.0, random=0.0),
        {piece: characters(tokenizer, piece) for piece in pieces},
    )


def losses(model: Any, by: Measure, rows: Mapping[str, Sequence[Encoded]], *, hardware: Hardware) -> dict[str, Loss]:
    """Return the loss of each language; `model` has an encoder, and the head that `by` views."""
    found, objective, model = {}, by.objective, by.view(model)
    for tag, items in rows.items():
        order = sorted(range(len(items)), key=lambda row: len(items[row]))
        rng = generator(0, "held out", tag)
        total, hidden, read = 0.0, 0, 0
        for group in by_tokens([len(items[row]) for row in order], budget=TOKENS):
            batch = objective.prepare([items[order[at]] for at in group], rng)
            if not len(batch.targets.pieces):
                continue
            read += sum(by.characters[int(piece)] for piece in batch.targets.pieces)
            with torch.no_grad(), hardware.autocast():
                values = objective.losses(model, batch.to(hardware.device))
            total, hidden = total + float(values.double().sum()), hidden + len(values)
        if hidden:
            found[tag] = Loss(total / hidden, total / math.log(2) / max(1, read), hidden)
    return found


@dataclass
class HeldOut:
    """A hook that measures every `every` steps, and before the first; `points` hold what it found, by step.

    `seconds` is what that took: it is no part of the time of training.
    """

    by: Measure | None
    rows: Mapping[str, Sequence[Encoded]]
    hardware: Hardware
    every: int
    points: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0

    def remember(self) -> dict[str, Any]:
        """Return what a checkpoint must hold."""
        return {"points": self.points, "seconds": self.seconds}

    def recall(self, remembered: Mapping[str, Any], state: State) -> None:
        """Go on from a checkpoint."""
        self.points, self.seconds = list(remembered["points"]), float(remembered["seconds"])

    def before_update(self, state: State) -> None:
        """Look once before anything is learned."""
        if state.step == 0:
            self._look(state, tokens=0)  # Those of the first step have taught nothing yet.

    def after_update(self, state: State) -> None:
        """Look when it is time, and at the end."""
        if state.step % self.every == 0 or state.step == state.steps:
            self._look(state, tokens=state.tokens)

    def on_evaluate(self, state: State, scores: Mapping[str, float]) -> None:
        """Nothing to do."""

    def _look(self, state: State, *, tokens: int) -> None:
        if self.by is None:
            return
        began = time.perf_counter()
        with answering(state.model):
            found = losses(state.model, self.by, self.rows, hardware=self.hardware)
        point = {tag: {"nats": round(loss.nats, 5), "bits": round(loss.bits, 5)} for tag, loss in found.items()}
        self.points.append({"step": state.step, "tokens": tokens, "languages": point})
        self.seconds += time.perf_counter() - began


@dataclass
class ByObjective:
    """A hook that keeps the mean training loss of each objective between two points of `every` steps."""

    mixed: Any
    every: int
    points: list[dict[str, Any]] = field(default_factory=list)
    sums: dict[str, list[float]] = field(default_factory=dict)

    def remember(self) -> dict[str, Any]:
        """Return what a checkpoint must hold."""
        return {"points": self.points, "sums": self.sums}

    def recall(self, remembered: Mapping[str, Any], state: State) -> None:
        """Go on from a checkpoint."""
        self.points, self.sums = list(remembered["points"]), dict(remembered["sums"])

    def before_update(self, state: State) -> None:
        """Nothing to do."""

    def after_update(self, state: State) -> None:
        """Add the step's loss to its objective's."""
        self.sums.setdefault(self.mixed.last, []).append(state.loss)
        if state.step % self.every == 0 or state.step == state.steps:
            means = {name: round(float(np.mean(values)), 5) for name, values in self.sums.items()}
            self.points.append({"step": state.step, "objectives": means})
            self.sums = {}

    def on_evaluate(self, state: State, scores: Mapping[str, float]) -> None:
        """Nothing to do."""
