"""Which pieces of one language a piece of another stands for, from texts and their translations.

IBM Model 1 (Brown et al. 1993): every piece of the first text comes from some piece of its translation, or from none;
which one is learned by expectation maximisation. What a piece is there for most of the time is found by what the other
pieces of the same texts explain better.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

import numpy as np

ROUNDS = 10
MOST_PAIRS = 10_000
"""Translations that are looked at: their pieces meet in millions of places."""
NONE = -1
"""What pieces come from that nothing in the translation stands for."""


def word_translations(
    pairs: Iterable[tuple[Sequence[int], Sequence[int]]], *, most: int
) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Return of every piece of the second texts the `most` likely pieces of the first that it stands for.

    Beside them stand their chances, which add up to 1. Pieces count once a text.
    """
    first, second, places = [], [], []
    start = 0
    for one, other in islice(pairs, MOST_PAIRS):
        here, there = np.unique(np.array(one, np.int64)), np.unique(np.array([NONE, *other], np.int64))
        first.append(np.tile(here, len(there)))
        second.append(np.repeat(there, len(here)))
        places.append(start + np.tile(np.arange(len(here)), len(there)))
        start += len(here)
    if not start:
        return {}
    place, one_of = np.concatenate(places), np.concatenate(first)
    size = int(one_of.max()) + 1
    keys, couple = np.unique((np.concatenate(second) - NONE) * size + one_of, return_inverse=True)
    ones, others = keys % size, keys // size + NONE
    pieces, piece = np.unique(others, return_inverse=True)
    chances = np.ones(len(keys))
    for _ in range(ROUNDS):
        shares = chances[couple]
        shares /= np.bincount(place, shares)[place]
        counts = np.bincount(couple, shares)
        chances = counts / np.bincount(piece, counts)[piece]
    found = {}
    by_piece = np.split(np.arange(len(keys)), np.flatnonzero(np.diff(piece)) + 1)  # Keys are in the order of pieces.
    for number, here in zip(pieces.tolist(), by_piece, strict=True):
        if number != NONE:
            best = here[np.argsort(-chances[here], kind="stable")[:most]]
            found[number] = (ones[best], chances[best] / chances[best].sum())
    return found
