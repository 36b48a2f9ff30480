"""Looking pieces up in a large table so that its gradient costs what was looked up, not what the table holds.

torch makes a gradient of the whole table for every lookup: 384 MB of zeros for a few hundred rows of 250,000, cleared,
filled and added up anew in each pass of a step. Here the rows' gradients are added where those of the table gather.
What else uses the table can do the same (`gathers`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

from loanword.encoders.encoder import Encoder


class _Lookup(torch.autograd.Function):
    """Rows of a table; backward adds to `weight.grad` itself."""

    @staticmethod
    def forward(ctx: Any, ids: torch.Tensor, weight: torch.Tensor, padding: int) -> torch.Tensor:
        """Return the rows `ids`; that of `padding` gets no gradient."""
        ctx.save_for_backward(ids)
        ctx.weight, ctx.padding = weight, padding
        return nn.functional.embedding(ids, weight)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[None, None, None]:
        """Add the gradients of the rows where they belong."""
        (ids,), found = ctx.saved_tensors, gathered(ctx.weight)
        seen = ids != ctx.padding
        found.index_add_(0, ids[seen], grads[0][seen].to(found))
        return None, None, None


GATHERS = "gathers"
"""The mark of such a table."""


def gathers(weight: torch.Tensor) -> bool:
    """Whether what uses the table `weight` may add to its gradient itself (`gathered`), and return none."""
    return getattr(weight, GATHERS, False)


def gathered(weight: torch.Tensor) -> torch.Tensor:
    """Return the gradient of `weight`, to be added to; zeros where there is none yet."""
    if weight.grad is None:
        weight.grad = torch.zeros_like(weight)
    return weight.grad


@contextmanager
def sparse_lookups(encoder: Encoder) -> Iterator[None]:
    """Let `encoder` look up its pieces like this, on a processor, while its whole table is trained: the same gradient.

    It must not be asked for by `torch.autograd.grad`, and hooks of the table do not see it.
    """
    table = encoder.model.get_input_embeddings()
    plain = type(table) is nn.Embedding and table.max_norm is None and not table.scale_grad_by_freq
    if not plain or table.weight.device.type != "cpu":
        yield
        return
    table.forward = partial(_look, table)
    setattr(table.weight, GATHERS, True)
    try:
        yield
    finally:
        del table.forward
        delattr(table.weight, GATHERS)


def _look(table: nn.Embedding, ids: torch.Tensor) -> torch.Tensor:
    weight, padding = table.weight, table.padding_idx
    if not (torch.is_grad_enabled() and weight.requires_grad):
        return nn.functional.embedding(ids, weight)
    rows: torch.Tensor = _Lookup.apply(ids, weight, -1 if padding is None else padding)  # type: ignore[no-untyped-call]
    return rows
