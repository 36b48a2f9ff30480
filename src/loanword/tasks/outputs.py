"""Outputs for any number of texts, in their order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from loanword.batches.passes import passes
from loanword.hardware import Hardware
from loanword.tasks.model import Model, answering
from loanword.tokens.encoded import Encoded


@dataclass(frozen=True, slots=True)
class Outputs:
    """The model's `values`, one array for each input, in their order, and what they took.

    An array is what the head says of the text: (classes) or, of every piece, (pieces, classes).
    """

    values: list[np.ndarray]
    seconds: float
    tokens: int


def outputs(
    model: Model,
    encoded: Sequence[Encoded],
    *,
    pad_id: int,
    hardware: Hardware,
    micro_tokens: int | None = None,
    forward: Callable[..., torch.Tensor] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outputs:
    """Run `model` (or `forward`, which takes a batch) over `encoded`, in evaluation mode; `passes` says how.

    `progress` is told the rows done.
    """
    per_piece = getattr(model.head, "per_piece", False)
    started = time.perf_counter()
    found: list[np.ndarray] = [np.empty(0)] * len(encoded)
    call = forward or model
    with answering(model):
        for rows, values in passes(call, encoded, pad_id=pad_id, hardware=hardware, micro_tokens=micro_tokens):
            for row, value in zip(rows, _array(values), strict=True):
                found[row] = value[: len(encoded[row].ids)] if per_piece else value
            if progress is not None:
                progress(len(rows))
    seconds = time.perf_counter() - started
    return Outputs(values=found, seconds=seconds, tokens=sum(len(item) for item in encoded))


def _array(values: torch.Tensor) -> np.ndarray:
    found: np.ndarray = (values.float() if values.is_floating_point() else values).numpy()
    return found


def vectors(
    model: Model, encoded: Sequence[Encoded], *, pad_id: int, hardware: Hardware, micro_tokens: int | None = None
) -> torch.Tensor:
    """Return the encoder's pooled vectors (n, width), on the CPU, in fp32."""
    found = outputs(
        model,
        encoded,
        pad_id=pad_id,
        hardware=hardware,
        micro_tokens=micro_tokens,
        forward=lambda batch: model.encoder(batch).pooled,
    )
    return torch.from_numpy(np.stack(found.values))
