"""Dropout whose random numbers cost little on a processor.

torch draws one number for each element, on one thread: 13 ms of a step of 32 short sentences that takes 120. Here four
elements share a draw of 64 bits, which is 7 times as fast (docs/log.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import nn

LEVELS = 2**16
"""Numbers that one element's draw can be: rates are rounded to a multiple of 1 / LEVELS."""


def survivors(shape: Sequence[int], rate: float, dtype: torch.dtype) -> torch.Tensor:
    """Draw what dropout multiplies by, on the CPU: 0 with probability `rate` in [0, 1), else 1 / (1 - rate).

    Expectations are exact, since `rate` is rounded to 1 / `LEVELS` before either use.
    """
    count = math.prod(shape)
    draws = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None)
    lost = round(rate * LEVELS)
    alive = draws.view(torch.int16)[:count].view(*shape) >= lost - LEVELS // 2
    return alive.to(dtype).mul_(LEVELS / (LEVELS - lost))


class Dropout(nn.Dropout):
    """`nn.Dropout`, drawing from `survivors` in training on a CPU."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Drop elements of `values` (any shape) in training; return them as they are otherwise."""
        if not self.training or not 0 < self.p < 1 or self.inplace or values.device.type != "cpu":
            return super().forward(values)
        return values * survivors(values.shape, self.p, values.dtype)


def lighten(model: nn.Module) -> None:
    """Put `Dropout` in the place of every `nn.Dropout` in `model`."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Dropout:
                setattr(parent, name, Dropout(child.p, inplace=child.inplace).train(child.training))
