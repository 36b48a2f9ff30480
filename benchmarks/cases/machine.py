"""The machine that a row runs on: whether it is idle, what it can do, how much memory the process took."""

from __future__ import annotations

import os
import resource
import time
from statistics import mean

BUSY = 0.3
"""Cores that others may keep busy."""


def expect_idle() -> None:
    """Stop unless the machine is this process's alone."""
    from loanword.hardware import busy

    cores = os.sched_getaffinity(0)
    others = mean(busy(cores) for _ in range(5))
    if others > BUSY:
        raise SystemExit(f"others keep {others:.1f} of {len(cores)} cores busy: no time measured now would be true")


def peaks() -> dict[str, float]:
    """Measure what the machine can do: operations a second in bf16 and fp32, bytes a second copied (read and write)."""
    import torch

    from loanword.cost import measure_rate

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    there, here = torch.ones(50_000_000), torch.empty(50_000_000)
    copied = 1e9
    for _ in range(8):
        began = time.perf_counter()
        here.copy_(there)
        copied = min(copied, time.perf_counter() - began)
    return {
        "bf16": measure_rate("bf16", device="cpu", size=2048, seconds=1.0),
        "fp32": measure_rate("fp32", device="cpu", size=2048, seconds=0.5),
        "copy": 2 * 4 * 50_000_000 / copied,
    }


def memory() -> float:
    """Return the largest size of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
