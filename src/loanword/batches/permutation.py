"""A shuffled order of any number of rows, without keeping it.

A Feistel network turns a place into a row and is its own proof that no row comes twice; places that fall outside are
sent through again (Black and Rogaway 2002, "Ciphers with arbitrary finite domains"). So the order of a billion rows
takes no memory, and resuming anywhere takes no time.
"""

from __future__ import annotations

import numpy as np

from loanword.randomness import derive

ROUNDS = 4
ODD = np.uint64(0x9E3779B97F4A7C15)
MIX = np.uint64(0xBF58476D1CE4E5B9)


class Permutation:
    """An order of `size` rows that depends on `seed` and `names` alone."""

    def __init__(self, size: int, seed: int, *names: str | int) -> None:
        """Choose the order."""
        self.size = size
        self.half = np.uint64(max(1, ((max(size, 2) - 1).bit_length() + 1) // 2))
        self.low = np.uint64((1 << int(self.half)) - 1)
        self.keys = [np.uint64(derive(seed, *names, "round", number)) for number in range(ROUNDS)]

    def __call__(self, places: np.ndarray) -> np.ndarray:
        """Return the rows at `places`, each from 0 to `size` - 1."""
        found = self._through(places.astype(np.uint64))
        while (outside := found >= np.uint64(self.size)).any():
            found[outside] = self._through(found[outside])
        return found.astype(np.int64)

    def _through(self, places: np.ndarray) -> np.ndarray:
        left, right = places >> self.half, places & self.low
        for key in self.keys:
            mixed = (right + key) * ODD
            mixed = (mixed ^ (mixed >> np.uint64(31))) * MIX
            left, right = right, left ^ ((mixed ^ (mixed >> np.uint64(29))) & self.low)
        return (left << self.half) | right
