"""Endless rows out of tokenized corpora: of one text, or of a text and its translation.

Row number k of a stream is the same whenever it is asked for: pass k // n, in an order of its own, place k % n.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np

from loanword.batches.permutation import Permutation
from loanword.tokens.encoded import Encoded
from loanword.tokens.shards import Shard, counted
from loanword.tokens.tokenizer import Frame, Tokenizer

KEPT = 64
"""Orders that are kept: building one takes longer than using it."""


@dataclass(frozen=True)
class Corpus:
    """Tokenized text by language, and translations by "en:de", both sides in the same order of documents.

    A row has at most `length` pieces, special ones included. `seed` gives the order.
    """

    tokenizer: Tokenizer
    texts: dict[str, Shard]
    parallel: dict[str, tuple[Shard, Shard]] = field(default_factory=dict)
    length: int = 128
    seed: int = 0

    @property
    def shards(self) -> list[Shard]:
        """All tokenized text."""
        return [*self.texts.values(), *(shard for pair in self.parallel.values() for shard in pair)]

    @cached_property
    def digest(self) -> str:
        """What tells this corpus, as it is cut into rows, from another."""
        found = hashlib.sha256(f"{self.length} {self.seed}".encode())
        for shard in self.shards:
            found.update(f"{shard.language} {shard.size}".encode())
            for block in shard.blocks():
                found.update(block.data)
        return found.hexdigest()

    @cached_property
    def reached(self) -> list[int]:
        """The pieces that it holds."""
        counts = sum((counted(shard, len(self.tokenizer)) for shard in self.shards), np.zeros(len(self.tokenizer)))
        return [int(n) for n in np.flatnonzero(counts)]

    @cached_property
    def frame(self) -> Frame:
        """The special pieces around one text."""
        return self.tokenizer.frame()

    @cached_property
    def pair_frame(self) -> Frame:
        """The special pieces around two texts."""
        return self.tokenizer.frame(pair=True)


@lru_cache(maxsize=KEPT)
def _order(size: int, seed: int, language: str, epoch: int) -> Permutation:
    return Permutation(size, seed, "rows", language, epoch)


def row_of(number: int, *, size: int, seed: int, language: str) -> int:
    """Return which row comes as number `number`."""
    epoch, place = divmod(number, size)
    return int(_order(size, seed, language, epoch)(np.array([place]))[0])


def rows_of(numbers: np.ndarray, *, size: int, seed: int, language: str) -> np.ndarray:
    """Return which rows come as `numbers`."""
    epochs, places = np.divmod(numbers, size)
    found = np.empty(len(numbers), dtype=np.int64)
    for epoch in np.unique(epochs):
        here = epochs == epoch
        found[here] = _order(size, seed, language, int(epoch))(places[here])
    return found


class TextRows:
    """Rows of one language: parts of documents, framed as single texts."""

    def __init__(self, corpus: Corpus, shard: Shard) -> None:
        """Cut the documents of `shard` into rows."""
        self.shard, self.seed, self.frame = shard, corpus.seed, corpus.frame
        self.rows = shard.rows(corpus.length - self.frame.size)

    def __len__(self) -> int:
        """Count the rows of one pass."""
        return len(self.rows)

    def lengths(self, numbers: np.ndarray) -> np.ndarray:
        """Return how many pieces these rows have."""
        where = rows_of(numbers, size=len(self), seed=self.seed, language=self.shard.language)
        found: np.ndarray = self.rows[where, 1] + self.frame.size
        return found

    def __getitem__(self, number: int) -> Encoded:
        """Return one of them."""
        row = row_of(number, size=len(self), seed=self.seed, language=self.shard.language)
        start, length = (int(value) for value in self.rows[row])
        ids, _ = self.frame.around(self.shard.pieces[start : start + length].tolist())
        return Encoded(ids=ids, language=self.shard.language, row=number)


class PairRows:
    """Rows of two languages: a text and its translation in one frame, each cut to its share of what fits."""

    def __init__(self, corpus: Corpus, name: str) -> None:
        """Pair the documents of the parallel corpus `name`."""
        self.name, self.seed, self.frame = name, corpus.seed, corpus.pair_frame
        self.one, self.other = corpus.parallel[name]
        self.room = corpus.length - self.frame.size
        self.has_types = corpus.tokenizer.encode(["a"], languages=["en"], pairs=["b"])[0].types is not None

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.one)

    def _sizes(self, pair: int) -> tuple[int, int]:
        (a, b), (c, d) = self.one.span(pair), self.other.span(pair)
        return fitted(b - a, d - c, self.room)

    def lengths(self, numbers: np.ndarray) -> np.ndarray:
        """Return how many pieces these rows have."""
        where = rows_of(numbers, size=len(self), seed=self.seed, language=self.name)
        return np.array([sum(self._sizes(int(pair))) for pair in where]) + self.frame.size

    def __getitem__(self, number: int) -> Encoded:
        """Return one of them."""
        pair = row_of(number, size=len(self), seed=self.seed, language=self.name)
        sizes = self._sizes(pair)
        sides = [
            shard.pieces[start : start + size].tolist()
            for shard, size in zip((self.one, self.other), sizes, strict=True)
            for start in [shard.span(pair)[0]]
        ]
        ids, types = self.frame.around(*sides)
        return Encoded(ids=ids, language=self.one.language, row=number, types=types if self.has_types else None)


def fitted(one: int, other: int, room: int) -> tuple[int, int]:
    """Return how much of two texts of these lengths fits into `room`: the longer one is cut first."""
    if one + other <= room:
        return one, other
    short = min(one, other, room // 2)
    return (short, room - short) if one <= other else (room - short, short)
