"""What an input's pieces have to do with an output: attention rollout, and integrated gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

FEWEST, MOST = 32, 512
"""Points of the path that are looked at first, and at most."""

CLOSE = 0.01
"""The share of their weight together by which contributions may miss their sum, before more points are looked at."""

NOTHING = 1e-4
"""Weight so small that missing all of it does not matter."""

Along = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""From places on the path (n), from 0 to 1, to the scores there (n) and their gradients (n, seq, width)."""


def rollout(attentions: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return how much of each piece's last state came from each input piece, as attention tells it: (seq, seq).

    `attentions` are weights (heads, seq, seq), a layer each. The heads are averaged, the residual connection counts for
    half, and the layers are multiplied: each row of the result sums to 1. Abnar and Zuidema 2020, "Quantifying
    Attention Flow in Transformers".
    """
    same = torch.eye(attentions[0].shape[-1], dtype=attentions[0].dtype, device=attentions[0].device)
    flow = same
    for weights in attentions:
        mixed = (weights.mean(0) + same) / 2
        flow = mixed / mixed.sum(-1, keepdim=True) @ flow
    return flow


@dataclass(frozen=True, slots=True)
class Integrated:
    """The contributions `parts` of pieces (seq) to the difference of two scores.

    `gap` is what they miss that difference by with so many `points`; it would be 0 with infinitely many.
    """

    score: float
    baseline: float
    parts: torch.Tensor
    gap: float
    points: int

    @property
    def close(self) -> bool:
        """Whether the contributions are as good as complete."""
        return is_close(self.gap, float(self.parts.abs().sum()))


def is_close(gap: float, weight: float) -> bool:
    """Whether contributions with the `weight` together (of their absolute values) may miss their sum by `gap`."""
    return abs(gap) <= CLOSE * max(weight, NOTHING)


def integrate(along: Along, step: torch.Tensor, *, rows: int = FEWEST) -> Integrated:
    """Share the difference between the scores at both ends of a straight path out among the pieces.

    `step` (seq, width) leads from one end to the other. A piece's share is its step times the mean gradient over the
    path; together they make up the difference (completeness). Sundararajan et al. 2017, "Axiomatic Attribution for Deep
    Networks". The mean is Gauss and Legendre's, of points that are doubled until the shares are as good as complete, or
    there are `MOST`; `rows` of them are looked at at a time.
    """
    baseline, score = along(step.new_tensor([0.0, 1.0]))[0].tolist()
    for points in _doubled():
        nodes, weights = np.polynomial.legendre.leggauss(points)
        places, shares = (step.new_tensor(values) for values in ((nodes + 1) / 2, weights / 2))
        mean = torch.zeros_like(step)
        for some, share in zip(torch.split(places, rows), torch.split(shares, rows), strict=True):
            mean += torch.einsum("n,nsw->sw", share, along(some)[1])
        parts = (mean * step).sum(-1)
        found = Integrated(score, baseline, parts, score - baseline - float(parts.sum()), points)
        if found.close:
            break
    return found


def _doubled() -> Iterator[int]:
    points = FEWEST
    while points <= MOST:
        yield points
        points *= 2
