"""How many steps a run has: those asked for, so many passes over the text, or what fits into some minutes.

Minutes become steps once, at the start, and are kept beside the checkpoints: a run that goes on has the same steps.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from loanword.durable import written
from loanword.progress import Progress, Silent
from loanword.randomness import generator
from loanword.training.optimizer import adamw, clip, freeze, train_mode
from loanword.training.state import State
from loanword.training.step import accumulate

if TYPE_CHECKING:
    from loanword.batches.mixture import Mixture
    from loanword.tokens.encoded import Encoded
    from loanword.training.state import Run

TRIED = 4
"""Steps of every objective that are timed, after one that is not."""


def planned(run: Run, encoded: Sequence[Encoded], mixture: Callable[..., Mixture], *, progress: Progress) -> int:
    """Return the steps of `run`, whose `settings` are those of pretraining."""
    steps, most = _wanted(run, encoded, mixture, progress=progress), _allowed(mixture(steps=1, every=1))
    if steps <= most:
        return steps
    fewer = max(1, int(most))
    progress.say(f"{steps:,} steps would show some text more often than sampling.cap: there will be {fewer:,}")
    return fewer


class Kept:
    """The steps that the minutes of a run became, in a `file`; `key` tells the run from any other."""

    def __init__(self, file: Path, key: str) -> None:
        """Keep them in `file`."""
        self.file = file
        self.key = key

    def steps(self) -> int:
        """Return what was kept; 0 where nothing was, or of another run."""
        try:
            said = json.loads(self.file.read_text(encoding="utf-8"))
            return int(said["steps"]) if said["key"] == self.key else 0
        except (OSError, ValueError, KeyError, TypeError):
            return 0

    def keep(self, steps: int) -> None:
        """Keep `steps`."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with written(self.file) as partial:
            partial.write_text(json.dumps({"key": self.key, "steps": steps}) + "\n", encoding="utf-8")


def _allowed(mixture: Mixture) -> float:
    """Return how many steps there can be until some objective has seen all its text as often as its cap."""
    return min(
        part.cap * sum(len(stream) for stream in part.streams.values()) / (part.batch_size * float(weight))
        for part, weight in zip(mixture.parts, mixture.weights, strict=True)
    )


def _wanted(run: Run, encoded: Sequence[Encoded], mixture: Callable[..., Mixture], *, progress: Progress) -> int:
    """Return the steps that are asked for."""
    settings: Any = run.settings
    if settings.steps:
        wanted: int = settings.steps
        return wanted
    if not settings.minutes:
        first, *_ = (made := mixture(steps=1, every=1)).parts
        rows = sum(len(stream) for stream in first.streams.values())
        passes: float = settings.passes
        return max(1, math.ceil(passes * rows / first.batch_size / float(made.weights[0])))
    made = mixture(steps=10**6, every=1)
    if begin := getattr(run.objective, "begin", None):  # As training does: passes may hang on where the encoder is.
        with torch.no_grad(), run.hardware.autocast():
            begin(encoded, run.model.encoder)
    seconds = sum(float(weight) * timed(run, encoded, made, number) for number, weight in enumerate(made.weights))
    steps = max(1, int(60 * settings.minutes / seconds))
    progress.say(f"{settings.minutes:g} minutes are {steps:,} steps of {seconds:.2f} s on this machine")
    return steps


def timed(run: Run, encoded: Sequence[Encoded], mixture: Mixture, number: int) -> float:
    """Return the seconds that a step of objective `number` takes; nothing is learned, and no random number is used."""
    model, device = run.model, torch.device(run.hardware.device)
    freeze(model, layers=run.settings.freeze_layers, embeddings=run.settings.embeddings == "frozen")
    optimizer = adamw(model, run.settings.model_copy(update={"weight_decay": 0.0}))
    for group in optimizer.param_groups:
        group["lr"] = 0.0
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    state, rng, found = State(model=model, steps=1), generator(run.seed, "budget"), []
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else None):
        train_mode(model, layers=run.settings.freeze_layers)
        for step in mixture.of_part(number, TRIED + 1):
            began = time.perf_counter()
            accumulate(run, state, step, encoded, rng, progress=Silent())
            clip(trainable, limit=run.settings.clip)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            found.append(time.perf_counter() - began)
    return sum(found[1:]) / len(found[1:])
