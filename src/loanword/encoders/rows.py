"""Train on exactly the rows of the embedding table that the data can reach.

Most of a multilingual encoder is its embedding table (82 % of e5-small, 69 % of XLM-R-base), and a source language
touches a few hundred to a few thousand of its rows. Gradients, clipping and AdamW would walk over all of them every
step. Rows without a gradient and without weight decay do not move under AdamW, so leaving them out is the same
mathematics; the tests hold it against the dense run.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn

from loanword.encoders.encoder import Encoder
from loanword.errors import ModelError
from loanword.tokens.encoded import Encoded, texts_of


class CompactEmbedding(nn.Module):
    """Stands in for an `nn.Embedding` while only some of its rows are needed.

    Takes the same ids. An id outside the kept rows raises `ModelError`.
    """

    where: torch.Tensor

    def __init__(self, table: nn.Embedding, ids: torch.Tensor) -> None:
        """Keep the rows `ids` (sorted, unique) of `table`."""
        super().__init__()
        self.table = [table]  # In a list: its parameters must not count as this module's.
        self.kept = ids
        self.weight = nn.Parameter(table.weight.detach()[ids].clone())
        self.weight.requires_grad_(table.weight.requires_grad)
        where = torch.full((table.num_embeddings,), -1, dtype=torch.long)
        where[ids] = torch.arange(len(ids))
        self.register_buffer("where", where, persistent=False)
        padding = table.padding_idx
        self.padding: int | None = None if padding is None or where[padding] < 0 else int(where[padding])
        self.scale = getattr(table, "embed_scale", None)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Look up `ids` (batch, seq): (batch, seq, width)."""
        rows = self.where[ids]
        if bool((rows < 0).any()):
            raise ModelError(
                "the batch holds pieces outside the rows that training kept; "
                "expand() the table before the model sees other text"
            )
        found = nn.functional.embedding(rows, self.weight, padding_idx=self.padding)
        return found if self.scale is None else found * self.scale


def reached(encoded: Iterable[Encoded], *, always: Iterable[int] = (), never: Iterable[int] = ()) -> torch.Tensor:
    """Return the sorted piece ids that `encoded` holds, with those in `always` and without those in `never`."""
    ids = set(always)
    for item in texts_of(encoded):
        ids.update(item.ids)
    return torch.tensor(sorted(ids.difference(never)), dtype=torch.long)


def compact(encoder: Encoder, ids: torch.Tensor) -> None:
    """Replace the encoder's embedding table by its rows `ids`, until `expand`."""
    table = encoder.model.get_input_embeddings()
    if isinstance(table, CompactEmbedding):
        raise ModelError("the embedding table is compact already; call expand() first")
    small = CompactEmbedding(table, ids.to(table.weight.device))
    encoder.model.set_input_embeddings(small.to(table.weight.device))


def expand(encoder: Encoder) -> None:
    """Write the compact rows back into the full table and put it in its place again."""
    small = encoder.model.get_input_embeddings()
    if not isinstance(small, CompactEmbedding):
        return
    table = small.table[0]
    with torch.no_grad():
        table.weight[small.kept] = small.weight.to(table.weight)
    encoder.model.set_input_embeddings(table)
