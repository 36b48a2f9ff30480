"""Stage 7: the one training loop. Plain torch, top to bottom.

What varies comes in from outside: an objective, a task, a strategy, a hook. The trainer knows none by name.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import torch

from loanword.batches.sampler import Sampler, pass_tokens
from loanword.config import TrainingSettings
from loanword.encoders.frozen import Frozen
from loanword.encoders.packed import forget
from loanword.encoders.rows import compact, expand, reached
from loanword.hardware import synchronise
from loanword.progress import Progress, Silent
from loanword.randomness import derive, generator
from loanword.tasks.probe import start_from_probe
from loanword.tokens.encoded import Encoded
from loanword.training.candidates import Weights, snapshot
from loanword.training.checkpoints import Checkpoints, Saved, identity
from loanword.training.hooks import Average, KeepBest
from loanword.training.interruption import Interrupted, listening
from loanword.training.optimizer import adamw, clip, freeze, peak_rate, schedule, train_mode
from loanword.training.resume import Moving
from loanword.training.state import Hook, Run, State
from loanword.training.step import accumulate, passed_over

Validate = Callable[[], Mapping[str, float]]


@dataclass(frozen=True)
class Trained:
    """What training leaves behind.

    `candidates` are sets of weights by name, "last" always among them; `kept` the embedding rows they hold, if the
    table was compact. `seconds` are those of all steps, also before an interruption, and of a probe fitted since;
    `tokens_per_second` is that of the steps and counts real tokens, no padding; `learning_rate` is the peak, `skipped`
    are steps that changed no weight.
    """

    candidates: dict[str, Weights]
    kept: torch.Tensor | None
    steps: int
    epochs: float
    seconds: float
    tokens_per_second: float
    rows: int
    learning_rate: float
    skipped: int = 0
    history: list[dict[str, float]] = field(default_factory=list)

    def describe(self, settings: TrainingSettings) -> dict[str, float | int | str | bool | None]:
        """Say what was trained, for the report."""
        return {
            "steps": self.steps,
            "epochs": round(self.epochs, 2),
            "batch_size": settings.batch_size,
            "learning_rate": self.learning_rate,
            "start": settings.start,
            "embeddings": "full" if self.kept is None and self.rows else settings.embeddings,
            "embedding_rows_trained": self.rows,
            "frozen_layers": settings.freeze_layers,
            "skipped_steps": self.skipped,
        }


def train(
    run: Run,
    encoded: Sequence[Encoded],
    *,
    validate: Validate | None = None,
    also: Sequence[Encoded] = (),
    checkpoints: Checkpoints | None = None,
    frozen: Frozen | None = None,
    progress: Progress | None = None,
) -> Trained:
    """Train `run.model` on `encoded`; afterwards it holds the last weights and the full embedding table.

    `validate` returns source-dev scores and is called after every epoch; `also` are the texts it looks at. The same
    run and the same hardware give the same weights, bit for bit, also where it goes on from one of its `checkpoints`.
    What `frozen` layers say of these texts is found out once in a run, or before it, for many runs (`remember`).
    """
    settings, model, watch = run.settings, run.model, progress or Silent()
    model.to(run.hardware.device)
    freeze(model, layers=settings.freeze_layers, embeddings=settings.embeddings == "frozen")
    table, peak = model.encoder.model.get_input_embeddings().weight, peak_rate(model, settings)
    begin, started = getattr(run.objective, "begin", None), time.perf_counter()
    with torch.no_grad(), run.hardware.autocast():
        more = begin(encoded, model.encoder) if begin else ()
    kept = None
    if settings.embeddings == "compact" and table.requires_grad and getattr(model.head, "reads_table", False):
        watch.say("the decoder shares the embedding table: all of its rows are trained, not those alone that are read")
    elif settings.embeddings == "compact" and table.requires_grad:
        held = encoded.reached() if hasattr(encoded, "reached") else reached([*encoded, *also]).tolist()
        kept = torch.tensor(sorted({*held, *run.tokenizer.control_ids, *more}))
        compact(model.encoder, kept)
    try:
        saved = _opened(checkpoints, run, encoded, also, candidates=1 if validate is None else 2)
        near = checkpoints.folder if checkpoints else None
        frozen = frozen or remember(run, encoded, also, near=near, progress=watch)
        with frozen.serving(model.encoder) if frozen else nullcontext():
            if saved is None and settings.start == "probe":
                watch.stage("probe")
                start_from_probe(
                    model,
                    encoded,
                    targets=run.task.targets,
                    pad_id=run.tokenizer.pad_id,
                    hardware=run.hardware,
                    groups=run.data.groups(encoded),
                    penalty=settings.probe_penalty,
                    seed=run.seed,
                )
            before = time.perf_counter() - started
            watch.stage("train", detail=str(run.hardware))
            state, sampler = _loop(run, encoded, validate, checkpoints, saved, watch)
        state.candidates["last"] = snapshot(model)
    finally:  # An interrupted run leaves a whole model behind, too.
        expand(model.encoder)
        model.eval()
    seconds = before + state.seconds
    return Trained(
        candidates=state.candidates,
        kept=kept,
        steps=state.step,
        epochs=state.step / sampler.steps_per_epoch,
        seconds=seconds,
        tokens_per_second=state.tokens / max(state.seconds, 1e-9),
        rows=len(table) * table.requires_grad if kept is None else len(kept),
        learning_rate=peak,
        skipped=state.lost,
        history=state.history,
    )


def remember(
    run: Run,
    encoded: Sequence[Encoded],
    also: Sequence[Encoded] = (),
    *,
    near: Path | None = None,
    progress: Progress | None = None,
) -> Frozen | None:
    """Let the layers that `run` freezes say once what they say of `encoded`; None where that cannot be used.

    It can where the objective shows every row as it is each time (`steady`), and then for any run on the same rows
    with the same layers frozen. What does not fit `training.cache_gigabytes` goes to a disk, that of `near`.
    """
    settings, encoder = run.settings, run.model.encoder
    run.model.to(run.hardware.device)
    freeze(run.model, layers=settings.freeze_layers, embeddings=settings.embeddings == "frozen")
    if not (settings.cache_gigabytes and getattr(run.objective, "steady", False)):
        return None
    if not Frozen.possible(encoder, settings.freeze_layers):
        return None
    while near is not None and not near.is_dir():
        near = near.parent
    try:
        return Frozen(
            encoder,
            [*encoded, *also],
            layers=settings.freeze_layers,
            pad_id=run.tokenizer.pad_id,
            hardware=run.hardware,
            memory=int(settings.cache_gigabytes * 1e9),
            folder=near,
        )
    except OSError as error:
        (progress or Silent()).say(f"what the frozen layers say is worked out anew in every step: {error.strerror}")
        return None


def _opened(
    checkpoints: Checkpoints | None,
    run: Run,
    encoded: Sequence[Encoded],
    also: Sequence[Encoded],
    *,
    candidates: int,
) -> Saved | None:
    """Return where to go on from, if anywhere; raises if the disk has no room for what will be saved."""
    if checkpoints is None:
        return None
    checkpoints.identity = identity(run, encoded, also)
    checkpoints.machine = {**run.hardware.describe(), "torch": torch.__version__}
    checkpoints.expect_room(run, candidates=candidates)
    return checkpoints.newest()


def _sampler(run: Run, encoded: Sequence[Encoded]) -> Sampler:
    settings = run.settings
    tokens = settings.micro_tokens or pass_tokens(run.hardware.device)
    lengths = [len(item) for item in encoded]
    return Sampler(lengths, batch_size=settings.batch_size, micro_tokens=tokens, seed=run.seed)


def _loop(
    run: Run,
    encoded: Sequence[Encoded],
    validate: Validate | None,
    checkpoints: Checkpoints | None,
    saved: Saved | None,
    progress: Progress,
) -> tuple[State, Sampler]:
    """Update until the planned steps are done or a hook says stop; from `saved` on, if there is one."""
    settings, model = run.settings, run.model
    device = torch.device(run.hardware.device)
    sampler = run.sampler(encoded) if run.sampler else _sampler(run, encoded)
    steps = settings.planned_steps(sampler.steps_per_epoch)
    optimizer = run.optimizer(model) if run.optimizer else adamw(model, settings)
    rate = schedule(optimizer, kind=settings.schedule, steps=steps, warmup=settings.warmup)
    state = State(model=model, steps=steps)
    hooks: list[Hook] = [*([Average(share=settings.average)] if settings.average else []), *run.hooks]
    if validate is not None:
        hooks.append(KeepBest(patience=settings.patience))

    rng, advance = generator(run.seed, "objective"), getattr(run.objective, "advance", None)
    trainable = [parameter for parameter in model.parameters() if parameter.requires_grad]
    moving = Moving(state, optimizer, rate, rng, hooks)
    with (
        torch.random.fork_rng(devices=[] if device.type == "cpu" else None),
        listening(checkpoints is not None) as asked,
    ):
        torch.manual_seed(derive(run.seed, "dropout"))
        train_mode(model, layers=settings.freeze_layers)
        if saved is not None:
            moving.take_up(saved)
            progress.say(f"going on after step {state.step} of {steps}")
        started, paused = time.perf_counter() - state.seconds, 0.0
        for step in () if state.stop else sampler.steps(steps, start=state.step):
            if advance:
                advance(state.step / steps)
            accumulate(run, state, step, encoded, rng, progress=progress)
            for hook in hooks:
                hook.before_update(state)
            norm = clip(trainable, limit=settings.clip)
            state.learning_rate = rate.get_last_lr()[-1]
            if not passed_over(norm, run, state, step, encoded, progress=progress):
                optimizer.step()
            forget(model.encoder)  # The fused optimizer does not count what it writes.
            optimizer.zero_grad(set_to_none=True)
            rate.step()
            state.step += 1
            state.seconds = time.perf_counter() - started - paused
            for hook in hooks:
                hook.after_update(state)
            begun = time.perf_counter()
            if validate is not None and (state.step % sampler.steps_per_epoch == 0 or state.step == steps):
                scores = validate()
                state.history.append({"step": float(state.step), "loss": state.loss, **scores})
                for hook in hooks:
                    hook.on_evaluate(state, scores)
                train_mode(model, layers=settings.freeze_layers)
            if checkpoints and ((by := run.agreed(asked.by)) or checkpoints.due(state.step)):
                checkpoints.save(moving.put_down())
                if by:
                    run.agreed(by)  # Nobody leaves before it is saved.
                    raise Interrupted(by, where=checkpoints.folder)
            paused += time.perf_counter() - begun
            if state.stop:
                break
        synchronise(device)
        state.seconds = time.perf_counter() - started - paused
        if checkpoints and ((by := run.agreed(asked.by)) or checkpoints.worth_it(state.step)):
            checkpoints.save(moving.put_down())
            if by:
                run.agreed(by)
                raise Interrupted(by, where=checkpoints.folder)
    return state, sampler
