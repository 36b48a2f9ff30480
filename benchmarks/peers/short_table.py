"""The rows of an embedding table that training reaches, in the place of the whole table.

The stock optimizer walks over 250,000 rows for the few thousand that have a gradient. The others do not move (no
weight decay), so leaving them out changes no number beyond rounding; tests/benchmarks/peers holds it. Only for
benchmarks of quality: where time is measured, stock keeps its table.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch


class ShortTable(torch.nn.Module):
    """Looks up the ids of a long table in a short one."""

    def __init__(self, table: torch.nn.Embedding, ids: torch.Tensor) -> None:
        super().__init__()
        where = torch.zeros(table.num_embeddings, dtype=torch.long)
        where[ids] = torch.arange(len(ids))
        self.register_buffer("where", where, persistent=False)
        padding = table.padding_idx
        self.rows = torch.nn.Embedding.from_pretrained(
            table.weight.detach()[ids].clone(),
            freeze=False,
            padding_idx=int(where[padding]) if padding in ids else None,
        )

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Vectors of `ids`, as the long table would give them."""
        return self.rows(self.where[ids])


@contextmanager
def short_table(model: torch.nn.Module, codes: Iterable[Sequence[int]], *, padding: int) -> Iterator[None]:
    """Give `model` a table of the ids in `codes` and `padding`; at the end, its own again with what was learnt."""
    table = model.get_input_embeddings()
    ids = torch.tensor(sorted({padding, *(code for row in codes for code in row)}))
    short = ShortTable(table, ids).to(table.weight.device)
    model.set_input_embeddings(short)
    try:
        yield
    finally:
        with torch.no_grad():
            table.weight[ids] = short.rows.weight.to(table.weight)
        model.set_input_embeddings(table)
