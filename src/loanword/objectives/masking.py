"""Which pieces are hidden from a model, and what stands in their place.

Devlin et al. 2019 (BERT): of the chosen pieces 80 % become the mask, 10 % another piece, 10 % stay. Whole words are
BERT's later variant; spans are those of Joshi et al. 2020 (SpanBERT), whose lengths are geometric.

Everything is drawn anew each time a row is seen, in numbers that are the same however a step is cut into passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

import numpy as np

from loanword.errors import UsageError

Unit = Literal["piece", "word", "span"]
LONGEST = 10
"""Pieces of a span, at most; also those of a word, for scripts without spaces have none that end."""
STOP = 0.2
"""Chance that a span ends after any of its pieces."""
DRAWS = 3
"""Numbers that a piece needs: whether it is chosen, what becomes of it, what takes its place."""


@dataclass(frozen=True)
class Masking:
    """How rows are masked: the share `ratio` of their pieces, in which `unit`, replaced by what.

    `begins` says of a row's pieces with which ones words begin, `never` which ids stay as they are (special ones),
    `others` which may stand in for one.
    """

    mask_id: int
    begins: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    never: np.ndarray = field(repr=False)
    others: np.ndarray = field(repr=False)
    unit: Unit = "piece"
    masked: float = 0.8
    random: float = 0.1

    def __post_init__(self) -> None:
        """Raise `UsageError` for what cannot be."""
        if self.unit not in get_args(Unit):
            raise UsageError(f"unknown unit of masking '{self.unit}'; known: {', '.join(get_args(Unit))}")
        if not 0 <= self.masked <= 1 or not 0 <= self.random <= 1 - self.masked:
            raise UsageError(f"the shares masked {self.masked} and random {self.random} must lie in 0 to 1 together")

    def hide(self, ids: np.ndarray, rng: np.random.Generator, *, ratio: float) -> tuple[np.ndarray, np.ndarray]:
        """Return one row with pieces hidden, (seq,), and the places of those, (hidden,)."""
        free = ~self.never[ids]
        draws = rng.random((len(ids) + LONGEST, DRAWS))
        if self.unit == "span":
            chosen, first = _spans(draws, len(ids), ratio)
        else:
            first = np.arange(len(ids)) if self.unit == "piece" else _words(self.begins(ids) | ~free)
            chosen = draws[first, 0] < ratio
        places = np.flatnonzero(chosen & free)
        fate = draws[first[places], 1]
        other = self.others[(draws[places, 2] * len(self.others)).astype(np.int64)]
        found = ids.copy()
        found[places] = np.where(
            fate < self.masked, self.mask_id, np.where(fate < self.masked + self.random, other, ids[places])
        )
        return found, places


def _words(starts: np.ndarray) -> np.ndarray:
    """Return for every piece the place of the first piece of its word; long words are cut."""
    places = np.arange(len(starts))
    first = np.maximum.accumulate(np.where(starts, places, 0))
    within = places - first
    return first + within - within % LONGEST


def _spans(draws: np.ndarray, length: int, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    """Return which pieces of a row lie in a span, and the place in `draws` of the span that covers each.

    Spans begin anywhere, also before the row, so that pieces at its start are as likely to lie in one as others.
    """
    long = np.minimum(1 + np.floor(np.log1p(-draws[:, 2]) / np.log1p(-STOP)), LONGEST).astype(np.int64)
    begins = np.flatnonzero(draws[:, 0] < start_chance(ratio))
    chosen, first = np.zeros(length, dtype=bool), np.zeros(length, dtype=np.int64)
    for place in begins:
        inside = slice(max(0, place - LONGEST), min(length, max(0, place - LONGEST + long[place])))
        chosen[inside], first[inside] = True, place
    return chosen, first


def start_chance(ratio: float) -> float:
    """Return the chance of a span to begin at a place that leaves the share `ratio` of pieces in some span.

    A piece lies in none if none began there, nor one place before and went on, nor two, ...
    """
    reach = (1 - STOP) ** np.arange(LONGEST)
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        inside = 1 - np.prod(1 - middle * reach)
        low, high = (middle, high) if inside < ratio else (low, middle)
    return high


def expect_schedule(schedule: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return `schedule` as `ratio_at` reads it; raises `UsageError` for what cannot be."""
    try:
        found = tuple((float(share), float(ratio)) for share, ratio in schedule)
    except (TypeError, ValueError):
        found = ()
    shares = [share for share, _ in found]
    rising = shares == sorted(shares) and all(0 <= share <= 1 for share in shares)
    if not found or shares[0] != 0 or not rising or not all(0 < ratio < 1 for _, ratio in found):
        raise UsageError(
            f"the schedule {schedule} is none; expected pairs of the share of steps that is done, from 0 upwards, and "
            "the ratio hidden from there on, between 0 and 1: [[0, 0.3], [0.8, 0.15]]"
        )
    return found


def ratio_at(schedule: Sequence[tuple[float, float]], done: float) -> float:
    """Return the ratio when the share `done` of the steps is over, of a schedule of (share, ratio) in order.

    ((0, 0.3), (0.8, 0.15)) hides 30 % in the first four fifths, then 15 %.
    """
    return [ratio for share, ratio in schedule if share <= done][-1]
