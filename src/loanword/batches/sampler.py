"""Which rows make a step, in which order: length buckets, token budgets, exact resume.

A step is `batch_size` rows of similar length. It is cut into micro-batches of at most `micro_tokens` padded tokens,
so long texts cost more passes and never more memory; the gradient of the step is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from loanword.randomness import generator

CPU_TOKENS, DEVICE_TOKENS = 1024, 16_384
"""Padded tokens of a pass of training: on a CPU larger ones are no faster and take more memory (docs/log.md)."""

POOL = 16
"""Steps whose rows are sorted by length together: large enough to save padding, small enough to stay random."""


def pass_tokens(device: str) -> int:
    """Return the padded tokens of a pass of training that suit `device`."""
    return CPU_TOKENS if device == "cpu" else DEVICE_TOKENS


@dataclass(frozen=True, slots=True)
class Step:
    """The micro-batches (tuples of row indices) of one optimizer step; a `whole` one is never cut."""

    epoch: int
    micro: tuple[tuple[int, ...], ...]
    whole: bool = False

    @property
    def rows(self) -> int:
        """Rows in the whole step."""
        return sum(len(part) for part in self.micro)


class Sampler:
    """Seeded steps over rows of known `lengths`.

    The order of epoch e depends on (seed, e) alone, so a run resumes at any step by counting.
    """

    def __init__(self, lengths: Sequence[int], *, batch_size: int, micro_tokens: int, seed: int) -> None:
        """Prepare to sample rows with these token counts, `batch_size` rows a step."""
        self.lengths = np.asarray(lengths)
        self.batch_size = batch_size
        self.micro_tokens = micro_tokens
        self.seed = seed

    @property
    def steps_per_epoch(self) -> int:
        """Steps in one pass over all rows."""
        return -(-len(self.lengths) // self.batch_size)

    def epoch(self, epoch: int) -> list[Step]:
        """All steps of pass number `epoch`; every row is in exactly one."""
        rng = generator(self.seed, "order", epoch)
        order = rng.permutation(len(self.lengths))
        steps = []
        for start in range(0, len(order), POOL * self.batch_size):
            pool = order[start : start + POOL * self.batch_size]
            pool = pool[np.argsort(self.lengths[pool], kind="stable")]
            steps += [pool[at : at + self.batch_size] for at in range(0, len(pool), self.batch_size)]
        return [Step(epoch, self._cut(steps[index])) for index in rng.permutation(len(steps))]

    def steps(self, count: int, *, start: int = 0) -> Iterator[Step]:
        """Yield steps number `start` to `count` - 1, over as many epochs as that takes."""
        step = start
        while step < count:
            epoch, offset = divmod(step, self.steps_per_epoch)
            for item in self.epoch(epoch)[offset : offset + count - step]:
                yield item
                step += 1

    def _cut(self, rows: np.ndarray) -> tuple[tuple[int, ...], ...]:
        return tuple(
            tuple(int(rows[i]) for i in part) for part in by_tokens(self.lengths[rows], budget=self.micro_tokens)
        )


def by_tokens(lengths: Sequence[int] | np.ndarray, *, budget: int) -> list[list[int]]:
    """Group indices in the given order so that count x longest stays within `budget` (one row always fits)."""
    groups: list[list[int]] = []
    longest = 0
    for index, length in enumerate(lengths):
        longest = max(longest, int(length))
        if not groups or (len(groups[-1]) + 1) * longest > budget:
            groups.append([])
            longest = int(length)
        groups[-1].append(index)
    return groups
