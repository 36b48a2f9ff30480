"""A set of 64-bit keys that only grows, in hardly more than the eight bytes that each of them has."""

from __future__ import annotations

import numpy as np

FULL = 0.8
"""Share of the slots that may be taken."""

GROWTH = 1.25
START, SPARE = 1024, 64
CHUNK = 2**14


class Keys:
    """An open-addressing table: a key stands at its place, which is in order of size, or in the next free slot.

    10 to 12.5 bytes a key (`nbytes` says how many), and for a moment about twice that whenever the table grows.
    """

    def __init__(self) -> None:
        """Start empty."""
        self._capacity, self._count = START, 0
        self._set(np.zeros(START + SPARE, dtype=np.uint64))

    def __len__(self) -> int:
        """Count the keys."""
        return self._count

    def __contains__(self, key: int) -> bool:
        """Whether `key` was added."""
        key = key or 1
        slots, place = self._slots, (key >> 32) * self._capacity >> 32
        while found := slots[place]:
            if found == key:
                return True
            place += 1
        return False

    def add(self, key: int) -> bool:
        """Add a key from 0 to 2**64 - 1, of which 0 is taken for 1; return whether it is new."""
        key = key or 1
        slots, place = self._slots, (key >> 32) * self._capacity >> 32
        while found := slots[place]:
            if found == key:
                return False
            place += 1
        slots[place] = key
        self._count += 1
        if self._count > FULL * self._capacity or place == len(slots) - 1:
            self._grow()
        return True

    @property
    def nbytes(self) -> int:
        """Bytes of the table."""
        return int(self._table.nbytes)

    def _set(self, table: np.ndarray) -> None:
        self._table, self._slots = table, table.data  # Single slots are reached faster through the latter.

    def _grow(self) -> None:
        """Lay the keys out anew, in order: each at its place, or right after the one before it."""
        keys = self._table[self._table != 0]
        keys.sort()
        self._set(np.zeros(0, dtype=np.uint64))  # The old table goes before the new one comes.
        capacity = max(int(GROWTH * self._capacity), self._capacity + 1)
        table, after = np.zeros(capacity + SPARE, dtype=np.uint64), 0
        for start in range(0, len(keys), CHUNK):
            chunk = keys[start : start + CHUNK]
            homes = ((chunk >> np.uint64(32)) * np.uint64(capacity) >> np.uint64(32)).astype(np.int64)
            ranks = np.arange(len(chunk))
            places = np.maximum(np.maximum.accumulate(homes - ranks), after) + ranks
            after = int(places[-1]) + 1
            if after >= len(table):
                table = np.concatenate([table, np.zeros(after + SPARE - len(table), dtype=np.uint64)])
            table[places] = chunk
        self._capacity = capacity
        self._set(table)
