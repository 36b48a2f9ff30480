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
CHUNK = 512
"""Pieces that are compared with the whole table at a time: memory."""


class Neighbours:
    """The nearest pieces of some pieces, to draw from.

    Similarity is the cosine of embeddings less their mean: tables have one direction that all pieces share. A piece
    counts as a neighbour only above the cosine that the best of as many random directions would reach,
    sqrt(2 ln(pieces) / width): in a table that was never trained next to no piece has one.
    """

    def __init__(self, table: torch.Tensor, ids: torch.Tensor, *, never: Sequence[int]) -> None:
        """Find the neighbours of the pieces `ids` in `table` (pieces, width), none of them in `never`."""
        table = table.detach().float()
        unit = torch.nn.functional.normalize(table - table.mean(0), dim=1)
        least = math.sqrt(2 * math.log(len(table)) / table.shape[1])
        closest, cosines = [], []
        for part in torch.split(ids, CHUNK):
            found = unit[part] @ unit.T
            found[torch.arange(len(part)), part] = -1
            found[:, list(never)] = -1
            best = found.topk(min(COUNT, len(table)))
            closest.append(best.indices)
            cosines.append(best.values)
        near, close = torch.cat(closest).cpu(), torch.cat(cosines).double().cpu()
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
