"""Answers for any number of rows: sorted by length, in batches, without gradients, one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

from loanword.batches.batch import Batch, collate
from loanword.batches.sampler import by_tokens
from loanword.hardware import Hardware
from loanword.tokens.encoded import Encoded

CPU_TOKENS, DEVICE_TOKENS = 2048, 8192
"""Padded tokens of a batch on a CPU, where larger ones leave its caches, and elsewhere."""


def passes(
    call: Callable[[Batch], torch.Tensor],
    encoded: Sequence[Encoded],
    *,
    pad_id: int,
    hardware: Hardware,
    micro_tokens: int | None = None,
) -> Iterator[tuple[list[int], torch.Tensor]]:
    """Yield indices of `encoded` and what `call` says of them, (rows, ...) on the CPU; the longest come first.

    Batches hold rows of similar length and at most `micro_tokens` padded tokens, by default what suits the device. On
    a CPU every thread has a batch of its own: in small ones, threads that share each operation wait for each other.
    """
    on_cpu = hardware.device == "cpu"
    order = sorted(range(len(encoded)), key=lambda index: -len(encoded[index]))
    budget = micro_tokens or (CPU_TOKENS if on_cpu else DEVICE_TOKENS)
    groups = [[order[at] for at in group] for group in by_tokens([len(encoded[row]) for row in order], budget=budget)]

    def answer(rows: list[int]) -> torch.Tensor:
        batch = collate([encoded[row] for row in rows], pad_id=pad_id).to(hardware.device)
        with torch.inference_mode(), hardware.autocast():
            return call(batch).cpu()

    with _threads(min(hardware.threads, len(groups)) if on_cpu else 1, of=hardware.threads) as over:
        yield from zip(groups, over(answer, groups), strict=True)


@contextmanager
def _threads(count: int, *, of: int) -> Iterator[Callable[..., Iterable[torch.Tensor]]]:
    """Give a `map` that calls in `count` threads, among which the `of` threads of torch's operations are shared out."""
    if count < 2:
        yield map
        return
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(of // count,)) as pool:
            yield pool.map
    finally:
        torch.set_num_threads(of)
