"""Stage 3, the arrow: Encoded -> Batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

    from loanword.tokens.encoded import Encoded


@dataclass(frozen=True, slots=True)
class Batch:
    """Model inputs of one forward pass.

    `ids`, `mask`, `types` are (batch, seq) integers; `mask` is 1 on pieces and 0 on padding; `types` is None for
    single texts. `languages` are the rows' BCP-47 tags, `rows` the indices of their records. `targets` is what
    the head's loss wants, collated by the task. `other` is the batch of the rows' second texts, where a task has the
    two read apart; `into` are the languages to answer in, where a task writes.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    languages: tuple[str, ...]
    rows: tuple[int, ...]
    types: torch.Tensor | None = None
    targets: Any = None
    other: Batch | None = None
    into: tuple[str, ...] = ()

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows)

    def to(self, device: str) -> Batch:
        """Move the tensors to `device`."""

        def move(value: Any) -> Any:
            return value.to(device) if hasattr(value, "to") else value

        names = ("ids", "mask", "types", "targets", "other")
        return replace(self, **{name: move(getattr(self, name)) for name in names})


def collate(encoded: Sequence[Encoded], *, pad_id: int) -> Batch:
    """Pad `encoded` to its longest member: (batch, seq)."""
    import torch

    def padded(values: Sequence[Sequence[int]], *, with_: int) -> torch.Tensor:
        return torch.tensor([[*row, *[with_] * (longest - len(row))] for row in values], dtype=torch.long)

    lengths = [len(item.ids) for item in encoded]
    longest = max(lengths)
    ids = padded([item.ids for item in encoded], with_=pad_id)
    mask = (torch.arange(longest) < torch.tensor([[length] for length in lengths])).long()
    types = None
    if encoded[0].types is not None:
        types = padded([item.types or [0] * len(item.ids) for item in encoded], with_=0)
    others = [item.other for item in encoded if item.other is not None]
    return Batch(
        ids=ids,
        mask=mask,
        types=types,
        languages=tuple(item.language for item in encoded),
        rows=tuple(item.row for item in encoded),
        other=collate(others, pad_id=pad_id) if others else None,
        into=tuple(item.into for item in encoded),
    )
