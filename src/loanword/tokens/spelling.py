"""How likely a language spells a piece as it is spelt: each character after the two before it.

Interpolated with fewer characters before it by how many kinds of them follow (Witten and Bell 1991). All pieces are
judged at once, as arrays: a vocabulary has a quarter of a million.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

BEFORE = 2
"""Characters that a character is judged by, at the most."""
UNSEEN = 1e-5
"""Probability of a character that no text holds."""


class _Order(NamedTuple):
    """What follows contexts of one length.

    Of all characters those at `rows` have so many before them; `sequence` is the number of the context and character
    of each, `context` that of the context of each sequence, of which there are `contexts`.
    """

    rows: np.ndarray
    sequence: np.ndarray
    context: np.ndarray
    contexts: int


class Spellings:
    """How some `pieces` are spelt, to be weighed by how often a language has each."""

    def __init__(self, pieces: Sequence[str]) -> None:
        """Number all sequences of characters that matter; a mark stands before the first character of a piece."""
        text = "".join(f"\0{piece}" for piece in pieces)
        alphabet, code = np.unique(np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32), return_inverse=True)
        lengths = np.array([1 + len(piece) for piece in pieces], dtype=np.int64)
        place = np.arange(len(code)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        characters = np.flatnonzero(place)
        self.pieces = len(pieces)
        self.owner = np.repeat(np.arange(len(pieces)), lengths)[characters]
        self.orders: list[_Order] = []
        before = np.zeros(len(code), dtype=np.int64)
        for length in range(BEFORE + 1):
            rows = np.flatnonzero(place[characters] >= length)
            here = characters[rows]
            contexts, context = np.unique(before[here], return_inverse=True)
            sequences, sequence = np.unique(context * len(alphabet) + code[here], return_inverse=True)
            self.orders.append(_Order(rows, sequence, sequences // len(alphabet), len(contexts)))
            before = np.concatenate([[0], (before * len(alphabet) + code)[:-1]])

    def log_probabilities(self, weights: np.ndarray) -> np.ndarray:
        """Return the logarithm of the probability of each piece, in a language that has pieces by their `weights`."""
        seen = weights[self.owner]
        least = min(weights[weights > 0], default=1.0)
        chance = np.full(len(seen), UNSEEN)
        for rows, sequence, context, contexts in self.orders:
            counts = np.bincount(sequence, seen[rows], minlength=len(context))
            total = np.bincount(context, counts, minlength=contexts)[context]
            new = np.bincount(context, counts > 0, minlength=contexts)[context] * least
            known = (total > 0)[sequence]
            here, which = rows[known], sequence[known]
            chance[here] = (counts[which] + new[which] * chance[here]) / (total + new)[which]
        return np.bincount(self.owner, np.log(chance), minlength=self.pieces)
