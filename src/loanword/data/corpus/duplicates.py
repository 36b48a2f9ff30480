"""Texts that were there before: the same but for case, width, spaces and invisible characters, or nearly the same.

What is remembered of a text is a hash or some, so memory grows by a known number of bytes a document. The first copy
stays, so the result hangs on the order and on nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from loanword.data.corpus.keys import Keys
from loanword.data.near_duplicates import band_keys, min_hashes, shingled

BANDS, DEEP = 14, 8
"""As many hashes as FineWeb has (Penedo et al. 2024), cut alike."""

COMPARED = 2**20
"""Characters of a text that are compared with others."""


def key_of(folded: str) -> int:
    """Return the 64-bit hash of a text that `data.near_duplicates.fold` has folded."""
    return int.from_bytes(blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")


class ExactDuplicates:
    """Remembers 64 bits of every text: 10 to 12.5 bytes of memory.

    Two different texts of n are taken for one with a probability of about n**2 / 2**65: 3 in 10**8 for a million texts,
    3 % for a thousand million.
    """

    def __init__(self) -> None:
        """Start without any text."""
        self._keys = Keys()

    def is_new(self, key: int) -> bool:
        """Whether the text with this `key_of` was not there before; from now on it was."""
        return self._keys.add(key)

    def __len__(self) -> int:
        """Count the texts that are remembered."""
        return len(self._keys)

    @property
    def bytes(self) -> int:
        """Bytes that they take."""
        return self._keys.nbytes

    @property
    def bytes_per_document(self) -> float:
        """Bytes that each takes: more while there are few."""
        return self.bytes / max(1, len(self))


class NearDuplicates:
    """Remembers `bands` keys of every text that is kept: with 14 of them 140 to 175 bytes of memory.

    MinHash of 5-character shingles, a key for each `deep` hashes (Broder 1997). A text is taken for a near-duplicate of
    an earlier one of Jaccard similarity s if a key is the same, with the probability of `chance`: 1 in 1,000 at 0.3,
    5 % at 0.5, 21 % at 0.6, 56 % at 0.7, 92 % at 0.8, 99.96 % at 0.9. The texts themselves are not compared, so where
    thousands are somewhat alike (forms filled in, pages of one template) these chances add up and some that differ are
    dropped.
    """

    def __init__(self, *, bands: int = BANDS, deep: int = DEEP) -> None:
        """Start without any text."""
        self.bands, self.deep = bands, deep
        self._keys = Keys()
        self._count = 0

    def are_new(self, folded: Sequence[str]) -> list[bool]:
        """Whether each of some folded texts is like none before it; those that are not leave nothing behind.

        Many at a time are faster, with the same result. Of a text only the first `COMPARED` characters count.
        """
        if not folded:
            return []
        signatures = min_hashes(shingled([text[:COMPARED] for text in folded]), count=self.bands * self.deep)
        found = []
        for keys in band_keys(signatures, deep=self.deep).tolist():
            found.append(not any(key in self._keys for key in keys))
            if found[-1]:
                self._count += 1
                for key in keys:
                    self._keys.add(key)
        return found

    def chance(self, similarity: float) -> float:
        """Return the probability that a text is taken for a copy of one of this Jaccard similarity."""
        return float(1 - (1 - similarity**self.deep) ** self.bands)

    def __len__(self) -> int:
        """Count the texts that are remembered."""
        return self._count

    @property
    def bytes(self) -> int:
        """Bytes that they take."""
        return self._keys.nbytes

    @property
    def bytes_per_document(self) -> float:
        """Bytes that each takes: more while there are few."""
        return self.bytes / max(1, len(self))
