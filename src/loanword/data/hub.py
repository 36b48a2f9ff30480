"""Data sets of the Hugging Face Hub, through `datasets`, which only this module imports.

A reference is ``hub:org/name``, ``hub:org/name:configuration``, ``hub:org/name@split`` or all of it.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from types import ModuleType
from typing import Any

from loanword.data.codes import Findings
from loanword.data.columns import Cells
from loanword.errors import MissingExtra, UsageError

REFERENCE = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[^:@\s]+))?(?:@(?P<split>\S+))?")


def parse(reference: str, *, split: str | None, wanted: Collection[str], findings: Findings) -> Cells:
    """Return the `wanted` columns of the data set `reference` (without ``hub:``).

    Raises:
        UsageError: the reference is malformed, names another split than `split`, or names none of several.
        DataError: the data set cannot be had; the message says how to get it.
    """
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise UsageError(f"'hub:{reference}' is not of the form hub:org/name[:configuration][@split]")
    name, config, named = match.group("name", "config", "split")
    if split and named and split != named:
        raise UsageError(f"'hub:{reference}' asks for the split {named}, split={split} for another; give one of them")
    dataset = _load(name, config, split or named, findings)
    if isinstance(dataset, dict):
        if len(dataset) != 1:
            raise UsageError(f"'hub:{reference}' has several splits ({', '.join(dataset)}); add one, like @train")
        (dataset,) = dataset.values()
    features = dataset.features or {}
    classes = {column: getattr(features.get(column), "names", None) for column in dataset.column_names}
    return Cells(
        columns=tuple(dataset.column_names),
        lines=list(range(1, len(dataset) + 1)),
        values={column: list(dataset[column]) for column in dataset.column_names if column in wanted},
        class_names={column: names for column, names in classes.items() if names},
    )


def _load(name: str, config: str | None, split: str | None, findings: Findings) -> Any:
    datasets = _library()
    try:
        return datasets.load_dataset(name, config, split=split)
    # What is raised depends on the versions of half a dozen libraries; the built-in bases are what lasts.
    except (ValueError, FileNotFoundError) as error:
        findings.stop(
            "LW118",
            cause=f"the Hub data set {name} cannot be had as asked: {_first_sentence(error)}",
            fix="check name, configuration and split on the data set's page; log in if access is restricted",
        )
    except Exception as error:
        findings.stop(
            "LW117",
            cause=f"the Hub data set {name} cannot be fetched and is not in the local cache: {_first_sentence(error)}",
            fix="connect this machine, set HF_ENDPOINT to a mirror that it reaches, or read a downloaded parquet file",
        )


def _library() -> ModuleType:
    try:
        import datasets
    except ImportError:
        raise MissingExtra("hub", "datasets", "reading from the Hub") from None
    return datasets  # type: ignore[no-any-return, unused-ignore]


def _first_sentence(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0].rstrip('.')}" if lines else type(error).__name__
