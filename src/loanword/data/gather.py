"""Read all tables of a run in one go: every problem of every file is told at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from loanword.data.codes import plain, raise_all, shown
from loanword.data.families import families
from loanword.data.read import read, split_of
from loanword.data.records import Shape, Table, names_of, told
from loanword.data.split import split_by_group
from loanword.errors import DataError, Problem, UsageError
from loanword.randomness import generator

if TYPE_CHECKING:
    from loanword.config import DataSettings

Tables = dict[str, Table]

NEAR = 0.9
"""Part of the share asked for that a development set must have not to be filled up."""


def gather(
    settings: DataSettings,
    *,
    shape: Shape,
    seed: int,
    tables: Mapping[str, Tables] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> dict[str, Tables]:
    """Return {"train", "dev", "test"} -> language -> table; `tables` are taken as they are, and nothing is read.

    A ``hub:`` or ``builtin:`` source that names no split means the one of its place (`split_of`). Where no dev data is
    given, a share of the training rows becomes dev: whole families at a time (`families`), and never the last ones
    that training has of a label in a language. `tell` is called with a line for each source of which something is left
    out.

    Raises:
        DataError: all that is wrong with any file, also where all training rows have one label.
        ConfigError: some source cannot be asked for as it is written; the problems of the others follow.
    """
    problems: list[Problem] = []
    wrong: list[str] = []
    places = [*settings.train.values(), *settings.dev.values(), *settings.test.values()]
    mixed = not all(source.startswith("builtin:") for source in places)  # Then the column map is that of the others.
    found: dict[str, Tables] = {}
    for split in ("train", "dev", "test"):
        sources: Mapping[str, str] = getattr(settings, split) if tables is None else {}
        found[split] = dict((tables or {}).get(split, {}))
        for tag, source in sources.items():
            columns = {} if source.startswith("builtin:") and mixed else settings.columns
            try:
                found[split][tag] = read(
                    source, language=tag, shape=shape, columns=columns, split=split_of(source, split)
                )
            except DataError as error:
                problems += error.problems
            except UsageError as error:
                wrong.append(str(error))
            else:
                if found[split][tag].left_out:
                    tell(f"{split} {tag} ({plain(source)}): {told(found[split][tag].left_out)}")
        problems += [
            Problem("LW111", table.origin, 0, "there are no rows", f"Leave {tag} out, or give rows of it")
            for tag, table in (tables or {}).get(split, {}).items()
            if not len(table)
        ]
    raise_all(wrong, problems)
    if shape.labelled and shape.classes:
        raise_all([], _without_choice(found["train"]))
    if not found["dev"] and settings.dev_fraction:
        found["train"], found["dev"] = _hold_out(found["train"], share=settings.dev_fraction, seed=seed)
    return found


def _without_choice(train: Tables) -> list[Problem]:
    """Say of each table that there is nothing to tell apart, if all rows of all of them are labelled alike."""
    labels = {label for table in train.values() for label in table.label if label is not None}
    if len(labels) > 1:
        return []
    names = [name for label in labels for name in names_of(label) or ()]
    seen = f"the label {' and '.join(map(shown, names))} only" if names else "no label"
    fix = "Add rows of at least one other label, or check which column holds the labels"
    return [Problem("LW305", table.origin, 0, f"the training data has {seen}", fix) for table in train.values()]


def _hold_out(train: Tables, *, share: float, seed: int) -> tuple[Tables, Tables]:
    """Split all sources together, so that no translation of a dev row is trained on, and training keeps every label."""
    rows = [(tag, row) for tag, table in train.items() for row in range(len(table))]
    together = Table(
        language="mul",
        text=[train[tag].text[row] for tag, row in rows],
        label=[
            tuple(f"{tag}\0{name}" for name in named or ("",)) for tag, table in train.items() for named in table.named
        ],
        id=[str(number) for number in range(len(rows))],
        group=families(train),
    )
    if len(set(together.group)) < 2:
        return train, {}
    _, dev = split_by_group(together, fractions=[1 - share, share], seed=seed)
    names = _with_every_label(together, set(dev.group), share=share, seed=seed)
    kept: dict[str, list[int]] = {tag: [] for tag in train}
    held: dict[str, list[int]] = {tag: [] for tag in train}
    for (tag, row), name in zip(rows, together.group, strict=True):
        (held if name in names else kept)[tag].append(row)
    if not any(held.values()):
        return train, {}
    remaining = {tag: train[tag].select(kept[tag]) for tag in train}
    return remaining, {tag: train[tag].select(held[tag]) for tag in train if held[tag]}


def _with_every_label(table: Table, held: set[str], *, share: float, seed: int) -> set[str]:
    """Change which groups are `held` out so that each label of `table` stays with the rest, too.

    The groups that the rest needs go back: of those with most of the lost labels the smallest. If what is left is
    far less than the `share` of the rows, groups that the rest does not need follow, in a random order.
    """
    labels: dict[str, Counter[str]] = {}
    kept: Counter[str] = Counter()
    sizes = Counter(table.group)
    for name, named in zip(table.group, table.named, strict=True):
        labels.setdefault(name, Counter()).update(named)
        kept.update(dict.fromkeys(named, int(name not in held)))
    held = set(held)
    while lost := {label for label, count in kept.items() if not count}:
        back = min(
            (name for name in labels if name in held and lost & set(labels[name])),
            key=lambda name: (-len(lost & set(labels[name])), sizes[name]),
        )
        held.remove(back)
        kept.update(labels[back])
    short = share * len(table) - sum(sizes[name] for name in held)
    order = list(labels) if short > (1 - NEAR) * share * len(table) else []
    for place in generator(seed, "hold out").permutation(len(order)):
        name, found = order[place], labels[order[place]]
        if name not in held and sizes[name] < 2 * short and all(kept[label] > found[label] for label in found):
            held.add(name)
            kept.subtract(found)
            short -= sizes[name]
    return held
