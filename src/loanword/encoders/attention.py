"""Attention over short texts, where torch's kernels for a processor were made for long ones.

For 227 texts of 9 pieces and 12 heads torch's takes 3.4 ms, plain matrix products 0.6 (two cores, bf16; docs/log.md).
A softmax over few keys is slow, too, if they lie side by side: they are laid out as the first dimension instead.
transformers calls this under the name "loanword" in every architecture that lets its attention be chosen; others keep
their own. Vaswani et al. 2017, "Attention Is All You Need".
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from loanword.encoders.dropout import scaled, survivors

NAME = "loanword"
FEW = 16
"""Below so many keys a softmax is faster with the keys as the first dimension."""
MANY = 96
"""Above so many keys torch's own kernel is faster, unless it has to drop weights."""


class ShortAttention(torch.autograd.Function):
    """softmax(query key^T scale + mask) value, with dropout on the weights, by batched products; softmax in fp32."""

    @staticmethod
    def forward(
        ctx: Any,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None,
        rate: float,
        scale: float,
    ) -> torch.Tensor:
        """Attend from `query` (batch, heads, seq, width) to `key` and `value`; returns (batch, seq, heads, width).

        `mask`, if any, is added to the scores (batch, heads, seq, keys); `rate` is that of the dropout.
        """
        batch, heads, seq, width = query.shape
        query, key, value = (part.reshape(batch * heads, -1, width) for part in (query * scale, key, value))
        scores = torch.bmm(query, key.transpose(1, 2))
        if mask is not None:
            scores = scores.view(batch, heads, seq, -1)
            scores = (scores.add_(mask) if mask.dtype == scores.dtype else scores + mask).flatten(0, 1)
        weights = _softmax(scores).to(query.dtype).contiguous()
        noise = survivors(weights.shape, rate, weights.dtype) if rate else None
        context = torch.bmm(weights if noise is None else weights * noise, value)
        if noise is not None:
            weights = weights.copysign(noise.sub_(0.5))  # The sign says which were dropped: one tensor for two.
        ctx.save_for_backward(query, key, value, weights)
        ctx.shape, ctx.scale, ctx.rate = (batch, heads, -1, width), scale, rate
        return context.view(batch, heads, seq, width).transpose(1, 2).contiguous()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Return the gradients of query, key and value; those of mask, rate and scale are None."""
        query, key, value, weights = ctx.saved_tensors
        noise = None
        if ctx.rate:
            noise = scaled(torch.signbit(weights).logical_not_(), ctx.rate, weights.dtype)
            weights = weights.abs()
        grad = grads[0].transpose(1, 2).reshape(query.shape)
        to_weights = torch.bmm(grad, value.transpose(1, 2))
        if noise is not None:
            to_weights *= noise
        to_value = torch.bmm((weights if noise is None else weights * noise).transpose(1, 2), grad)
        to_scores = _softmax_backward(to_weights, weights).to(query.dtype).contiguous()
        to_query, to_key = torch.bmm(to_scores, key) * ctx.scale, torch.bmm(to_scores.transpose(1, 2), query)
        return (*(part.view(ctx.shape) for part in (to_query, to_key, to_value)), None, None, None)


def _softmax(scores: torch.Tensor) -> torch.Tensor:
    """Softmax over the last dimension of `scores` (n, seq, keys), in fp32 at least."""
    if scores.shape[-1] < FEW:
        return _keys_first(scores).softmax(0).permute(1, 2, 0)
    return scores.to(_wide(scores)).softmax(-1)


def _softmax_backward(grad: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Return the gradient of the scores from that of the `weights` (n, seq, keys), in fp32 at least."""
    wide = _wide(grad)
    if weights.shape[-1] < FEW:
        return torch._softmax_backward_data(_keys_first(grad), _keys_first(weights), 0, wide).permute(1, 2, 0)
    return torch._softmax_backward_data(grad.to(wide), weights.to(wide), -1, wide)


def _keys_first(scores: torch.Tensor) -> torch.Tensor:
    return scores.permute(2, 0, 1).to(_wide(scores), memory_format=torch.contiguous_format)


def _wide(scores: torch.Tensor) -> torch.dtype:
    return torch.promote_types(scores.dtype, torch.float32)


def attend(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **others: Any,
) -> tuple[torch.Tensor, None]:
    """What transformers calls for every layer: short attention where it is the faster one, torch's elsewhere."""
    causal = others.get("is_causal")
    plain = (
        query.device.type == "cpu"
        and (dropout > 0 or key.shape[2] <= MANY)
        and key.shape[1] == query.shape[1]
        and not (getattr(module, "is_causal", False) if causal is None else causal)
        and all(others.get(name) is None for name in ("position_bias", "softcap"))
        and not (attention_mask is not None and attention_mask.requires_grad)
    )
    if not plain:
        from transformers.integrations.sdpa_attention import sdpa_attention_forward

        stock: tuple[torch.Tensor, None] = sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout=dropout, scaling=scaling, **others
        )
        return stock
    query, key = query.to(value.dtype), key.to(value.dtype)  # Rotated ones come wider under autocast.
    mask = attention_mask
    if mask is not None and mask.dtype == torch.bool:
        mask = query.new_zeros(mask.shape).masked_fill_(~mask, torch.finfo(query.dtype).min)
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    with torch.autocast("cpu", enabled=False):
        return ShortAttention.apply(query, key, value, mask, dropout, scale), None  # type: ignore[no-untyped-call]


def shorten(model: Any) -> None:
    """Let the transformers `model` attend by `attend`, if its attention can be chosen."""
    if model.config._attn_implementation == "sdpa":
        from transformers import AttentionInterface, AttentionMaskInterface
        from transformers.masking_utils import sdpa_mask

        AttentionInterface.register(NAME, attend)
        AttentionMaskInterface.register(NAME, sdpa_mask)
        model.set_attn_implementation(NAME)
