"""The short way in, for Python: transfer, load, evaluate, check.

report = loanword.transfer(train={"en": "en.jsonl"}, test={"de": "de.jsonl"}, out="run").report
loanword.load("run").predict(["Schalte das Licht ein"])
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any

from loanword import config
from loanword.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from loanword.config import Recipe
    from loanword.cost import Cost
    from loanword.data.check import Finding
    from loanword.deploy.bundle import Bundle
    from loanword.evaluation.scores import TransferReport
    from loanword.progress import Progress
    from loanword.run import Result
    from loanword.tokens.tokenizer import Role


def transfer(
    *,
    train: Mapping[str, str | Path],
    test: Mapping[str, str | Path],
    dev: Mapping[str, str | Path] | None = None,
    model: str | Path = "bundled:e5-small",
    task: str = "classification",
    columns: Mapping[str, str] | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Result:
    """Train on the languages of `train`, test on those of `test`; both map language tags to files or data sets.

    `columns` maps the task's columns to the files' ("text", "label", "group", "id"). `settings` are further recipe
    keys, nested or dotted (``{"training.epochs": 3}``). With `out`, the model and the reports are saved there.
    Raises `ConfigError`, `DataError` or `ModelError`, each with all problems at once.
    """
    from loanword.run import run

    values: dict[str, Any] = {
        "task": task,
        "model": str(model),
        "seed": seed,
        "data": {
            "train": {tag: str(source) for tag, source in train.items()},
            "dev": {tag: str(source) for tag, source in (dev or {}).items()},
            "test": {tag: str(source) for tag, source in test.items()},
            "columns": dict(columns or {}),
        },
    }
    if out is not None:
        values["out"] = str(out)
    return run(config.build(_with(values, settings)), progress=progress)


def zero_shot(
    labels: Mapping[str, str] | Sequence[str],
    *,
    test: Mapping[str, str | Path] | None = None,
    unlabelled: Mapping[str, str | Path] | None = None,
    templates: Sequence[str] | None = None,
    model: str | Path | None = None,
    by: str | Path | None = None,
    temperature: float | None = None,
    columns: Mapping[str, str] | None = None,
    out: str | Path | None = None,
    settings: Mapping[str, Any] | None = None,
    report_language: str = "en",
    command: str = "",
) -> Result:
    """Make a classifier from the names of its `labels`, each perhaps with a description, and test it; nothing trains.

    It says the label whose description, in the `templates`, is nearest to the text for the encoder `model`; or the one
    that the text entails most, for `by`, a bundle of pairs. `unlabelled` texts, by language, tell which labels lie near
    to everything. Other arguments are those of `transfer` and `evaluate`.
    """
    from loanword.config import DataSettings, expanded
    from loanword.data.gather import gather
    from loanword.data.shapes.labelled_text import PLAIN_TEXT
    from loanword.deploy import names
    from loanword.deploy.base import bundle_folder
    from loanword.deploy.output import expect_output
    from loanword.hardware import detect
    from loanword.run import Result

    if by is not None and (model is not None or temperature is not None):
        raise UsageError("by names a whole model; leave out model and temperature")
    if out is not None:
        expect_output(expanded(out))
        source = by or model
        held = bundle_folder(source) if source else None
        if held and held.resolve().is_relative_to(expanded(out).resolve()):
            raise UsageError(f"{out} holds the bundle {source}, which would be replaced; choose another folder")
    places = {
        "test": {tag: str(source) for tag, source in (unlabelled or {}).items()},
        "columns": {ours: theirs for ours, theirs in (columns or {}).items() if ours == "text"},
    }
    texts = gather(config.part(DataSettings, places, where="unlabelled texts"), shape=PLAIN_TEXT, seed=0)["test"]
    given: dict[str, Any] = {"unlabelled": texts, "hardware": detect()}
    given |= {} if templates is None else {"templates": templates}
    given |= {} if temperature is None else {"temperature": temperature}
    if by is not None:
        bundle = names.by_inference(labels, by=by, **given)
    else:
        bundle = names.by_cosine(labels, model=str(model or "bundled:e5-small"), **given)
    bundle.report = evaluate(
        bundle, test=test or {}, columns=columns, settings=settings, report_language=report_language, command=command
    )
    return Result(bundle.report, bundle, {} if out is None else bundle.save(out, language=report_language))


def load(
    path: str | Path,
    *,
    task: str | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 0,
) -> Bundle:
    """Load a bundle from its folder, from the folder of the run that made it, or from the Hub.

    With a `task`, any model that needs no training for it will do; `settings` are then recipe keys of `task_options`
    and `encoder`, nested or dotted.
    """
    from loanword.deploy.bundle import Bundle
    from loanword.hardware import detect

    if task is None:
        if settings:
            raise ConfigError(["a bundle has its own; settings are for a model that is given a task"], where="settings")
        return Bundle.load(path, device=device, precision=precision, threads=threads)
    given = config.part(config.MeasureSettings, _with({}, settings), where="settings")
    if more := given.model_fields_set - {"task_options", "encoder"}:
        raise ConfigError([f"{min(more)}: loading takes task_options and encoder alone"], where="settings")
    return Bundle.untrained(
        path,
        task=task,
        options=given.task_options,
        encoder=given.encoder,
        hardware=detect(device=device, precision=precision, threads=threads),
    )


def embed(
    texts: Sequence[str],
    *,
    model: str | Path = "bundled:e5-small",
    language: str | Sequence[str] = "und",
    role: Role | None = None,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 0,
) -> np.ndarray:
    """Return the vectors of `texts` (n, width), in order, of length 1, by a bundle or any other model.

    `language` is one tag, or one a text. The model's prompt for `role` ("query", "document") goes before the texts, if
    it has one; None: as the model is used. To embed again and again, keep `loanword.load(...)` or
    `loanword.Bundle.untrained(...)`, and ask it.
    """
    from loanword.deploy.embedding import embedder

    found = embedder(model, device=device, precision=precision, threads=threads)
    return found.embed(texts, language=language, role=role)


def evaluate(
    bundle: Bundle | str | Path,
    *,
    test: Mapping[str, str | Path],
    columns: Mapping[str, str] | None = None,
    settings: Mapping[str, Any] | None = None,
    report_language: str = "en",
    command: str = "",
) -> TransferReport:
    """Score a bundle on the languages of `test`; nothing of it changes.

    `settings` are keys of recipe.evaluation; the report's notes are in `report_language`, "en" or "zh"; `command` is
    what was typed, for the report.
    """
    from loanword.data.gather import gather
    from loanword.deploy.bundle import Bundle
    from loanword.evaluation.evaluate import Evaluator
    from loanword.evaluation.notes import notes
    from loanword.evaluation.scores import TransferReport
    from loanword.evaluation.words import expect_language
    from loanword.provenance import circumstances
    from loanword.strategies.regime import regimes

    expect_language(report_language)
    found = bundle if isinstance(bundle, Bundle) else Bundle.load(bundle)
    if not found.task.metrics:
        raise UsageError(f"{found.describe()['task']} has nothing to be measured by; it is for prediction alone")
    plain = {key.removeprefix("evaluation."): value for key, value in (settings or {}).items()}
    chosen = config.part(config.EvaluationSettings, plain, where="settings")
    places = {"test": {tag: str(source) for tag, source in test.items()}, "columns": dict(columns or {})}
    where = config.part(config.DataSettings, places, where="test data")
    tables = gather(where, shape=found.task.columns, seed=0)["test"]
    found.tokenizer.expect_languages(tables)
    evaluator = Evaluator.of(found, chosen)
    began = time.perf_counter()
    answers = evaluator.answer(tables, evaluator.encode(tables))
    temperature = float(found.model.adjust.state_dict()["value"])
    raw = {tag: evaluator.scaled(item, 1 / temperature) for tag, item in answers.items()}
    sources, facts = found.lineage.trained_on, found.describe()
    scores = evaluator.score(answers, sources=sources, raw=raw)
    return TransferReport(
        task=facts["task"],
        model=facts["model"],
        **regimes(found.lineage, tested=tables),
        metric=found.task.metrics[0],
        seed=found.seed,
        sources=sources,
        languages=scores,
        labels=found.task.labels,
        checkpoint="as shipped",
        seconds={"train": 0.0, "evaluate": time.perf_counter() - began},
        tokens_per_second=0.0,
        **circumstances(found.hardware),
        recipe="",
        origins={tag: table.origin for tag, table in tables.items()},
        training={},
        temperature=temperature,
        command=command,
        notes=notes(tables, scores, task=found.task, tokenizer=found.tokenizer, language=report_language),
    )


def read_recipe(path: str | Path, *, overrides: tuple[str, ...] = ()) -> Recipe:
    """Read a recipe file, with ``a.b=c`` overrides."""
    return config.read(path, overrides=overrides)


def check(recipe: Recipe) -> tuple[list[Finding], Cost]:
    """Look at everything a run needs before it starts: the data's findings, and what the run will cost."""
    from loanword.cost import estimate
    from loanword.data.check import check as check_data
    from loanword.data.gather import gather
    from loanword.preflight import expect_sound
    from loanword.tasks.task import TASKS, task_of

    expect_sound(recipe)
    recipe = recipe.settled(TASKS.get(recipe.task).defaults)
    tables = gather(recipe.data, shape=task_of(recipe).columns, seed=recipe.seed)
    return check_data(tables), estimate(recipe, tables)


def _with(values: dict[str, Any], settings: Mapping[str, Any] | None) -> dict[str, Any]:
    """Put `settings`, nested or dotted, into `values`."""
    for key, value in deepcopy(dict(settings or {})).items():
        _put(values, key.split("."), value)
    return values


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        values = values.setdefault(key, {})
        if not isinstance(values, dict):
            raise ConfigError([f"{'.'.join(path)}: {key} has the value {values!r} already"], where="settings")
    if isinstance(value, Mapping) and isinstance(values.get(path[-1]), dict):
        values[path[-1]] = {**values[path[-1]], **value}
    else:
        values[path[-1]] = value
