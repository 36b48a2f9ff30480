"""Parameter groups, the optimizer, the learning-rate schedule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from loanword.errors import UsageError

if TYPE_CHECKING:
    from loanword.config import TrainingSettings
    from loanword.encoders.encoder import Encoder
    from loanword.tasks.model import Model


PRETRAINED, UNTRAINED = 1e-4, 1e-3
"""Peak learning rates of the default recipe; docs/log.md says how they were found."""


def expect_layers(encoder: Encoder, count: int) -> None:
    """Raise `UsageError` if there are no `count` layers to freeze, `ModelError` if layers cannot be told apart."""
    if count > (found := len(encoder.layers) if count else 0):
        raise UsageError(f"training.freeze_layers is {count}, but the model has {found} layers")


def freeze(model: Model, *, layers: int, embeddings: bool) -> None:
    """Stop training the bottom `layers` of the encoder, and its embeddings if asked or if any layer is frozen.

    Frozen layers also stop dropping out (`train_mode` keeps them so). Raises as `expect_layers` does.
    """
    expect_layers(model.encoder, layers)
    by_depth = model.encoder.layer_parameters()
    for depth, parameters in enumerate(by_depth):
        still = (depth == 0 and (embeddings or layers > 0)) or 0 < depth <= layers
        for parameter in parameters:
            parameter.requires_grad_(not still)


def train_mode(model: Model, *, layers: int) -> None:
    """Put the model in training mode, except the embeddings and bottom `layers`, if any: their outputs are constant.

    XLM ties part of its dropout to the model as a whole; that part is off while any layer is frozen.
    """
    model.train()
    if layers:
        model.encoder.eval()
        for stack in model.encoder.stacks:
            for layer in list(stack)[layers:]:
                layer.train()


def peak_rate(model: Model, settings: TrainingSettings) -> float:
    """Return the learning rate of `settings`, or that of the default recipe: one without any past has none to lose.

    A head may ask for a multiple (`pace`): a share where what the encoder knows is most of what it will say.
    """
    usual = UNTRAINED if model.encoder.untrained else PRETRAINED * getattr(model.head, "pace", 1.0)
    return settings.learning_rate or usual


def head_peak(model: Model, settings: TrainingSettings) -> float:
    """Return the learning rate of the head: as the encoder's top if the model brings it, else `head_rate` times that.

    Beside an encoder without any past, which learns at a higher rate, it is no fresher than that: the multiple is of
    the usual rate, and the encoder's the least.
    """
    peak, usual = peak_rate(model, settings), settings.learning_rate or PRETRAINED
    if getattr(model.head, "pretrained", False):
        return peak
    return max(peak, usual * settings.head_rate) if peak > usual else usual * settings.head_rate


def adamw(model: Model, settings: TrainingSettings) -> torch.optim.Optimizer:
    """Build a fused AdamW over what is trainable.

    Weight decay touches matrices only: never norms, biases, or the embedding table (a row that no text reaches must
    not move). `layer_decay` multiplies the learning rate once per layer from the top down; the head has its own.
    """
    by_depth, peak, of_head = model.encoder.layer_parameters(), peak_rate(model, settings), head_peak(model, settings)
    top = len(by_depth) - 1
    placed = {parameter for parameters in by_depth for parameter in parameters}  # A head may share some of them.
    head = [parameter for parameter in model.head.parameters() if parameter not in placed]
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}  # Few and large: every group is a call.
    for depth, parameters in enumerate([*by_depth, head]):
        rate = peak * settings.layer_decay ** (top - depth) if depth <= top else of_head
        for parameter in parameters:
            if parameter.requires_grad:
                decays = depth > 0 and parameter.ndim > 1
                groups.setdefault((rate, settings.weight_decay if decays else 0.0), []).append(parameter)
    described = [{"params": group, "lr": rate, "weight_decay": decay} for (rate, decay), group in groups.items()]
    return torch.optim.AdamW(described, lr=peak, betas=(0.9, 0.999), eps=1e-8, fused=True)


def schedule(optimizer: torch.optim.Optimizer, *, kind: str, steps: int, warmup: float) -> Any:
    """Warm up linearly over the share `warmup` of `steps`, then fall to 0 ("linear", "cosine") or stay ("constant")."""
    rising = round(steps * warmup)

    def factor(step: int) -> float:
        if step < rising:
            return (step + 1) / (rising + 1)
        done = (step - rising) / max(1, steps - rising)
        if kind == "cosine":
            return 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return 1.0 if kind == "constant" else max(0.0, 1 - done)

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def clip(parameters: Sequence[torch.nn.Parameter], *, limit: float) -> torch.Tensor:
    """Scale the gradients down to a joint norm of `limit`, if it is larger and `limit` not 0; returns the norm before.

    As `torch.nn.utils.clip_grad_norm_`, which writes every gradient again also where there is nothing to scale.
    """
    norm = torch.nn.utils.get_total_norm([part.grad for part in parameters if part.grad is not None])
    if limit and bool(norm + 1e-6 > limit):
        torch.nn.utils.clip_grads_with_norm_(parameters, limit, norm)
    return norm
