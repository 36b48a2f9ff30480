"""Texts longer than a model reads, in windows that overlap, so that all is seen with something on either side."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Window:
    """Units `start` up to but without `end` of a text, of which this window answers for those in `own`."""

    start: int
    end: int
    own: range


def windows(sizes: Sequence[int], *, room: int, overlap: int) -> list[Window]:
    """Cut a text whose units (words, pieces) have `sizes` pieces into windows of at most `room` pieces.

    Neighbours share units of about `overlap` pieces, and each answers for its half of these. One text that fits is one
    window; a single unit larger than `room` has a window of its own, to be cut.
    """
    found: list[tuple[int, int]] = []
    start = 0
    while True:
        end, filled = start, 0
        while end < len(sizes) and (end == start or filled + sizes[end] <= room):
            filled += sizes[end]
            end += 1
        found.append((start, end))
        if end >= len(sizes):
            break
        following, shared = end, 0
        most = min(overlap, room - sizes[end])  # Something new must fit, too.
        while following > start + 1 and shared + sizes[following - 1] <= most:
            following -= 1
            shared += sizes[following]
        start = following
    borders = [0, *((end + start) // 2 for (_, end), (start, _) in itertools.pairwise(found)), len(sizes)]
    return [
        Window(start, end, range(first, last))
        for (start, end), first, last in zip(found, borders, borders[1:], strict=False)
    ]
