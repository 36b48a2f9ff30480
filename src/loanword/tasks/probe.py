"""A linear probe on frozen vectors, to start a head from.

A random head sends large, meaningless gradients into the encoder until it has learned to read it, and what they
destroy first is what no source row uses: the other languages. Starting from the probe avoids that. Kumar et al. 2022,
"Fine-Tuning can Distort Pretrained Features and Underperform Out-of-Distribution" (LP-FT).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch

from loanword.hardware import Hardware
from loanword.randomness import generator
from loanword.tasks.heads import IGNORED
from loanword.tasks.model import Model
from loanword.tasks.outputs import outputs
from loanword.tokens.encoded import Encoded

PENALTIES = (3000.0, 1000.0, 300.0, 100.0, 30.0, 10.0, 3.0, 1.0)
"""What `choose_penalty` tries, strongest first."""

PIECES = 8_000
"""Pieces with a target from which on a probe of pieces has seen enough."""


def fit_probe(
    vectors: torch.Tensor,
    targets: torch.Tensor,
    *,
    classes: int,
    weights: torch.Tensor | None = None,
    penalty: float = 1.0,
    steps: int = 200,
    start: tuple[torch.Tensor, torch.Tensor] | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Fit logistic regression on `vectors` (n, width) and `targets`.

    It is multinomial on class indices (n), and one label against the rest on 0 and 1 for each (n, classes). Vectors are
    standardised first; the scaling is folded into the result, so that it applies to raw vectors.
    `weights` (classes) weigh the rows by class; `penalty` is the weight of half the squared norm against the summed
    loss (scikit-learn's 1 / C). The search goes on from `start`, an earlier result, if there is one. Returns the
    weight (classes, width) and bias (classes), on the vectors' device. Deterministic.
    """
    data = vectors.detach().double()
    mean, scale = data.mean(0), data.std(0, correction=0).clamp(min=1e-6)
    data = (data - mean) / scale
    several = targets.dim() == 2
    right = (targets if several else torch.nn.functional.one_hot(targets, classes)).to(data)
    if several or weights is None:
        by_row = torch.ones_like(right[:, :1]) / len(targets)
    else:
        by_row = weights.to(data)[targets, None] / len(targets)
    weight, bias = data.new_zeros(classes, data.shape[1]), data.new_zeros(classes)
    if start is not None:
        weight, bias = start[0] * scale, start[1] + start[0].double() @ mean
    search = torch.optim.LBFGS(
        [weight, bias], max_iter=steps, tolerance_grad=1e-6, history_size=10, line_search_fn="strong_wolfe"
    )

    # The gradients by hand: autograd costs more than so small a model. Nothing requires a gradient, since the search
    # turns autograd on, and a gradient with a graph would keep its weight, and the data, alive for ever.
    def closure() -> torch.Tensor:
        logits = data @ weight.T + bias
        if several:
            chances, loss = logits.sigmoid(), torch.nn.functional.softplus(logits) - logits * right
        else:
            logits = logits.log_softmax(1)
            chances, loss = logits.exp(), -logits * right
        wrong = (chances - right) * by_row
        weight.grad = wrong.T @ data + weight * (penalty / len(targets))
        bias.grad = wrong.sum(0)
        return (loss * by_row).sum() + 0.5 * penalty / len(targets) * weight.square().sum()

    with torch.no_grad():
        search.step(closure)  # type: ignore[no-untyped-call]
    folded = weight.detach() / scale
    return folded.float(), (bias.detach() - folded @ mean).float()


