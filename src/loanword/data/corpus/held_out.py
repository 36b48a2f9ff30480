"""Which documents are laid aside to measure by: told by the text alone, so that no copy is ever on the other side."""

from __future__ import annotations

from collections import Counter

LEAST, EARLY = 8, 0.1
"""Of so many documents of a language, so large a share is laid aside, whatever share is asked for."""


class HeldOut:
    """Lays aside the texts whose hash is in the lowest `share` of all hashes.

    A corpus that grows at its end moves no text from one side to the other. A language with little text would have
    none, so up to its `LEAST` th text laid aside a tenth is taken, and remembered.
    """

    def __init__(self, share: float) -> None:
        """Lay aside a `share` of the documents; of 0 none."""
        self.share = share
        self._early: set[int] = set()
        self._counts: Counter[str] = Counter()

    def takes(self, key: int, *, language: str) -> bool:
        """Whether the text with this `duplicates.key_of` is laid aside."""
        if not self.share:
            return False
        part = key / 2**64
        early = self._counts[language] < LEAST and part < EARLY
        if early:
            self._early.add(key)
        taken = early or part < self.share or key in self._early
        self._counts[language] += taken
        return taken
