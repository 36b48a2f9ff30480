"""The loss of a vocabulary-wide head without its logits: the vocabulary is walked through in chunks.

A masked-language-model head gives every position one score a piece. For 600 masked positions and 250,000 pieces these
are 600 MB in single precision, and their gradient as much again. Here only a chunk of the vocabulary is scored at a
time: once for the normaliser, which needs no more than a running maximum and sum, and once more in the backward pass
for the gradients. That is four matrix products for three, and memory that does not grow with the vocabulary.

A table whose gradients gather (`encoders.lookups`) is given its gradient chunk by chunk where they do, not in a tensor
of the table's size that is then added.

Cut Your Losses in Large-Vocabulary Language Models (Wijmans et al., 2024, arXiv:2411.09009), without its filter of
small gradients.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from loanword.encoders.lookups import gathered, gathers

CPU_SCORES, DEVICE_SCORES = 2**19, 2**25
"""Scores that are looked at in one piece: 2 MB of them, which the cache of a core holds; elsewhere large products."""
LEAST = 512
"""Pieces of a chunk at least: below, matrix products are slow."""


def linear_loss(
    hidden: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, targets: torch.Tensor, *, chunk: int = 0
) -> torch.Tensor:
    """Return the cross-entropy of every position, (positions,), of the scores `hidden @ weight.T + bias`.

    `hidden` is (positions, width), `weight` (pieces, width), `bias` (pieces,), `targets` the piece that is right,
    (positions,). `chunk` pieces are scored at a time; 0 chooses. The same values and gradients as
    `torch.nn.functional.cross_entropy` of the whole scores; under autocast products are in its type, sums in fp32.
    """
    kind = hidden.device.type
    size = chunk or max(LEAST, (CPU_SCORES if kind == "cpu" else DEVICE_SCORES) // max(1, len(hidden)))
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else hidden.dtype
    losses: torch.Tensor = _LinearLoss.apply(hidden, weight, bias, targets, size, dtype)  # type: ignore[no-untyped-call]
    return losses


class _LinearLoss(torch.autograd.Function):
    """Values and gradients of `linear_loss`, chunk by chunk."""

    @staticmethod
    def forward(
        ctx: Any,
        hidden: torch.Tensor,
        weight: torch.Tensor,
        bias: torch.Tensor | None,
        targets: torch.Tensor,
        size: int,
        dtype: torch.dtype,
    ) -> torch.Tensor:
        """Find the normaliser and the score of the right piece of every position."""
        states = hidden.to(dtype)
        normaliser = hidden.new_full((len(hidden),), -torch.inf, dtype=torch.float32)
        right = torch.zeros_like(normaliser)
        for start in range(0, len(weight), size):
            scores = _scores(states, weight, bias, start, size)
            place = targets - start
            inside = (place >= 0) & (place < scores.shape[1])
            right[inside] = scores[inside].gather(1, place[inside].unsqueeze(1)).squeeze(1)
            top = scores.amax(1)
            total = scores.sub_(top.unsqueeze(1)).exp_().sum(1)
            normaliser = torch.logaddexp(normaliser, top + total.log())
        ctx.save_for_backward(hidden, weight, bias, targets, normaliser)
        ctx.size, ctx.dtype, ctx.table = size, dtype, weight if gathers(weight) else None
        return normaliser - right

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Score every chunk again and turn it into its part of the gradients."""
        hidden, weight, bias, targets, normaliser = ctx.saved_tensors
        (share,), size, dtype = grads, ctx.size, ctx.dtype
        states = hidden.to(dtype)
        wanted = ctx.needs_input_grad
        of_hidden = torch.zeros(hidden.shape, dtype=torch.float32, device=hidden.device) if wanted[0] else None
        of_table = gathered(ctx.table) if wanted[1] and ctx.table is not None else None
        of_weight = torch.empty_like(weight) if wanted[1] and of_table is None else None
        of_bias = torch.empty_like(bias) if bias is not None and wanted[2] else None
        for start in range(0, len(weight), size):
            slopes = _scores(states, weight, bias, start, size).sub_(normaliser.unsqueeze(1)).exp_()
            end, place = start + slopes.shape[1], targets - start
            inside = ((place >= 0) & (place < slopes.shape[1])).nonzero().squeeze(1)
            slopes[inside, place[inside]] -= 1
            slopes.mul_(share.unsqueeze(1))
            if of_bias is not None:
                of_bias[start:end] = slopes.sum(0)
            rounded = slopes.to(dtype)
            if of_hidden is not None:
                of_hidden += rounded @ weight[start:end].to(dtype)
            if of_weight is not None:
                of_weight[start:end] = rounded.T @ states
            if of_table is not None:
                of_table[start:end] += rounded.T @ states
        return None if of_hidden is None else of_hidden.to(hidden.dtype), of_weight, of_bias, None, None, None


def _scores(
    states: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, start: int, size: int
) -> torch.Tensor:
    """Return the scores (positions, size) of a chunk of the vocabulary, in fp32."""
    with torch.autocast(states.device.type, enabled=False):
        scores = nn.functional.linear(states, weight[start : start + size].to(states.dtype)).float()
    return scores if bias is None else scores.add_(bias[start : start + size])
