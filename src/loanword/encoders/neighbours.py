"""Pieces that mean nearly the same: the embedding table of a multilingual encoder is a dictionary that nobody wrote.

In the table of e5-small, cucina, cocina, keuken, keittiö, 厨房 and キッチン are among the pieces nearest to "kitchen".
Putting such pieces into the rows of one language is code-switching without a dictionary and without any text of
another language. With dictionaries: Qin et al. 2020, "CoSDA-ML: Multi-Lingual Code-Switching Data Augmentation".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch

COUNT = 16
SHARPNESS = 10.0
"""A neighbour is drawn with a probability proportional to the exponential of this times its cosine."""
CELLS = 2**23
"""Cosines that are held at a time: a table of 250,000 pieces is never there a second time."""


class Neighbours:
    """The nearest pieces of some pieces, to draw from.

    Similarity is the cosine of embeddings less their mean: tables have one direction that all pieces share. A piece
    counts as a neighbour only above the cosine that the best of as many random directions would reach,
    sqrt(2 ln(pieces) / width): in a table that was never trained next to no piece has one.
    """

    def __init__(self, table: torch.Tensor, ids: torch.Tensor, *, never: Sequence[int]) -> None:
        """Find the neighbours of the pieces `ids` in `table` (pieces, width), none of them in `never`."""
        table = table.detach()
        least = math.sqrt(2 * math.log(len(table)) / table.shape[1])
        forbidden = torch.tensor(never, dtype=torch.long, device=table.device)
        near, close = _nearest(table, ids.to(table.device), never=forbidden)
        near, close = near.cpu(), close.cpu().double()
        weights = torch.where(close > least, (SHARPNESS * close).exp(), 0.0)
        some = weights[:, 0] > 0
        self.near = near[some]
        self.chances = weights[some].cumsum(1)
        self.where = torch.full((len(table),), -1, dtype=torch.long)
        self.where[ids.cpu()[some]] = torch.arange(int(some.sum()))

    def reached(self) -> list[int]:
        """Return every piece that `exchange` may give, sorted."""
        possible = self.chances.diff(dim=1, prepend=self.chances.new_zeros(len(self.chances), 1)) > 0
        return sorted(set(self.near[possible].tolist()))

    def exchange(self, ids: torch.Tensor, numbers: torch.Tensor) -> torch.Tensor:
        """Draw a neighbour for each of `ids` (n), by `numbers` (n) from [0, 1); one without neighbours stays."""
        rows = self.where[ids]
        known = rows >= 0
        chances = self.chances[rows[known]]
        picks = torch.searchsorted(chances, numbers[known].unsqueeze(1) * chances[:, -1:], right=True).squeeze(1)
        drawn = ids.clone()
        drawn[known] = self.near[rows[known], picks]
        return drawn


def _nearest(table: torch.Tensor, ids: torch.Tensor, *, never: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the `COUNT` rows of `table` nearest to each of the rows `ids`, and their cosines, both (ids, COUNT)."""
    mean = table.mean(0, dtype=torch.float32)

    def directions(rows: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.normalize(rows.float() - mean, dim=1)

    asked, step = directions(table[ids]), max(COUNT, CELLS // max(1, len(ids)))
    near, close = ids.new_zeros(len(ids), 0), asked.new_zeros(len(ids), 0)
    for start in range(0, len(table), step):
        found = asked @ directions(table[start : start + step]).T
        itself = ((ids >= start) & (ids < start + step)).nonzero().squeeze(1)
        found[itself, ids[itself] - start] = -1
        found[:, never[(never >= start) & (never < start + step)] - start] = -1
        best = found.topk(min(COUNT, found.shape[1]))
        close, order = torch.cat([close, best.values], dim=1).topk(min(COUNT, close.shape[1] + best.values.shape[1]))
        near = torch.cat([near, best.indices + start], dim=1).gather(1, order)
    return near, close
