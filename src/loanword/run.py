"""READ THIS FIRST: the whole flow as one function of a recipe, top to bottom.

text -> Record -> Encoded -> Batch -> EncoderOutput -> Prediction -> Scores -> TransferReport -> bundle
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path

from loanword.config import Recipe
from loanword.data.gather import Tables, gather
from loanword.deploy.base import load_base
from loanword.deploy.bundle import Bundle
from loanword.deploy.output import INSIDE
from loanword.evaluation.conclusion import report_of
from loanword.evaluation.evaluate import Evaluator
from loanword.evaluation.measure import expect_checkpoint, measure, untrained
from loanword.evaluation.scores import TransferReport
from loanword.hardware import detect
from loanword.objectives.objective import OBJECTIVES
from loanword.preflight import expect_sound
from loanword.progress import Progress, Silent
from loanword.randomness import seeded
from loanword.strategies.regime import lineage_of, regimes
from loanword.strategies.strategy import STRATEGIES, applied, next_round
from loanword.tasks.model import Model
from loanword.tasks.task import TASKS, task_of
from loanword.training.checkpoints import Checkpoints
from loanword.training.lock import working_in
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

    `tables` ("train", "dev", "test" -> language -> table) stand in for files; `command` is what was typed. A run that
    was stopped goes on where it was when the same recipe is run again in the same folder.
    """
    watch = progress or Silent()
    expect_sound(recipe)
    recipe = recipe.settled(TASKS.get(recipe.task).defaults)
    if not recipe.out:
        return _flow(recipe, tables, command, watch, None)
    with working_in(Path(recipe.out), target=INSIDE) as folder:
        return _flow(recipe, tables, command, watch, Checkpoints.of(recipe.training, folder, progress=watch))


def _flow(
    recipe: Recipe,
    tables: dict[str, Tables] | None,
    command: str,
    watch: Progress,
    checkpoints: Checkpoints | None,
) -> Result:
    hardware = detect(**recipe.hardware.model_dump())
    strategies = [STRATEGIES.get(name)() for name in recipe.strategies]
    task = task_of(recipe)

    # 1 text -> Record: every file of every language, every problem at once
    watch.stage("read")
    data = Data(**gather(recipe.data, shape=task.columns, seed=recipe.seed, tables=tables, tell=watch.say))

    # 2 a pretrained encoder under the task's head: a fresh one, or the decoder that it brings
    watch.stage("load", detail=recipe.model)
    base = load_base(recipe.model, recipe.encoder)
    base.loaded.tokenizer.expect_languages({*data.train, *data.dev, *data.test})
    task.fit([record for table in data.train.values() for record in table], base.loaded.tokenizer)
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

    before = {}
    if recipe.evaluation.compare_checkpoints and task.ready(base.loaded.encoder):
        watch.stage("evaluate", detail="as it came", total=sum(map(len, plan.data.test.values())))
        before = untrained(plan, recipe.evaluation, progress=watch.advance)

    for number in count(1):  # One round, unless a strategy asks for another
        # 3 Record -> Encoded -> Batch -> EncoderOutput -> loss: the probe gives the head its start, then all is trained
        evaluator = Evaluator.of(plan, recipe.evaluation)
        encoded = [item for rows in evaluator.encode(plan.data.train).values() for item in rows]
        dev = evaluator.encode(plan.data.dev)
        trained = train(
            plan,
            encoded,
            validate=partial(evaluator.quick, plan.data.dev, dev) if dev else None,
            also=[item for rows in dev.values() for item in rows],
            checkpoints=checkpoints.of_round(number) if checkpoints else None,
            progress=watch,
        )

        # 4 Encoded -> Prediction -> Scores: all languages in one pass, for every candidate checkpoint
        passes = len(trained.candidates) if recipe.evaluation.compare_checkpoints else 1
        watch.stage("evaluate", total=sum(map(len, plan.data.test.values())) * passes)
        lineage = lineage_of(plan, earlier=base.lineage)
        measured = measure(
            plan,
            trained,
            recipe.evaluation,
            dev=dev,
            sources=lineage.trained_on,
            before=before,
            progress=watch.advance,
        )
        if (following := next_round(strategies, plan, measured.scores)) is None:
            break
        plan = following

    # 5 Scores -> TransferReport -> bundle
    lineage = replace(lineage, checkpoint=measured.checkpoint)
    regime = regimes(lineage, tested=plan.data.test)
    report = report_of(recipe, plan, trained, measured, regime=regime, sources=lineage.trained_on, command=command)
    bundle = Bundle(plan.model, plan.tokenizer, task, hardware, lineage, seed=recipe.seed, report=report, recipe=recipe)
    files: dict[str, Path] = {}
    if recipe.out:
        watch.stage("save", detail=recipe.out)
        files = bundle.save(recipe.out, language=recipe.report_language)
    watch.done()
    return Result(report, bundle, files)
