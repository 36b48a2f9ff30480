"""Outputs for any number of texts, in their order: sorted by length, no gradients, one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from loanword.batches.batch import collate
from loanword.batches.sampler import by_tokens
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
    micro_tokens: int = 8192,
    forward: Callable[..., torch.Tensor] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Outputs:
    """Run `model` (or `forward`, which takes a batch) over `encoded`.

    Batches hold rows of similar length and at most `micro_tokens` padded tokens. `progress` is told the rows done.
    """
    call = forward or model
    model.eval()
    order = sorted(range(len(encoded)), key=lambda index: -len(encoded[index]))
    groups = by_tokens([len(encoded[index]) for index in order], budget=micro_tokens)
    found: list[tuple[list[int], np.ndarray]] = []
    started = time.perf_counter()
    with torch.inference_mode():
        for group in groups:
            rows = [order[position] for position in group]
            batch = collate([encoded[row] for row in rows], pad_id=pad_id).to(hardware.device)
            with hardware.autocast():
                values = call(batch)
            found.append((rows, values.float().cpu().numpy()))
            if progress is not None:
                progress(len(rows))
    seconds = time.perf_counter() - started
    shape = found[0][1].shape[1:] if found else (0,)
    result = np.empty((len(encoded), *shape), dtype=np.float32)
    for rows, values in found:
        result[rows] = values
    return Outputs(values=result, seconds=seconds, tokens=sum(len(item) for item in encoded))


def vectors(
    model: Model, encoded: Sequence[Encoded], *, pad_id: int, hardware: Hardware, micro_tokens: int = 8192
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
