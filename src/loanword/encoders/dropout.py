"""Dropout whose random numbers cost little on a processor.

torch draws one number for each element, on one thread: 13 ms of a step of 32 short sentences that takes 120. Here four
elements share a draw of 64 bits, which is 7 times as fast (docs/log.md).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

LEVELS = 2**16
"""Numbers that one element's draw can be: rates are rounded to a multiple of 1 / LEVELS."""


def survivors(shape: Sequence[int], rate: float, dtype: torch.dtype) -> torch.Tensor:
    """Draw what dropout multiplies by, on the CPU: 0 with probability `rate` in [0, 1), else 1 / (1 - rate).

    Expectations are exact, since `rate` is rounded to 1 / `LEVELS` before either use.
    """
    return scaled(_alive(shape, rate), rate, dtype)


def scaled(alive: torch.Tensor, rate: float, dtype: torch.dtype) -> torch.Tensor:
    """Return what dropout at `rate` multiplies by, from which elements are `alive`."""
    return alive.to(dtype).mul_(LEVELS / (LEVELS - round(rate * LEVELS)))


def _alive(shape: Sequence[int], rate: float) -> torch.Tensor:
    count = math.prod(shape)
    draws = torch.empty(-(-count // 4), dtype=torch.int64).random_(-(2**63), None)
    return draws.view(torch.int16)[:count].view(*shape) >= round(rate * LEVELS) - LEVELS // 2


class _Dropped(torch.autograd.Function):
    """Dropout that keeps a byte an element for its backward pass."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, rate: float) -> torch.Tensor:
        """Drop elements of `values`."""
        alive = _alive(values.shape, rate)
        ctx.save_for_backward(alive)
        ctx.rate = rate
        return values * scaled(alive, rate, values.dtype)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, None]:
        """Drop the same elements of the gradient."""
        (alive,) = ctx.saved_tensors
        return grads[0] * scaled(alive, ctx.rate, grads[0].dtype), None


class Dropout(nn.Dropout):
    """`nn.Dropout`, drawing from `survivors` in training on a CPU."""

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Drop elements of `values` (any shape) in training; return them as they are otherwise."""
        if not self.training or not 0 < self.p < 1 or self.inplace or values.device.type != "cpu":
            return super().forward(values)
        dropped: torch.Tensor = _Dropped.apply(values, self.p)  # type: ignore[no-untyped-call]
        return dropped


def lighten(model: nn.Module) -> None:
    """Put `Dropout` in the place of every `nn.Dropout` in `model`."""
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if type(child) is nn.Dropout:
                setattr(parent, name, Dropout(child.p, inplace=child.inplace).train(child.training))
