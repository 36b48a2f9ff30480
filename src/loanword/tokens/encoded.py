"""Stage 2, the arrow: Record -> Encoded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Encoded:
    """One model input: piece ids with special tokens, and what it should yield.

    `row` is the index of the record it came from (a long record may give several inputs). `target` is what the
    task's head learns from: a class index, a list of tag indices, ...; None where there is no label.
    """

    ids: list[int]
    language: str
    row: int
    target: Any = None
    types: list[int] | None = None
    truncated: bool = False

    def __len__(self) -> int:
        """Count the pieces, special ones included."""
        return len(self.ids)
