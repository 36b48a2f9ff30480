"""How long the steps of a stock Trainer take."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from transformers import TrainerCallback


class Clock(TrainerCallback):
    """Notes when every step begins and ends."""

    def __init__(self) -> None:
        self.steps: list[float] = []
        self.began = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        """Start the watch."""
        self.began = time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        """Stop it."""
        self.steps.append(time.perf_counter() - self.began)


@dataclass(frozen=True)
class Fitted:
    """What training took: the seconds of each of its `steps`, `memory` (GB) at its end, and the size of an epoch.

    `tokens` are those of the training rows, without padding.
    """

    steps: list[float]
    memory: float
    rows: int
    tokens: int
