"""Stage 7: the one training loop. Plain torch, top to bottom.

What varies comes in from outside: an objective, a task, a strategy, a hook. The trainer knows none by name.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from loanword.batches.sampler import Sampler, Step
from loanword.config import TrainingSettings
from loanword.encoders.rows import compact, expand, reached
from loanword.errors import LoanwordError
from loanword.hardware import synchronise
from loanword.randomness import derive, generator
from loanword.tokens.encoded import Encoded
from loanword.training.candidates import Weights, snapshot
from loanword.training.hooks import Average, KeepBest
from loanword.training.optimizer import adamw, freeze, peak_rate, schedule, train_mode
from loanword.training.state import Hook, Run, State

Validate = Callable[[], Mapping[str, float]]
SHOWN = 8
"""Rows that a message names."""


@dataclass(frozen=True)
class Trained:
    """What training leaves behind.

    `candidates` are sets of weights by name, "last" always among them; `kept` the embedding rows they hold, if the
    table was compact; `tokens_per_second` counts real tokens, no padding; `learning_rate` is the peak.
    """

    candidates: dict[str, Weights]
    kept: torch.Tensor | None
    steps: int
    epochs: float
    seconds: float
    tokens_per_second: float
    rows: int
    learning_rate: float
    history: list[dict[str, float]] = field(default_factory=list)

    def describe(self, settings: TrainingSettings) -> dict[str, float | int | str | bool | None]:
        """Say what was trained, for the report."""
        return {
            "steps": self.steps,
            "epochs": round(self.epochs, 2),
            "batch_size": settings.batch_size,
            "learning_rate": self.learning_rate,
            "start": settings.start,
            "embeddings": settings.embeddings,
            "embedding_rows_trained": self.rows,
            "frozen_layers": settings.freeze_layers,
        }


def train(
    run: Run, encoded: Sequence[Encoded], *, validate: Validate | None = None, also: Sequence[Encoded] = ()
) -> Trained:
    """Train `run.model` on `encoded`; afterwards it holds the last weights and the full embedding table.

    `validate` returns source-dev scores and is called after every epoch; `also` are the texts it looks at. The same
    run and the same hardware give the same weights, bit for bit.
    """
    settings, model = run.settings, run.model
    model.to(run.hardware.device)
    freeze(model, layers=settings.freeze_layers, embeddings=settings.embeddings == "frozen")
    table, peak = model.encoder.model.get_input_embeddings().weight, peak_rate(model, settings)
    begin, started = getattr(run.objective, "begin", None), time.perf_counter()
    with torch.no_grad(), run.hardware.autocast():
        more = begin(encoded, model.encoder) if begin else ()
    seconds = time.perf_counter() - started
    kept = None
    if settings.embeddings == "compact" and table.requires_grad:
        kept = reached([*encoded, *also], always=[*run.tokenizer.control_ids, *more])
        compact(model.encoder, kept)
    try:
        state, sampler = _loop(run, encoded, validate)
        state.candidates["last"] = snapshot(model)
        seconds += state.seconds
    finally:  # An interrupted run leaves a whole model behind, too.
        expand(model.encoder)
        model.eval()
    return Trained(
        candidates=state.candidates,
        kept=kept,
        steps=state.step,
        epochs=state.step / sampler.steps_per_epoch,
        seconds=seconds,
        tokens_per_second=state.tokens / max(seconds, 1e-9),
        rows=len(table) * table.requires_grad if kept is None else len(kept),
        learning_rate=peak,
        history=state.history,
    )


def _loop(run: Run, encoded: Sequence[Encoded], validate: Validate | None) -> tuple[State, Sampler]:
    """Update until the planned steps are done or a hook says stop."""
    settings, model = run.settings, run.model
    device = torch.device(run.hardware.device)
    lengths = [len(item) for item in encoded]
    sampler = (
        run.sampler(lengths)
        if run.sampler
        else Sampler(lengths, batch_size=settings.batch_size, micro_tokens=settings.micro_tokens, seed=run.seed)
    )
    steps = settings.planned_steps(sampler.steps_per_epoch)
    optimizer = run.optimizer(model) if run.optimizer else adamw(model, settings)
    rate = schedule(optimizer, kind=settings.schedule, steps=steps, warmup=settings.warmup)
    state = State(model=model, steps=steps)
    hooks: list[Hook] = [Average(share=settings.average), *run.hooks]
    if validate is not None:
        hooks.append(KeepBest(patience=settings.patience))

    rng = generator(run.seed, "objective")
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    started = time.perf_counter()
    paused = 0.0
    with torch.random.fork_rng(devices=[] if device.type == "cpu" else None):
        torch.manual_seed(derive(run.seed, "dropout"))
        train_mode(model, layers=settings.freeze_layers)
        for step in sampler.steps(steps):
            _accumulate(run, state, step, encoded, rng)
            for hook in hooks:
                hook.before_update(state)
            norm = torch.nn.utils.clip_grad_norm_(trainable, settings.clip or float("inf"))
            if not norm.isfinite():
                raise _not_finite("gradient", float(norm), run, state, step, encoded)
            state.learning_rate = rate.get_last_lr()[-1]
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            rate.step()
            state.step += 1
            state.seconds = time.perf_counter() - started - paused
            for hook in hooks:
                hook.after_update(state)
            if validate is not None and (state.step % sampler.steps_per_epoch == 0 or state.step == steps):
                begun = time.perf_counter()
                scores = validate()
                state.history.append({"step": float(state.step), "loss": state.loss, **scores})
                for hook in hooks:
                    hook.on_evaluate(state, scores)
                train_mode(model, layers=settings.freeze_layers)
                paused += time.perf_counter() - begun
            if state.stop:
                break
    synchronise(device)
    state.seconds = time.perf_counter() - started - paused
    return state, sampler


def _accumulate(run: Run, state: State, step: Step, encoded: Sequence[Encoded], rng: np.random.Generator) -> None:
    """Add up the gradients of a step's micro-batches, each weighed by its rows."""
    total = 0.0
    for rows in step.micro:
        items = [encoded[row] for row in rows]
        batch = run.objective.prepare(items, rng).to(run.hardware.device)
        with run.hardware.autocast():
            loss = run.objective.loss(run.model, batch) * (len(rows) / step.rows)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
        state.tokens += sum(len(item) for item in items)
    state.loss = total
    if not math.isfinite(total):
        raise _not_finite("loss", total, run, state, step, encoded)


def _not_finite(
    what: str, value: float, run: Run, state: State, step: Step, encoded: Sequence[Encoded]
) -> LoanwordError:
    """Name the rows of the step that went wrong, by file and line; no weight was changed by it."""
    items = [encoded[row] for rows in step.micro for row in rows]
    places = []
    for item in items:
        table = run.data.train[item.language]
        line = table.line[item.row]
        places.append(f"{table.origin}:{line}" if line else f"{item.language} row {item.row + 1}")
    rows = ", ".join(sorted(places)[:SHOWN])
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return LoanwordError(
        f"the {what} is {value} at step {state.step + 1}, whose rows are {rows}{more}; "
        "lower training.learning_rate, set hardware.precision to fp32, or look at these rows"
    )
