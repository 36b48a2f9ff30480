"""READ THIS FIRST: the whole flow as one function of a recipe, top to bottom.

text -> Record -> Encoded -> Batch -> EncoderOutput -> Prediction -> Scores -> TransferReport -> bundle
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from loanword.config import Recipe
from loanword.data.gather import Tables, gather
from loanword.deploy.base import load_base
from loanword.deploy.bundle import Bundle
from loanword.evaluation.evaluate import Evaluator
from loanword.evaluation.measure import expect_checkpoint, measure
from loanword.evaluation.notes import run_notes
from loanword.evaluation.scores import TransferReport
from loanword.hardware import detect
from loanword.objectives.objective import OBJECTIVES
from loanword.preflight import expect_sound
from loanword.progress import Progress, Silent
from loanword.provenance import circumstances
from loanword.randomness import seeded
from loanword.strategies.regime import lineage_of, regimes
from loanword.strategies.strategy import STRATEGIES, applied, next_round
from loanword.tasks.model import Model
from loanword.tasks.probe import start_from_probe
from loanword.tasks.task import TASKS
from loanword.training.optimizer import expect_layers
from loanword.training.state import Data, Run
from loanword.training.trainer import train


@dataclass
class Result:
    """What a run gives: the report, the model as a bundle, and the files, if the recipe names a folder."""

    report: TransferReport
    bundle: Bundle
    files: dict[str, Path]


def run(
    recipe: Recipe, *, tables: dict[str, Tables] | None = None, command: str = "", progress: Progress | None = None
) -> Result:
    """Run `recipe`; raise what can be known to be wrong (`DataError`, `ModelError`, `UsageError`) before training.

    `tables` ("train", "dev", "test" -> language -> table) stand in for files; `command` is what was typed.
    """
    watch = progress or Silent()
    expect_sound(recipe)
    hardware = detect(**recipe.hardware.model_dump())
    strategies = [STRATEGIES.get(name)() for name in recipe.strategies]
    task = TASKS.get(recipe.task)(**recipe.training.head_settings())

    # 1 text -> Record: every file of every language, every problem at once
    watch.stage("read")
    data = Data(**gather(recipe.data, shape=task.columns, seed=recipe.seed, tables=tables))
    task.fit([record for table in data.train.values() for record in table])

    # 2 a pretrained encoder under the task's fresh head
    watch.stage("load", detail=recipe.model)
    base = load_base(recipe.model, recipe.encoder)
    objective = OBJECTIVES.get(recipe.objective)(task, tokenizer=base.loaded.tokenizer, settings=recipe.training)
    with seeded(recipe.seed, "head"):
        model = Model(base.loaded.encoder, objective.head(base.loaded.encoder)).to(hardware.device)
    plan = Run(
        model=model,
        tokenizer=base.loaded.tokenizer,
        task=task,
        objective=objective,
        data=data,
        settings=recipe.training,
        hardware=hardware,
        seed=recipe.seed,
        hooks=watch.hooks(),
    )
    plan = applied(strategies, plan)
    expect_layers(plan.model.encoder, plan.settings.freeze_layers)
    expect_checkpoint(recipe.evaluation, dev=plan.data.dev)

    while True:  # One round, unless a strategy asks for another
        # 3 Record -> Encoded -> Batch -> EncoderOutput -> loss: the probe gives the head its start, then all is trained
        evaluator = Evaluator.of(plan, recipe.evaluation)
        encoded = [item for rows in evaluator.encode(plan.data.train).values() for item in rows]
        dev = evaluator.encode(plan.data.dev)
        began = time.perf_counter()
        if plan.settings.start == "probe":
            watch.stage("probe")
            start_from_probe(
                plan.model,
                encoded,
                pad_id=plan.tokenizer.pad_id,
                hardware=hardware,
                groups=plan.data.groups(),
                penalty=plan.settings.probe_penalty,
                seed=recipe.seed,
            )
        probing = time.perf_counter() - began
        watch.stage("train", detail=str(hardware))
        trained = train(
            plan,
            encoded,
            validate=partial(evaluator.quick, plan.data.dev, dev) if dev else None,
            also=[item for rows in dev.values() for item in rows],
        )

        # 4 Encoded -> Prediction -> Scores: all languages in one pass, for every candidate checkpoint
        passes = len(trained.candidates) if recipe.evaluation.compare_checkpoints else 1
        watch.stage("evaluate", total=sum(map(len, plan.data.test.values())) * passes)
        lineage = lineage_of(plan, earlier=base.lineage)
        measured = measure(
            plan, trained, recipe.evaluation, dev=dev, sources=lineage.trained_on, progress=watch.advance
        )
        if (following := next_round(strategies, plan, measured.scores)) is None:
            break
        plan = following

    # 5 Scores -> TransferReport -> bundle
    lineage = replace(lineage, checkpoint=measured.checkpoint)
    report = TransferReport(
        task=recipe.task,
        model=recipe.model,
        **regimes(lineage, tested=plan.data.test),
        metric=task.metrics[0],
        seed=recipe.seed,
        sources=lineage.trained_on,
        languages=measured.scores,
        labels=task.labels,
        checkpoint=measured.checkpoint,
        seconds={"train": probing + trained.seconds, "evaluate": measured.seconds},
        tokens_per_second=trained.tokens_per_second,
        **circumstances(hardware),
        recipe=recipe.to_toml(),
        origins={tag: table.origin for tag, table in plan.data.test.items()},
        training=trained.describe(plan.settings),
        temperature=measured.temperature,
        command=command,
        notes=run_notes(plan, measured, wanted=recipe.evaluation.checkpoint, language=recipe.report_language),
    )
    bundle = Bundle(plan.model, plan.tokenizer, task, hardware, lineage, seed=recipe.seed, report=report, recipe=recipe)
    files: dict[str, Path] = {}
    if recipe.out:
        watch.stage("save", detail=recipe.out)
        files = bundle.save(recipe.out, language=recipe.report_language)
    watch.done()
    return Result(report, bundle, files)
