"""Answers in bf16 on a processor: a second form of an encoder, made for passes without gradients.

Under autocast every product casts its input, and what flows between layers stays fp32; and oneDNN lays the weights out
anew for every product. Here everything between layers is bf16 and the weights are laid out once: 13 % less time for
texts of 38 pieces (docs/log.md). What is left in fp32: the embedding table, which is shared, and the norms' weights.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

from loanword.batches.batch import Batch

if TYPE_CHECKING:
    from loanword.encoders.encoder import Encoder

ROWS = 2048
"""Tokens of a batch for which oneDNN lays weights out; others are answered as well."""


class PackedLinear(nn.Module):
    """`nn.Linear` in bf16 whose weight lies as oneDNN wants it."""

    def __init__(self, linear: nn.Linear) -> None:
        """Take the weight (out, in) and the bias of `linear`."""
        super().__init__()
        self.packed = torch.ops.mkldnn._reorder_linear_weight(linear.weight.detach().bfloat16(), ROWS)
        self.bias = None if linear.bias is None else linear.bias.detach().bfloat16()

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        """Map (..., in) to (..., out), in bf16."""
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            values.bfloat16(), self.packed, self.bias, "none", [], ""
        )
        return product


class Narrowed(nn.Module):
    """An embedding table, as it is, whose vectors come out in bf16."""

    def __init__(self, table: nn.Module) -> None:
        """Share `table`."""
        super().__init__()
        self.table = table

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Look up `ids` (batch, seq): (batch, seq, width)."""
        found: torch.Tensor = self.table(ids)
        return found.bfloat16()


_made: WeakKeyDictionary[Encoder, tuple[tuple[int, ...], Any]] = WeakKeyDictionary()
_making = Lock()


def packed(encoder: Encoder, batch: Batch) -> Any:
    """Return the form of `encoder.model` that answers in bf16, or None where it cannot answer `batch`.

    Made again if a weight changed since. Two ways of writing to one are not noticed, and want a `forget`: through its
    `data`, and by a fused optimizer, after which the trainer calls it.
    """
    parameters = list(encoder.model.parameters())
    if any(parameter.is_inference() for parameter in parameters):
        return None  # Nobody can tell whether these change.
    if any(part._forward_hooks or part._forward_pre_hooks for part in encoder.model.modules()):
        return None  # They are about the model itself, not about a copy.
    key = tuple(number for parameter in parameters for number in (parameter._version, parameter.data_ptr()))
    with _making:
        known = _made.get(encoder)
        if known is None or known[0] != key:
            known = None  # Before the next is made: never two in memory.
            forget(encoder)
            known = _made[encoder] = (key, _made_from(encoder, batch))
    return known[1]


def forget(encoder: Encoder) -> None:
    """Give back the memory of the second form of `encoder`."""
    _made.pop(encoder, None)


def can_pack() -> bool:
    """Whether this call is one that the second form answers: no gradients, on a processor, in bf16, and torch can."""
    return (
        torch.is_inference_mode_enabled()
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == torch.bfloat16
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    )


def _pack(model: Any) -> Any:
    """Copy `model`, its linear layers packed, its norms' weights and its table shared, the rest in bf16."""
    table = model.get_input_embeddings()
    known: dict[int, Any] = {id(table): Narrowed(table)}  # It is most of the model.
    for part in model.modules():
        if type(part) is nn.Linear:
            known[id(part)] = PackedLinear(part)
        elif part is not table:
            for parameter in part.parameters(recurse=False):
                narrow = parameter if type(part) is nn.LayerNorm else parameter.detach().bfloat16()
                known[id(parameter)] = nn.Parameter(narrow, requires_grad=False)
    return copy.deepcopy(model, known).eval()


def _made_from(encoder: Encoder, batch: Batch) -> Any:
    """Make the second form and try it; None if it fails: an architecture may look into its layers' weights itself."""
    first = replace(
        batch,
        ids=batch.ids[:1, :2],
        mask=batch.mask[:1, :2],
        types=None if batch.types is None else batch.types[:1, :2],
        languages=batch.languages[:1],
        rows=batch.rows[:1],
    )
    try:
        second = _pack(encoder.model)
        encoder.hidden(first, second)
    except (AttributeError, RuntimeError, TypeError):
        return None
    return second
