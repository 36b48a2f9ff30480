"""What a user of a stock recipe changes on its command line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Flags of transformers' examples and of sentence-transformers' trainer, which have the same defaults.

    Two are the benchmark's own: `steps` stops early (-1: never), and with `quick` texts are padded to their batch's
    longest even where the example pads them all to one length, and the optimizer skips embedding rows without a
    gradient. Neither changes a number beyond rounding and which draws dropout takes; where time is measured it is off.
    """

    learning_rate: float = 5e-5
    batch_size: int = 8
    accumulate: int = 1
    epochs: float = 3.0
    bf16: bool = False
    warmup: float = 0.0
    grouped: bool = False
    padded: bool = False
    """Whether the recipe pads to its `max_seq_length`, where the example does unless it is told not to."""
    beams: int = 1
    steps: int = -1
    quick: bool = True
