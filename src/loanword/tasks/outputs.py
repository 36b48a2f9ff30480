"""Outputs for any number of texts, in their order: sorted by length, no gradients, one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch

from loanword.batches.batch import collate
from loanword.batches.sampler import by_tokens
from loanword.hardware import Hardware
from loanword.tasks.model import Model
from loanword.tokens.encoded import Encoded

CPU_TOKENS, DEVICE_TOKENS = 2048, 8192
"""Padded tokens of a batch on a CPU, where larger ones leave its caches, and elsewhere."""


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
    """Run `model` (or `forward`, which takes a batch) over `encoded`.

    Batches hold rows of similar length and at most `micro_tokens` padded tokens, by default what suits the device. On
    a CPU every thread answers a batch of its own: in small batches, two threads that share each operation wait for
    each other a third of the time. `progress` is told the rows done.
    """
    call = forward or model
    model.eval()
    on_cpu = hardware.device == "cpu"
    order = sorted(range(len(encoded)), key=lambda index: -len(encoded[index]))
    budget = micro_tokens or (CPU_TOKENS if on_cpu else DEVICE_TOKENS)
    groups = [[order[at] for at in group] for group in by_tokens([len(encoded[row]) for row in order], budget=budget)]

    def answer(rows: list[int]) -> np.ndarray:
        batch = collate([encoded[row] for row in rows], pad_id=pad_id).to(hardware.device)
        with torch.inference_mode(), hardware.autocast():
            return call(batch).float().cpu().numpy()

    found: list[np.ndarray] = []
    started = time.perf_counter()
    with _threads(min(hardware.threads, len(groups)) if on_cpu else 1, of=hardware.threads) as over:
        for rows, values in zip(groups, over(answer, groups), strict=True):
            found.append(values)
            if progress is not None:
                progress(len(rows))
    seconds = time.perf_counter() - started
    result = np.empty((len(encoded), *(found[0].shape[1:] if found else ())), dtype=np.float32)
    for rows, values in zip(groups, found, strict=True):
        result[rows] = values
    return Outputs(values=result, seconds=seconds, tokens=sum(len(item) for item in encoded))


@contextmanager
def _threads(count: int, *, of: int) -> Iterator[Callable[..., Iterable[np.ndarray]]]:
    """Give a `map` that calls in `count` threads, among which the `of` threads of torch's operations are shared out."""
    if count < 2:
        yield map
        return
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(of // count,)) as pool:
            yield pool.map
    finally:
        torch.set_num_threads(of)


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
