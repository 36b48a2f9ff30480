"""Read all tables of a run in one go: every problem of every file is told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from loanword.data.read import read
from loanword.data.records import Shape, Table
from loanword.data.split import split_by_group
from loanword.errors import DataError, Problem

if TYPE_CHECKING:
    from loanword.config import DataSettings

Tables = dict[str, Table]


def gather(
    settings: DataSettings, *, shape: Shape, seed: int, tables: Mapping[str, Tables] | None = None
) -> dict[str, Tables]:
    """Return {"train", "dev", "test"} -> language -> table; `tables` are taken as they are, and nothing is read.

    A ``hub:`` or ``builtin:`` source that names no split means the one of its place ("validation" is the Hub's name
    of dev). Where no dev data is given, a share of the training rows becomes dev, whole groups at a time; a table
    stays whole where training would lose a label by it. Raises one `DataError` for all that is wrong with any file.
    """
    problems: list[Problem] = []
    found: dict[str, Tables] = {}
    for split in ("train", "dev", "test"):
        sources: Mapping[str, str] = getattr(settings, split) if tables is None else {}
        found[split] = dict((tables or {}).get(split, {}))
        for tag, source in sources.items():
            try:
                found[split][tag] = read(
                    source, language=tag, shape=shape, columns=settings.columns, split=_split_of(source, split)
                )
            except DataError as error:
                problems += error.problems
    if problems:
        raise DataError(problems)
    if not found["dev"] and settings.dev_fraction:
        for tag, table in found["train"].items():
            together = replace(table, group=_with_copies(table))
            if len(set(together.group)) < 2:
                continue
            kept, held = split_by_group(
                together, fractions=[1 - settings.dev_fraction, settings.dev_fraction], seed=seed
            )
            if len(held) and set(kept.label) == set(table.label):
                found["train"][tag], found["dev"][tag] = kept, held
    return found


def _with_copies(table: Table) -> list[str]:
    """Return the groups, where a text that occurs again outside any group is one: a copy in dev would be a leak."""
    counts = Counter(table.text)
    first = {text: f"copies of row {row + 1}" for row, text in reversed(list(enumerate(table.text)))}
    return [
        group or (first[text] if counts[text] > 1 else f"row {row + 1}")
        for row, (text, group) in enumerate(zip(table.text, table.group, strict=True))
    ]


def _split_of(source: str, split: str) -> str | None:
    """The split to ask `source` for; None where it says so itself, as a file does."""
    if source.startswith("builtin:"):
        return split
    if source.startswith("hub:") and "@" not in source:
        return "validation" if split == "dev" else split
    return None
