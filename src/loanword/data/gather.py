"""Read all tables of a run in one go: every problem of every file is told at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from loanword.data.codes import shown
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
    of dev). Where no dev data is given, a share of the training rows becomes dev, whole families at a time
    (`families`), and none does where training would lose a label by it. Raises one `DataError` for all that is wrong
    with any file, also where all training rows have one label.
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
    if "label" in shape.required and not problems:
        problems = _without_choice(found["train"])
    if problems:
        raise DataError(problems)
    if not found["dev"] and settings.dev_fraction:
        found["train"], found["dev"] = _hold_out(found["train"], share=settings.dev_fraction, seed=seed)
    return found


def families(tables: Mapping[str, Table]) -> list[str]:
    """Return, for every row of all `tables` in order, the name of what must stay together with it.

    Rows of one group, rows with one id (translations) and copies of one text belong together, in all languages.
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(key: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    rows = [record for table in tables.values() for record in table]
    for record in rows:
        for kind, value in (("group", record.group), ("id", record.id)):
            if value:
                parent[root((kind, value))] = root(("text", record.text))
    return ["\0".join(root(("text", record.text))) for record in rows]


def _without_choice(train: Tables) -> list[Problem]:
    """Say of each table that there is nothing to tell apart, if all of them together have one label or none."""
    labels = {label for table in train.values() for label in table.label if label is not None}
    if len(labels) > 1:
        return []
    seen = f"the label {shown(*labels)} only" if labels else "no label"
    fix = "Add rows of at least one other label, or check which column holds the labels"
    return [Problem("LW305", table.origin, 0, f"the training data has {seen}", fix) for table in train.values()]


def _hold_out(train: Tables, *, share: float, seed: int) -> tuple[Tables, Tables]:
    """Split all sources together, so that no translation of a dev row is trained on; all or nothing."""
    rows = [(tag, row) for tag, table in train.items() for row in range(len(table))]
    together = Table(
        language="mul",
        text=[train[tag].text[row] for tag, row in rows],
        label=[f"{tag}\0{train[tag].label[row]}" for tag, row in rows],
        id=[str(number) for number in range(len(rows))],
        group=families(train),
    )
    if len(set(together.group)) < 2:
        return train, {}
    parts = split_by_group(together, fractions=[1 - share, share], seed=seed)
    kept: dict[str, list[int]] = {tag: [] for tag in train}
    held: dict[str, list[int]] = {tag: [] for tag in train}
    for part, chosen in zip(parts, (kept, held), strict=True):
        for number in part.id:
            tag, row = rows[int(number)]
            chosen[tag].append(row)
    remaining = {tag: train[tag].select(sorted(kept[tag])) for tag in train}
    if any(set(remaining[tag].label) != set(train[tag].label) for tag in train):
        return train, {}
    return remaining, {tag: train[tag].select(sorted(held[tag])) for tag in train if held[tag]}


def _split_of(source: str, split: str) -> str | None:
    """The split to ask `source` for; None where it says so itself, as a file does."""
    if source.startswith("builtin:"):
        return split
    if source.startswith("hub:") and "@" not in source:
        return "validation" if split == "dev" else split
    return None
