"""Which language and which objective come next, in a run on unlabelled text of any size.

Languages are sampled by the power `alpha` of their share (Conneau and Lample 2019), which may change from the first
step to the last: languages with little text can be kept for the end (Marone et al. 2025, mmBERT). Nothing is drawn:
each language, and each objective, gets its share to within one row at every moment.

A step is of one objective. Its rows are of similar length: those of `POOL` steps are sorted together, as in `sampler`.
The order hangs on the seed alone and can begin at any step; rows are numbered across all parts by `Rows`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

import numpy as np

from loanword.batches import sampler
from loanword.batches.sampler import POOL, Step, by_tokens
from loanword.randomness import generator

if TYPE_CHECKING:
    from loanword.tokens.encoded import Encoded

REACH = 1 << 44
"""Rows that a stream may give over a run; they are numbered by it."""
FITTED, CLOSE = 1000, 1e-3
"""Times that shares are fitted to caps at most, and how exactly."""


class Stream(Protocol):
    """Endless rows of one objective in one language: number k is the same whenever it is asked for."""

    def __len__(self) -> int:
        """Count the rows of one pass."""
        ...

    def lengths(self, numbers: np.ndarray) -> np.ndarray:
        """Return how many pieces these rows have."""
        ...

    def __getitem__(self, number: int) -> Encoded:
        """Return one of them."""
        ...


CPU_TOKENS = 1536
"""Padded tokens of a pass on a CPU: every pass walks through the whole vocabulary, so larger ones pay (docs/log.md)."""


def pass_tokens(device: str) -> int:
    """Return the padded tokens of a pass of pretraining that suit `device`."""
    return CPU_TOKENS if device == "cpu" else sampler.pass_tokens(device)


@dataclass(frozen=True)
class Part:
    """An objective's share of the steps (`weight`), and its streams by language.

    `alpha` holds that of the first step and of the last; no language is seen more often than `cap` times. The steps of
    a `whole` one are not cut into passes.
    """

    name: str
    streams: Mapping[str, Stream]
    weight: float = 1.0
    batch_size: int = 64
    alpha: tuple[float, float] = (0.5, 0.5)
    cap: float = float("inf")
    whole: bool = False


def shares(sizes: np.ndarray, *, alpha: float) -> np.ndarray:
    """Return the share of each language, (languages,), from how many rows it has."""
    weights = np.where(sizes > 0, np.maximum(sizes, 1).astype(float) ** alpha, 0.0)
    found: np.ndarray = weights / weights.sum()
    return found


def within(wanted: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Return the rows of each pool by language, (pools, languages), of which no language has more than `most` in all.

    A language that wants more gets less in every pool alike, and the others share what that leaves of the pool. Where
    all together are too few, all are seen more often alike.
    """
    found, pool = wanted.astype(float), wanted.sum(1, keepdims=True)
    most = most * max(1.0, float(pool.sum() / most.sum()))
    for _ in range(FITTED):
        had = found.sum(0)
        if not (had > most * (1 + CLOSE)).any():
            break
        found *= np.minimum(1, most / np.maximum(had, CLOSE))
        found *= pool / found.sum(1, keepdims=True)
    return found


