"""Vectors of all processes that train one model, for an objective that compares the rows of a step with one another."""

from __future__ import annotations

import torch
from torch import distributed


def gathered(vectors: torch.Tensor, *, dim: int = 0) -> tuple[torch.Tensor, int]:
    """Return the `vectors` of all processes behind one another, and where this one's begin; alone, its own."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return vectors, 0
    rows = torch.tensor([vectors.shape[dim]], device=vectors.device)
    counts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
    distributed.all_gather(counts, rows)
    sizes = [int(count) for count in counts]
    moved = vectors.detach().movedim(dim, 0).contiguous()
    most = max(sizes)
    padded = torch.cat([moved, moved.new_zeros(most - len(moved), *moved.shape[1:])])
    parts = [torch.empty_like(padded) for _ in sizes]
    distributed.all_gather(parts, padded)
    found = torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])
    return found.movedim(0, dim), sum(sizes[: distributed.get_rank()])
