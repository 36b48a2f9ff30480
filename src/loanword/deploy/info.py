"""loanword.json: what a bundle says of itself, checked key by key."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, Field, ValidationError, model_validator

from loanword.config import Pooling, Settings
from loanword.errors import ModelError
from loanword.strategies.regime import Lineage
from loanword.version import __version__

INFO = "loanword.json"
FORMAT_VERSION = 1
"""Rises when a key that is read changes its meaning or goes away; other keys are ignored."""


class Info(Settings):
    """What loading needs. `content` is the file as it stands, to be saved with the bundle again."""

    model_config = ConfigDict(extra="ignore")

    task: str
    task_state: dict[str, Any]
    model: str
    prefix: str
    prompts: dict[str, str] = Field(default_factory=dict)
    pooling: Pooling
    max_length: int = Field(ge=8)
    seed: int | None = None
    lineage: Lineage
    content: dict[str, Any]

    @model_validator(mode="before")
    @classmethod
    def _older(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Bundles of old tell their sources, and nothing else that a regime line needs."""
        return {"lineage": {"sources": values.get("sources", ())}, **values, "content": values}


def read(folder: Path) -> Info:
    """Read the file in `folder`; raises `ModelError` that names the file and every key that is wrong."""
    file = folder / INFO
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        version = values["format_version"]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{file} is no description of a bundle ({type(error).__name__}: {error})") from None
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise ModelError(
            f"{file} has bundle format {version}, this is loanword {__version__} and reads up to "
            f"{FORMAT_VERSION}; upgrade loanword"
        )
    try:
        return Info.model_validate(values)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors())
        raise ModelError(f"{file} was not written by loanword, or changed since: {wrong}") from None
