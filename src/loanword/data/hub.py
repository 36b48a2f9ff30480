"""Data sets of the Hugging Face Hub, through `datasets`, which only this module imports.

A reference is ``hub:org/name``, ``hub:org/name:configuration``, ``hub:org/name@split`` or all of it. Where the Hub
does not answer in time, the local cache is read.
"""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import count
from types import ModuleType
from typing import Any, NoReturn

from loanword.data.codes import Findings, plain
from loanword.data.columns import Cells, expect_column
from loanword.errors import MissingExtra, UsageError, in_short
from loanword.hub import ask_hub, quiet_hub

REFERENCE = re.compile(r"(?P<name>[\w.-]+(?:/[\w.-]+)?)(?::(?P<config>[^:@\s]+))?(?:@(?P<split>\S+))?")


def parse(reference: str, *, split: str | None, wanted: Collection[str], findings: Findings) -> Cells:
    """Return the `wanted` columns of the data set `reference` (without ``hub:``).

    Raises:
        UsageError: the reference is malformed, names another split than `split`, or names none of several.
        DataError: the data set cannot be had; the message says how to get it.
    """
    name, config, named = expect_reference(reference)
    if split and named and split != named:
        raise UsageError(f"'hub:{reference}' asks for the split {named}, split={split} for another; give one of them")
    dataset = _single(_load(name, config, split or named, findings), reference)
    features = {column: (dataset.features or {}).get(column) for column in dataset.column_names}
    items = {column: getattr(feature, "feature", feature) for column, feature in features.items()}  # Those of lists.
    classes = {column: getattr(item, "names", None) for column, item in items.items()}
    return Cells(
        columns=tuple(dataset.column_names),
        lines=list(range(1, len(dataset) + 1)),
        values={column: list(dataset[column]) for column in dataset.column_names if column in wanted},
        class_names={column: names for column, names in classes.items() if names},
    )


def stream(reference: str, column: str, findings: Findings) -> Iterator[tuple[int, object]]:
    """Yield row by row what the data set `reference` has in `column`, as the Hub sends it: nothing is kept on disk.

    Raises as `parse` does; also when the Hub is lost on the way.
    """
    name, config, split = expect_reference(reference)
    dataset = _single(_load(name, config, split, findings, streaming=True), reference)
    if dataset.column_names is not None:
        expect_column(column, dataset.column_names, findings)
        dataset = dataset.select_columns([column])  # Images and sounds beside it are not fetched.
    rows = iter(dataset)
    for number in count(1):
        try:
            row = next(rows, None)
        except Exception as error:  # Of whatever library is on the way.
            _unreachable(findings, f"the Hub was lost at row {number:,}: {in_short(error)}")
        if row is None:
            return
        expect_column(column, tuple(row), findings, line=number)
        yield number, row[column]


def expect_reference(reference: str) -> tuple[str, str | None, str | None]:
    """Return name, configuration and split of a `reference` (without ``hub:``); raise `UsageError` if it is none."""
    match = REFERENCE.fullmatch(reference)
    if match is None:
        raise UsageError(f"'hub:{reference}' is not of the form hub:org/name[:configuration][@split]")
    name, config, split = match.group("name", "config", "split")
    return name, config, split


def _single(dataset: Any, reference: str) -> Any:
    """Return the split that was asked for, or the only one."""
    if not isinstance(dataset, dict):
        return dataset
    if len(dataset) != 1:
        raise UsageError(
            f"'hub:{reference}' has several splits ({', '.join(map(plain, dataset))}); add one, like @train"
        )
    return next(iter(dataset.values()))


def _load(name: str, config: str | None, split: str | None, findings: Findings, *, streaming: bool = False) -> Any:
    datasets = _library()
    reply = ask_hub(name, kind="dataset")
    if reply.status == "absent":
        findings.stop(
            "LW118",
            cause=f"the Hub has no data set {name} that you may read",
            fix="check the spelling; log in with `hf auth login` if access is restricted",
        )
    offline = reply.status == "unreachable"
    try:
        with _quiet(datasets, offline=offline):
            more = {"streaming": True} if streaming else {}
            return datasets.load_dataset(name, config, split=split, **more)
    # What is raised depends on the versions of half a dozen libraries; the built-in bases are what lasts.
    except Exception as error:
        if offline:
            # The library's own words for a missing copy are about a switch that nobody turned.
            absent = isinstance(error, ConnectionError | FileNotFoundError)
            cache = "has no copy" if absent else f"does not have it as asked: {in_short(error)}"
            _unreachable(findings, f"the Hub cannot be asked for {name} ({reply.reason}), and the local cache {cache}")
        if not isinstance(error, ValueError | FileNotFoundError):
            _unreachable(findings, f"the Hub data set {name} cannot be fetched: {in_short(error)}")
        findings.stop(
            "LW118",
            cause=f"the Hub data set {name} cannot be had as asked: {in_short(error)}",
            fix="check name, configuration and split on the data set's page; log in if access is restricted",
        )


def _unreachable(findings: Findings, cause: str) -> NoReturn:
    fix = "connect this machine, set HF_ENDPOINT to a mirror that it reaches, or read a downloaded parquet file"
    findings.stop("LW117", cause=cause, fix=fix)


@contextmanager
def _quiet(datasets: ModuleType, *, offline: bool) -> Iterator[None]:
    """Keep the libraries off the terminal; have them look into the cache alone if `offline`."""
    log, before = logging.getLogger("datasets"), datasets.config.HF_HUB_OFFLINE
    level, silent = log.level, datasets.are_progress_bars_disabled()
    log.setLevel(logging.CRITICAL)
    datasets.disable_progress_bars()
    datasets.config.HF_HUB_OFFLINE = before or offline
    try:
        with quiet_hub(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        datasets.config.HF_HUB_OFFLINE = before
        log.setLevel(level)
        if not silent:
            datasets.enable_progress_bars()


def _library() -> ModuleType:
    try:
        import datasets
    except ImportError:
        raise MissingExtra("hub", "datasets", "reading from the Hub") from None
    return datasets  # type: ignore[no-any-return, unused-ignore]
