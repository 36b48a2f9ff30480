"""READ THIS FIRST: the whole flow as one function of a recipe, top to bottom.

text -> Record -> Encoded -> Batch -> EncoderOutput -> Prediction -> Scores -> TransferReport -> bundle
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from loanword.config import Recipe
from loanword.data.gather import Tables, gather
from loanword.deploy.bundle import Bundle, expect_output
from loanword.encoders.load import load
from loanword.evaluation.evaluate import Evaluator
from loanword.evaluation.measure import measure
from loanword.evaluation.notes import notes
from loanword.evaluation.scores import TransferReport
from loanword.hardware import detect, peak_memory
from loanword.objectives.objective import OBJECTIVES
from loanword.progress import Progress, Silent
from loanword.provenance import versions
from loanword.randomness import seeded
from loanword.strategies.regime import regime_of
from loanword.strategies.strategy import STRATEGIES, next_round
from loanword.tasks.model import Model
from loanword.tasks.probe import start_from_probe
from loanword.tasks.task import TASKS
from loanword.training.state import Data, Run
from loanword.training.trainer import train
from loanword.version import __version__


@dataclass
class Result:
    """What a run gives: the report, the model as a bundle, and the files, if the recipe names a folder."""

    report: TransferReport
    bundle: Bundle
    files: dict[str, Path] = field(default_factory=dict)


def run(
    recipe: Recipe, *, tables: dict[str, Tables] | None = None, command: str = "", progress: Progress | None = None
) -> Result:
    """Run `recipe`: read, load, train, evaluate every language, report, save.

    `tables` ("train", "dev", "test" -> language -> table) stand in for files where the data is in memory already.
    `command` is what was typed, for the report. Raises `DataError`, `ModelError` or `UsageError` before training
    starts for anything that could be known by then.
    """
    watch = progress or Silent()
    if recipe.out:
        expect_output(Path(recipe.out))
    hardware = detect(**recipe.hardware.model_dump())
    strategies = [STRATEGIES.get(name)() for name in recipe.strategies]
    task = TASKS.get(recipe.task)(**recipe.training.head_settings())

    # 1 text -> Record: every file of every language, every problem at once
    watch.stage("read")
    data = Data(**gather(recipe.data, shape=task.columns, seed=recipe.seed, tables=tables))
    task.fit([record for table in data.train.values() for record in table])

    # 2 a pretrained encoder under the task's fresh head
    watch.stage("load", detail=recipe.model)
    loaded = load(recipe.model, **recipe.encoder.model_dump())
    objective = OBJECTIVES.get(recipe.objective)(task, tokenizer=loaded.tokenizer, settings=recipe.training)
    with seeded(recipe.seed, "head"):
        model = Model(loaded.encoder, objective.head(loaded.encoder)).to(hardware.device)
    plan = Run(
        model=model,
        tokenizer=loaded.tokenizer,
        task=task,
        objective=objective,
        data=data,
        settings=recipe.training,
        hardware=hardware,
        seed=recipe.seed,
        hooks=watch.hooks(),
    )
    for strategy in strategies:
        plan = replace(strategy.apply(plan), sees=plan.sees | strategy.sees)

    while True:  # One round, unless a strategy asks for another
        # 3 Record -> Encoded -> Batch -> EncoderOutput -> loss: the probe gives the head its start, then all is trained
        evaluator = Evaluator.of(plan, recipe.evaluation)
        encoded = [item for rows in evaluator.encode(plan.data.train).values() for item in rows]
        dev = evaluator.encode(plan.data.dev)
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
        watch.stage("train")
        trained = train(
            plan,
            encoded,
            validate=partial(evaluator.quick, plan.data.dev, dev) if dev else None,
            also=[item for rows in dev.values() for item in rows],
        )

        # 4 Encoded -> Prediction -> Scores: all languages in one pass, for every candidate checkpoint
        passes = len(trained.candidates) if recipe.evaluation.compare_checkpoints else 1
        watch.stage("evaluate", total=sum(len(table) for table in plan.data.test.values()) * passes)
        measured = measure(plan, trained, recipe.evaluation, dev=dev, progress=watch.advance)
        if (following := next_round(strategies, plan, measured.scores)) is None:
            break
        plan = following

    # 5 Scores -> TransferReport -> bundle
    report = TransferReport(
        task=recipe.task,
        model=recipe.model,
        regime=regime_of(plan, checkpoint=measured.checkpoint, language="en"),
        regime_zh=regime_of(plan, checkpoint=measured.checkpoint, language="zh"),
        metric=task.metrics[0],
        seed=recipe.seed,
        sources=tuple(data.train),
        languages=measured.scores,
        labels=task.labels,
        checkpoint=measured.checkpoint,
        seconds={"train": trained.seconds, "evaluate": measured.seconds},
        tokens_per_second=trained.tokens_per_second,
        peak_memory_bytes=peak_memory(),
        versions=versions(),
        machine=hardware.describe(),
        loanword_version=__version__,
        recipe=recipe.to_toml(),
        origins={tag: table.origin for tag, table in plan.data.test.items()},
        training=trained.describe(plan.settings),
        temperature=measured.temperature,
        command=command,
        notes=notes(plan, measured.scores, language=recipe.report_language),
    )
    bundle = Bundle(
        model=plan.model, tokenizer=plan.tokenizer, task=task, hardware=hardware, report=report, recipe=recipe
    )
    result = Result(report=report, bundle=bundle)
    if recipe.out:
        watch.stage("save", detail=recipe.out)
        result.files = bundle.save(Path(recipe.out), language=recipe.report_language)
    watch.done()
    return result