def choose_penalty(
    vectors: torch.Tensor,
    targets: torch.Tensor,
    *,
    classes: int,
    weights: torch.Tensor | None = None,
    groups: Sequence[str],
    seed: int,
    folds: int = 4,
) -> float:
    """Choose the regularisation by cross-validation over the source rows.

    It is the strongest of `PENALTIES` whose accuracy, rows weighed by class, is within one standard error of the best
    (Breiman et al. 1984). A strong penalty leaves fewer directions for the source language's own habits; log loss
    would pick a weak one, and other languages pay for it (docs/log.md). Where a row may have several labels, accuracy
    is the share of them that is found if as many are said as are right: no threshold is needed to know it.

    Rows of one group stay in one fold: paraphrases of a training row say nothing about new text.
    """
    fold = _folds(groups, count=folds, seed=seed)
    found = torch.zeros(len(PENALTIES), len(targets), dtype=torch.float64)
    for number in range(folds):
        here, there = fold != number, fold == number
        if not bool(here.any()) or not bool(there.any()):
            continue
        probe = None
        for place, penalty in enumerate(PENALTIES):
            # From the probe before, few steps get as near to the end as many from nothing (docs/log.md).
            probe = fit_probe(
                vectors[here], targets[here], classes=classes, weights=weights, penalty=penalty, steps=10, start=probe
            )
            found[place, there] = _hits(vectors[there] @ probe[0].T + probe[1], targets[there])
    if targets.dim() == 2:
        most = targets.sum(1).double()
    else:
        most = (torch.ones(classes) if weights is None else weights).double()[targets]
        found *= most
    shares = found.sum(1) / most.sum().clamp(min=1e-9)
    best = min(1.0, float(shares.max()))
    heard = {group or f"\0{row}" for row, group in enumerate(groups) if most[row] > 0}
    error = (best * (1 - best) / max(1, len(heard))) ** 0.5
    return PENALTIES[int((shares >= best - error).nonzero()[0])]


def _hits(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Count what is right of each row (n): its class; or its labels among the highest logits of all rows together.

    Of these there are as many as labels are right.
    """
    if targets.dim() == 1:
        return (logits.argmax(1) == targets).double()
    last = logits.flatten().sort(descending=True).values[int(targets.sum()) - 1]
    return ((logits >= last) & targets.bool()).sum(1).double()


def _folds(groups: Sequence[str], *, count: int, seed: int) -> torch.Tensor:
    """Deal whole groups out to `count` folds; returns the fold of every row."""
    names = sorted({group or f"\0{row}" for row, group in enumerate(groups)})
    order = generator(seed, "probe").permutation(len(names))
    fold_of = {names[int(index)]: position % count for position, index in enumerate(order)}
    return torch.tensor([fold_of[group or f"\0{row}"] for row, group in enumerate(groups)])


def start_from_probe(
    model: Model,
    encoded: Sequence[Encoded],
    *,
    targets: Callable[[Sequence[Encoded]], torch.Tensor],
    pad_id: int,
    hardware: Hardware,
    groups: Sequence[str],
    penalty: float | None,
    seed: int,
) -> float | None:
    """Fit a probe on what the untouched encoder says of `encoded` and make it the head of `model`.

    `targets` are the task's; `groups` are those of the rows; `penalty` None is chosen by cross-validation. Returns the
    penalty, or None for a head that cannot start from a probe.
    """
    if not getattr(model.head, "starts", False):
        return None
    order = generator(seed, "probe rows").permutation(len(encoded))
    enough = _enough([encoded[row] for row in order]) if model.head.per_piece else len(encoded)
    chosen = sorted(order[:enough].tolist())
    rows = [encoded[row] for row in chosen]
    found = outputs(
        model,
        rows,
        pad_id=pad_id,
        hardware=hardware,
        forward=lambda batch: model.head.features(*model.read(batch)),
    )
    wanted, names = targets(rows), [groups[row] or f"\0{row}" for row in chosen]
    if model.head.per_piece:  # Of a text, the pieces that have a target.
        kept = [row[: len(values)] != IGNORED for row, values in zip(wanted, found.values, strict=True)]
        names = [name for name, here in zip(names, kept, strict=True) for _ in range(int(here.sum()))]
        vectors = torch.cat([torch.from_numpy(values)[here] for values, here in zip(found.values, kept, strict=True)])
        wanted = wanted[wanted != IGNORED]
    else:
        vectors = torch.from_numpy(np.stack(found.values))
    classes, weights = int(model.head.linear.out_features), model.head.weights.cpu()
    if penalty is None:
        penalty = choose_penalty(vectors, wanted, classes=classes, weights=weights, groups=names, seed=seed)
    model.head.start_from(*fit_probe(vectors, wanted, classes=classes, weights=weights, penalty=penalty))
    return penalty


def _enough(encoded: Sequence[Encoded]) -> int:
    """Count the first rows that hold `PIECES` pieces with a target."""
    counts = [sum(one != IGNORED for one in item.target) for item in encoded]
    return int(np.searchsorted(np.cumsum(counts), PIECES, side="right")) + 1
