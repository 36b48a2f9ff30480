"""With which pieces of a text a word begins, as the vocabulary marks it."""

from __future__ import annotations

import numpy as np

from loanword.tokens.tokenizer import BEGINNINGS, Tokenizer

INSIDE, END = "##", "</w>"
"""How WordPiece marks a piece that goes on with a word, and XLM's BPE one that ends it."""
MANY = 0.02
"""Share of the vocabulary that bears a mark where it is one."""


class Beginnings:
    """Tells where words begin from piece ids alone; a text without marks, as Chinese often is, is one word."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Find out how the vocabulary of `tokenizer` marks words."""
        tokens = [tokenizer.token(n) for n in range(len(tokenizer))]
        inside = np.array([token.startswith(INSIDE) and len(token) > len(INSIDE) for token in tokens])
        ends = np.array([token.endswith(END) for token in tokens])
        self.after = ends if ends.mean() > MANY else None
        self.first = (
            ~inside if inside.mean() > MANY else np.array([token[:1] in BEGINNINGS and token != "" for token in tokens])
        )

    def __call__(self, ids: np.ndarray) -> np.ndarray:
        """Return for every piece of `ids` whether a word begins with it, (seq,)."""
        if self.after is None:
            found: np.ndarray = self.first[ids]
            return found
        return np.concatenate([[True], self.after[ids[:-1]]]) if len(ids) else np.zeros(0, dtype=bool)


INNER, BEGINS, CONTROL = 0, 1, 2
"""A piece that goes on with a word, one that begins a word, one that is no text."""


def kinds_of(tokenizer: Tokenizer) -> np.ndarray:
    """Return the kind of every piece, (pieces,); where the marks are at the ends of words, each may begin one."""
    begins = Beginnings(tokenizer)
    found = np.full(len(tokenizer), BEGINS, dtype=np.uint8)
    if begins.after is None:
        found[~begins.first] = INNER
    found[[n for n in tokenizer.control_ids if n < len(found)]] = CONTROL
    return found
