"""Stage 2, the arrow: Record -> Encoded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple


class Place(NamedTuple):
    """What a piece stands for: a part of the record's text (`side` 0) or of its second one (1), in code points.

    A piece that stands for neither, but is there for every text, is on the `side` `NOWHERE`.
    """

    side: int
    start: int
    end: int


NOWHERE = -1


@dataclass(slots=True)
class Encoded:
    """One model input: piece ids with special tokens, and what it should yield.

    `row` is the index of the record it came from (a long record may give several inputs) in the table that the run
    knows as `table`. `target` is what the task's head learns from: a class index, a list of tag indices, ...; None
    where there is no label. `offsets` say which part of the text each piece stands for, as (start, end) in code points,
    where the task asked for them; a piece that stands for none of it has (0, 0). `other` is the second text, where a
    task has the two read apart.
    `into` is the language to answer in, where a task writes. `places` are those of all pieces, where the tokenizer was
    asked to tell them (`Tokenizer.locating`).
    """

    ids: list[int]
    language: str
    row: int
    target: Any = None
    types: list[int] | None = None
    truncated: bool = False
    offsets: list[tuple[int, int]] | None = None
    other: Encoded | None = None
    into: str = ""
    table: str = ""
    places: list[Place] | None = None

    def __len__(self) -> int:
        """Count the pieces, special ones included."""
        return len(self.ids) + (len(self.other) if self.other else 0)


def texts_of(encoded: Iterable[Encoded]) -> Iterator[Encoded]:
    """Walk through all that an encoder is to read: each input, and its second text where it has one."""
    for item in encoded:
        yield item
        if item.other is not None:
            yield item.other
