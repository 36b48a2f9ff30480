"""What leaves this machine names data and models, never the folders that they were in, and quotes no text."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path, PureWindowsPath

from loanword import config
from loanword.deploy.output import INSIDE
from loanword.errors import ConfigError
from loanword.evaluation.scores import Scores, TransferReport

NAMED = ("hub:", "builtin:", "bundled:")


def portable(report: TransferReport) -> TransferReport:
    """Return `report` as it may be published: base names for paths, no command line, no example texts."""
    return replace(
        report,
        model=model_name(report.model),
        origins={tag: base_name(origin) for tag, origin in report.origins.items()},
        languages={tag: _without_examples(scores) for tag, scores in report.languages.items()},
        recipe=_recipe(report.recipe),
        command="",
    )


def base_name(source: str) -> str:
    """Name a data source: a file by its base name, anything else as it is."""
    return source if source.startswith(NAMED) else PureWindowsPath(source).name or "unnamed"


def model_name(model: str) -> str:
    """Name a model: a Hub id or bundled name as it is, a folder by its base name, a run's bundle by the run's."""
    if is_hub_id(model):
        return model
    run = PureWindowsPath(model).parent.name
    return run if run and base_name(model) == INSIDE else base_name(model)


def is_hub_id(model: str) -> bool:
    """Whether `model` is of the form ``org/name`` and no folder here."""
    return re.fullmatch(r"[\w-][\w.-]*/[\w.-]+", model) is not None and not Path(model).is_dir()


def _recipe(text: str) -> str:
    try:
        recipe = config.build(tomllib.loads(text))
    except (ConfigError, tomllib.TOMLDecodeError):
        return ""  # It would repeat nothing; and a trained model is not to be lost over it.
    data = {
        part: {tag: base_name(source) for tag, source in getattr(recipe.data, part).items()}
        for part in ("train", "dev", "test")
    }
    changes = {"model": model_name(recipe.model), "out": None, "data": recipe.data.model_copy(update=data)}
    return recipe.model_copy(update=changes).to_toml()


def _without_examples(scores: Scores) -> Scores:
    return replace(scores, confusions=tuple(replace(item, examples=()) for item in scores.confusions))
