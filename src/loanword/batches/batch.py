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
    the head's loss wants, collated by the task.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    languages: tuple[str, ...]
    rows: tuple[int, ...]
    types: torch.Tensor | None = None
    targets: Any = None

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.rows)

    def to(self, device: str) -> Batch:
        """Move the tensors to `device`."""

        def move(value: Any) -> Any:
            return value.to(device) if hasattr(value, "to") else value

        return replace(
            self, ids=move(self.ids), mask=move(self.mask), types=move(self.types), targets=move(self.targets)
        )


def collate(encoded: Sequence[Encoded], *, pad_id: int) -> Batch:
    """Pad `encoded` to its longest member: (batch, seq)."""
    import torch

    def padded(values: Sequence[Sequence[int]], *, with_: int) -> torch.Tensor:
        return torch.tensor([[*row, *[with_] * (longest - len(row))] for row in values], dtype=torch.long)

    longest = max(len(item) for item in encoded)
    ids = padded([item.ids for item in encoded], with_=pad_id)
    mask = (torch.arange(longest) < torch.tensor([[len(item)] for item in encoded])).long()
    types = None
    if encoded[0].types is not None:
        types = padded([item.types or [0] * len(item) for item in encoded], with_=0)
    return Batch(
        ids=ids,
        mask=mask,
        types=types,
        languages=tuple(item.language for item in encoded),
        rows=tuple(item.row for item in encoded),
    )
