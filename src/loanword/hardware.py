"""What the machine can do: device, precision, threads, memory. Asked once, told in the run's report.

No speed is measured here. The number of threads follows what else runs on the machine right now; sums of floats depend
on it, so set `threads` where two runs have to agree bit for bit.
"""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loanword.errors import UsageError

if TYPE_CHECKING:
    import torch

STAT = "/proc/stat"
QUOTA = "/sys/fs/cgroup/cpu.max"
COMPILED, SHAPES = "ONEDNN_PRIMITIVE_CACHE_CAPACITY", 64
"""How oneDNN is told how many compiled products to keep, and how many those of a few passes are."""
LOOK = 0.1
"""Seconds for which a machine is watched to see which of its cores are busy."""


@dataclass(frozen=True, slots=True)
class Hardware:
    """The device that a run uses, and how.

    `precision` is "bf16" or "fp32" and concerns matrix products and what flows between them. Weights, gradients,
    optimizer, pooling, head and loss are fp32 always; norms and softmax add up in fp32 within.
    """

    device: str
    precision: str
    threads: int

    def autocast(self) -> AbstractContextManager[object]:
        """Return the context in which forward passes run."""
        import torch

        return torch.autocast(
            self.device.split(":")[0], dtype=torch.bfloat16, enabled=self.precision == "bf16", cache_enabled=True
        )

    def __str__(self) -> str:
        """Say in a line of progress what a run uses."""
        cores = os.cpu_count() or 1
        return f"on {self.device}, {self.precision}, {self.threads} of {cores} thread{'s' if cores != 1 else ''}"

    def describe(self) -> dict[str, str]:
        """Say what this machine is, for reports and manifests."""
        return {
            "device": self.device,
            "precision": self.precision,
            "threads": str(self.threads),
            "processor": _processor(),
            "cores": str(os.cpu_count() or 1),
            "platform": f"{platform.system()} {platform.machine()}",
        }


def detect(*, device: str = "auto", precision: str = "auto", threads: int = 0) -> Hardware:
    """Choose device, precision and threads; explicit values are kept, "auto" and 0 ask the machine.

    bf16 is chosen where the processor multiplies it natively (AVX512-BF16 or AMX; any CUDA device that supports it):
    elsewhere it is emulated and slower than fp32. Threads default to the cores that other work leaves free.
    """
    import torch

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    _expect(device)
    if precision == "auto":
        precision = "bf16" if _has_bf16(device) else "fp32"
    if precision not in ("bf16", "fp32"):
        raise UsageError(f"unknown precision '{precision}'; known: auto, bf16, fp32")
    if not 0 <= threads <= 1024:
        raise UsageError(f"threads is {threads}; expected 0, for what the machine has free, to 1024")
    threads = threads or free_cores()
    torch.set_num_threads(threads)
    return Hardware(device=device, precision=precision, threads=threads)


def keep_few_shapes() -> None:
    """Let oneDNN keep the products that it compiled for the last few shapes, unless the environment says otherwise.

    It keeps 1,024, with AMX half a megabyte each (docs/log.md). Where every pass has a shape of its own none comes
    again. Heard if nothing was multiplied in this process before.
    """
    os.environ.setdefault(COMPILED, str(SHAPES))


def free_cores() -> int:
    """Count the cores this process may use, less those that other processes keep busy right now; at least 1.

    A container may be given less time than its cores have (``docker run --cpus``): then it has as many as that. Two
    threads beside another two-thread job are slower than one. An explicit ``OMP_NUM_THREADS`` wins.
    """
    explicit = os.environ.get("OMP_NUM_THREADS", "")
    if explicit.isdigit() and int(explicit) > 0:
        return int(explicit)
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    return max(1, min(len(allowed) - round(busy(allowed)), _quota()))


def _quota() -> int:
    """Return the cores that a control group pays for, rounded up; no end of them where it sets no limit."""
    try:
        limit, period = Path(QUOTA).read_text(encoding="utf-8").split()
        return -(-int(limit) // int(period))
    except (OSError, ValueError):  # No such file, or "max".
        return sys.maxsize


def busy(cores: Collection[int]) -> float:
    """Look for a moment at how many of `cores` others keep busy; elsewhere than on Linux, at the last minute's load."""
    if before := _ticks(cores):
        time.sleep(LOOK)  # This process does nothing meanwhile: what is busy is others'.
        total, idle = (new - old for new, old in zip(_ticks(cores), before, strict=True))
        return len(cores) * (total - idle) / total if total else 0.0
    try:
        return max(0.0, os.getloadavg()[0] - 0.5)
    except (OSError, AttributeError):  # Windows has no such number.
        return 0.0


def _ticks(cores: Collection[int]) -> tuple[int, ...]:
    """Return the clock ticks that `cores` counted, in all and idle; nothing where the system does not say."""
    names = {f"cpu{core}" for core in cores}
    try:
        lines = [line.split() for line in Path(STAT).read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ()
    # The first eight are disjoint; of those, the fourth and fifth are idle, with and without a disk to wait for.
    counts = [[int(count) for count in line[1:9]] for line in lines if line and line[0] in names]
    return sum(map(sum, counts)), sum(sum(count[3:5]) for count in counts)


def peak_memory() -> int:
    """Return the largest resident size of this process so far, in bytes; 0 where the system does not say (Windows)."""
    try:
        import resource
    except ImportError:
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _expect(device: str) -> None:
    import torch

    try:
        torch.device(device)
    except RuntimeError:
        raise UsageError(f"unknown device '{device}'; expected auto, cpu, cuda, cuda:1, mps, ...") from None
    try:
        torch.ones(1, device=device).item()
    except Exception:  # Every back end has an error of its own for what it lacks, down to AssertionError.
        raise UsageError(f"device '{device}' is not available here; use auto or cpu") from None


def _has_bf16(device: str) -> bool:
    import torch

    if device.startswith("cuda"):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        # Private, but the only way to ask; absent names mean an older or newer torch: stay exact.
        probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        return any(bool(getattr(torch.cpu, probe, bool)()) for probe in probes)
    return False


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123
            names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
        return names[0] if names else platform.processor()
    except OSError:
        return platform.processor() or platform.machine()


def synchronise(device: torch.device) -> None:
    """Wait until the device has done what was asked, so that a clock read next to it means something."""
    import torch

    if device.type == "cuda":
        torch.cuda.synchronize(device)
