"""From a trained run to scores: every candidate checkpoint in every language, then calibration, then the verdict."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch

from loanword.config import EvaluationSettings
from loanword.data.records import Table
from loanword.errors import UsageError
from loanword.evaluation.evaluate import Answers, Evaluator
from loanword.evaluation.leaks import leaked
from loanword.evaluation.scores import Interval, Scores
from loanword.tasks.task import Task
from loanword.tasks.temperature import fit_temperature
from loanword.tokens.encoded import Encoded
from loanword.training.candidates import use
from loanword.training.state import Run
from loanword.training.trainer import Trained

Checkpoint = Literal["averaged", "last", "source-dev-best"]


@dataclass(frozen=True)
class Measured:
    """Scores by language of the `checkpoint` that ships, its temperature, and what measuring took."""

    scores: dict[str, Scores]
    checkpoint: Checkpoint
    temperature: float
    seconds: float


def expect_checkpoint(settings: EvaluationSettings, *, dev: Mapping[str, Table]) -> None:
    """Raise `UsageError` if `settings` ask for the weights that are best on `dev`, and there is no dev data."""
    if settings.checkpoint == "source-dev-best" and not dev:
        raise UsageError(
            "evaluation.checkpoint is source-dev-best, but there is no dev data: none is given, and none is held out "
            "(data.dev_fraction is 0, or training would lose a label by it); give data.dev, or choose averaged"
        )


def untrained(
    run: Run, settings: EvaluationSettings, *, progress: Callable[[int], None] | None = None
) -> dict[str, Interval]:
    """Measure a model before it is trained, in every test language, for a task that it can do as it came."""
    evaluator = Evaluator.of(run, settings)
    run.model.eval()
    answers = evaluator.answer(run.data.test, evaluator.encode(run.data.test), progress=progress)
    return {tag: evaluator.interval(found, run.task.metrics[0]) for tag, found in answers.items()}


def measure(
    run: Run,
    trained: Trained,
    settings: EvaluationSettings,
    *,
    dev: dict[str, list[Encoded]],
    sources: Sequence[str],
    before: Mapping[str, Interval] = MappingProxyType({}),
    progress: Callable[[int], None] | None = None,
) -> Measured:
    """Evaluate the candidates of `trained`; afterwards `run.model` is the one that ships, calibrated on source dev.

    Which candidate ships is fixed by `settings` before anything is measured; the last weights do where training ended
    before there was that one. `sources` are the languages that the model was trained on, now or earlier; `before` is
    what it scored untrained, if it could.
    """
    began = time.perf_counter()
    evaluator = Evaluator.of(run, settings)
    _set_temperature(run, 1.0)  # What is fitted is the temperature of the raw outputs.
    tests = evaluator.encode(run.data.test)
    chosen: Checkpoint = settings.checkpoint if settings.checkpoint in trained.candidates else "last"
    names = sorted(trained.candidates, key=lambda name: name == chosen)  # The one that ships comes last and stays.
    intervals: dict[str, Mapping[str, Interval]] = {"untrained": before} if before else {}
    for name in names if settings.compare_checkpoints else [chosen]:
        use(run.model, trained.candidates[name], kept=trained.kept)
        if run.task.settles or name == chosen:
            heard = evaluator.answer(run.data.dev, dev)
            settle(heard, run.task)
        answers = evaluator.answer(run.data.test, tests, progress=progress)
        intervals[name] = {tag: evaluator.interval(found, run.task.metrics[0]) for tag, found in answers.items()}
    temperature = calibrate(heard, run.task)
    _set_temperature(run, temperature)
    settle({tag: evaluator.scaled(found, temperature) for tag, found in heard.items()}, run.task)
    cooled = {tag: evaluator.scaled(found, temperature) for tag, found in answers.items()}
    scores = evaluator.score(cooled, sources=sources, raw=answers, candidates=intervals)
    rows = leaked(run.data)
    scores = {tag: replace(one, leaked=rows.get(tag, 0)) for tag, one in scores.items()}
    return Measured(scores, chosen, temperature, time.perf_counter() - began)


def calibrate(answers: dict[str, Answers], task: Task) -> float:
    """Fit the temperature on labelled source-dev answers; 1 where no label is known to the model."""
    found = [task.classified(one.outputs, one.encoded) for one in answers.values()]
    found = [(logits, targets) for logits, targets in found if len(targets)]
    if not found:
        return 1.0
    logits, targets = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return fit_temperature(logits, targets)


def settle(answers: Mapping[str, Answers], task: Task) -> None:
    """Let the task choose by source-dev answers what predictions need beside weights."""
    outputs = [value for one in answers.values() for value in one.outputs]
    task.settle(outputs, [item for one in answers.values() for item in one.encoded])


def _set_temperature(run: Run, temperature: float) -> None:
    run.model.adjust.load_state_dict({"value": torch.tensor(temperature)})
