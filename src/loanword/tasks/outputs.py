"""Outputs for any number of texts, in their order."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from loanword.batches.passes import passes
from loanword.hardware import Hardware
from loanword.tasks.model import Model
from loanword.tokens.encoded import Encoded


@dataclass(frozen=True, slots=True)
class Outputs:
    """The model's `values` (n, ...) in the order of the inputs, and what they took."""

    values: np.ndarray
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
    training = [module for module in model.modules() if module.training]
    model.eval()
    started = time.perf_counter()
    found = []
    for rows, values in passes(forward or model, encoded, pad_id=pad_id, hardware=hardware, micro_tokens=micro_tokens):
        found.append((rows, values.float().numpy()))
        if progress is not None:
            progress(len(rows))
    seconds = time.perf_counter() - started
    for module in training:  # A hook may ask in the middle of training, in which some layers take no part.
        module.training = True
    result = np.empty((len(encoded), *(found[0][1].shape[1:] if found else ())), dtype=np.float32)
    for rows, part in found:
        result[rows] = part
    return Outputs(values=result, seconds=seconds, tokens=sum(len(item) for item in encoded))


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
    return torch.from_numpy(found.values)
