"""One seed, many independent streams.

A stream is named by what it is for ("order", "dropout", "bootstrap"), so adding a consumer never shifts the
numbers that another one draws.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


def derive(seed: int, *names: str | int) -> int:
    """Derive a 63-bit seed for the stream `names` from the run's `seed`."""
    text = "/".join(str(part) for part in (seed, *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return the numpy generator of the stream `names`."""
    return np.random.default_rng(derive(seed, *names))


@contextmanager
def seeded(seed: int, *names: str | int) -> Iterator[None]:
    """Seed torch's global generators for the stream `names` inside the block, and put them back afterwards."""
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(derive(seed, *names))
        yield
