"""The gradients of one step, and what can go wrong with them: too little memory, numbers that are none."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import torch

from loanword.errors import LoanwordError, out_of_memory

if TYPE_CHECKING:
    import numpy as np

    from loanword.batches.sampler import Step
    from loanword.progress import Progress
    from loanword.tokens.encoded import Encoded
    from loanword.training.state import Run, State

SHOWN = 8
"""Rows that a message names."""

PATIENCE = 20
"""Steps skipped one after another before a run that skips them gives up."""


def accumulate(
    run: Run, state: State, step: Step, encoded: Sequence[Encoded], rng: np.random.Generator, *, progress: Progress
) -> None:
    """Add up the gradients of a step's micro-batches, each weighed by its rows.

    Where memory runs out, the step is done again in halves, and all that follow: the same gradient in more passes.
    """
    while True:
        drawn, noise = rng.bit_generator.state, torch.get_rng_state()
        try:
            _passes(run, state, step, encoded, rng)
            return
        except Exception as error:
            if not out_of_memory(error) or step.whole or all(len(rows) == 1 for rows in parts(step, state.halvings)):
                raise
        # Out of the handler, which would keep the tensors of the failed pass alive.
        rng.bit_generator.state = drawn
        torch.set_rng_state(noise)
        run.model.zero_grad(set_to_none=True)
        if run.hardware.device.startswith("cuda"):
            torch.cuda.empty_cache()
        state.halvings += 1
        progress.say(
            f"memory ran out at step {state.step + 1}: from here on every pass holds half as many rows, "
            "a step as many as before"
        )


def parts(step: Step, halvings: int) -> Iterator[tuple[int, ...]]:
    """Cut every micro-batch of `step` in half, `halvings` times; a row is never cut."""
    for rows in step.micro:
        size = len(rows) if step.whole else max(1, -(-len(rows) // 2**halvings))
        yield from (rows[at : at + size] for at in range(0, len(rows), size))


def _passes(run: Run, state: State, step: Step, encoded: Sequence[Encoded], rng: np.random.Generator) -> None:
    total, tokens = 0.0, 0
    passes = [[encoded[row] for row in rows] for rows in parts(step, state.halvings)]
    weights = [weight_of(run.objective, items) for items in passes]
    for items, weight in zip(passes, weights, strict=True):
        batch = run.objective.prepare(items, rng).to(run.hardware.device)
        with run.hardware.autocast():
            loss = run.objective.loss(run.model, batch) * (weight / sum(weights))
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
        tokens += sum(len(item) for item in items)
    state.loss = total
    state.tokens += tokens


def weight_of(objective: Any, items: Sequence[Encoded]) -> float:
    """Return what a pass counts in its step: its rows, or what the objective says that its mean is over."""
    weigh = getattr(objective, "weight", None)
    return float(weigh(items)) if weigh else float(len(items))


def passed_over(
    norm: torch.Tensor, run: Run, state: State, step: Step, encoded: Sequence[Encoded], *, progress: Progress
) -> bool:
    """Whether this step must change no weight, because its loss or the `norm` of its gradient is no finite number.

    Raises `LoanwordError` with the rows of the step where the run's policy is to stop, or after `PATIENCE` such steps
    in a row.
    """
    if math.isfinite(state.loss) and bool(norm.isfinite()):
        state.skipped = 0
        return False
    what = f"gradient is {float(norm)}" if math.isfinite(state.loss) else f"loss is {state.loss}"
    about = f"the {what} at step {state.step + 1}, whose rows are {_places(run, step, encoded)}"
    if run.settings.not_finite == "stop":
        raise LoanwordError(
            f"{about}; lower training.learning_rate, set hardware.precision to fp32, look at these rows, "
            "or set training.not_finite to skip"
        )
    state.skipped += 1
    state.lost += 1
    if state.skipped == PATIENCE:
        raise LoanwordError(
            f"{about}; the {PATIENCE - 1} steps before it were skipped, too: the weights are beyond help; "
            "lower training.learning_rate, or set hardware.precision to fp32, and give the run another folder"
        )
    progress.say(f"{about}: skipped")
    return True


def _places(run: Run, step: Step, encoded: Sequence[Encoded]) -> str:
    """Name the rows of a step by file and line."""
    items = [encoded[row] for rows in step.micro for row in rows]
    found = []
    for item in items:
        tag = run.data.source(item)
        table = run.data.train[tag]
        line = table.line[item.row]
        found.append(f"{table.origin}:{line}" if line else f"{tag} row {item.row + 1}")
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(sorted(found)[:SHOWN]) + more