class Mixture:
    """The steps of a run over several parts: what `trainer` knows as a sampler.

    `steps_per_epoch` are the steps between two measurements.
    """

    def __init__(self, parts: Sequence[Part], *, steps: int, every: int, micro_tokens: int, seed: int) -> None:
        """Plan `steps` steps."""
        self.parts = tuple(parts)
        self.total = steps
        self.steps_per_epoch = every
        self.micro_tokens = micro_tokens
        self.seed = seed
        weights = np.array([part.weight for part in parts])
        self.weights = weights / weights.sum()
        self.first = np.cumsum([0, *(len(part.streams) for part in parts)])

    def steps(self, count: int, *, start: int = 0) -> Iterator[Step]:
        """Yield steps number `start` to `count` - 1."""
        given = np.zeros(len(self.parts), dtype=np.int64)
        pools: dict[int, Iterator[Step]] = {}
        for step, which in enumerate(self._turns(count)):
            if step >= start:
                if which not in pools:
                    pools[which] = self._steps(which, start=int(given[which]))
                yield next(pools[which])
            given[which] += 1

    def dealt(self) -> np.ndarray:
        """Return how many of all steps each part gets, (parts,)."""
        return np.bincount([*self._turns(self.total)], minlength=len(self.parts))

    def _turns(self, count: int) -> Iterator[int]:
        """Yield of which part each of `count` steps is."""
        given = np.zeros(len(self.parts), dtype=np.int64)
        for step in range(count):
            which = int(np.argmax((step + 1) * self.weights - given))
            yield which
            given[which] += 1

    def of_part(self, which: int, count: int) -> list[Step]:
        """Return the first `count` steps of part number `which`."""
        return list(islice(self._steps(which, start=0), count))

    def planned(self, which: int) -> int:
        """Return how many steps part number `which` has of all."""
        return max(1, round(self.total * float(self.weights[which])))

    def quotas(self, which: int) -> Iterator[np.ndarray]:
        """Yield the rows of each language, (languages,), pool by pool, for as long as it is asked."""
        part = self.parts[which]
        sizes = np.array([len(stream) for stream in part.streams.values()])
        steps = self.planned(which)
        pools = -(-steps // POOL)
        wanted = np.stack(
            [
                shares(sizes, alpha=part.alpha[0] + (part.alpha[1] - part.alpha[0]) * pool / max(1, pools - 1))
                for pool in range(pools)
            ]
        ) * (POOL * part.batch_size)
        wanted = within(wanted, np.where(sizes > 0, part.cap, 0) * np.maximum(sizes, 1))
        given = np.zeros(len(sizes), dtype=np.int64)
        target = np.zeros(len(sizes))
        pool = 0
        while True:
            target += wanted[min(pool, pools - 1)]
            rows = np.maximum(np.floor(target).astype(np.int64) - given, 0)
            left = POOL * part.batch_size - int(rows.sum())
            rows[np.argsort(-(target - given - rows), kind="stable")[:left]] += 1
            given += rows
            yield rows
            pool += 1

    def _steps(self, which: int, *, start: int) -> Iterator[Step]:
        part, skipped = self.parts[which], start // POOL
        streams = list(part.streams.values())
        given = np.zeros(len(streams), dtype=np.int64)
        for pool, rows in enumerate(self.quotas(which)):
            if pool >= skipped:
                numbers = [np.arange(first, first + count) for first, count in zip(given, rows, strict=True)]
                lengths = np.concatenate([one.lengths(k) for one, k in zip(streams, numbers, strict=True)])
                places = [(self.first[which] + n) * REACH + k for n, k in enumerate(numbers)]
                steps = self._cut(np.concatenate(places), lengths, part, pool)
                yield from steps[start - skipped * POOL if pool == skipped else 0 :]
            given += rows

    def _cut(self, rows: np.ndarray, lengths: np.ndarray, part: Part, pool: int) -> list[Step]:
        """Sort the rows of a pool by length, cut them into steps and passes, and shuffle the steps."""
        rng = generator(self.seed, "order", part.name, pool)
        order = rng.permutation(len(rows))
        order = order[np.argsort(lengths[order], kind="stable")]
        steps = [order[at : at + part.batch_size] for at in range(0, len(order), part.batch_size)]
        found = []
        for step in (steps[place] for place in rng.permutation(len(steps))):
            groups = [range(len(step))] if part.whole else by_tokens(lengths[step], budget=self.micro_tokens)
            micro = tuple(tuple(int(rows[step[place]]) for place in group) for group in groups)
            found.append(Step(0, micro, whole=part.whole))
        return found


class Rows(Sequence["Encoded"]):
    """All rows of the parts of a mixture by number, as the trainer's sequence."""

    def __init__(self, parts: Sequence[Part], *, digest: str = "", pieces: Sequence[int] = ()) -> None:
        """Number the streams of `parts`; `digest` stands for the corpus that they are of, which holds `pieces`."""
        self.digest = digest
        self.pieces = list(pieces)
        self.streams = [(part.name, stream) for part in parts for stream in part.streams.values()]

    def __len__(self) -> int:
        """Count the rows of one pass over everything."""
        return sum(len(stream) for _, stream in self.streams)

    def reached(self) -> list[int]:
        """Return the pieces that any row may hold."""
        return self.pieces

    def __getitem__(self, number: int) -> Encoded:  # type: ignore[override]
        """Return row `number`, which says in `table` of which part it is."""
        which, row = divmod(number, REACH)
        name, stream = self.streams[which]
        item = stream[row]
        item.table = name
        return item
