"""What the tasks benchmark asks of the files beside: one task on real data, for loanword and for its peers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from benchmarks.harness import DATA
from benchmarks.peers.settings import Settings
from loanword.data.read import read
from loanword.data.records import Shape, Table
from loanword.randomness import generator

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted
    from loanword.tasks.task import Prediction

Tables = dict[str, Table]
Answers = dict[str, "list[Prediction]"]


@dataclass(frozen=True)
class Rows:
    """Tables by language: what is trained on, what settings are chosen by (of the source), and what is asked at last.

    `tests` are named "set/language". The group of a test row is the cluster that intervals resample, in all languages
    at once where they say the same.
    """

    train: Tables
    dev: Tables
    tests: Tables

    def part(self, share: float) -> Rows:
        """Return the same with a share of the training rows of each language, drawn once and for all."""
        train = {tag: some(table, max(1, round(share * len(table))), "part", tag) for tag, table in self.train.items()}
        return replace(self, train=train)

    def small(self, count: int) -> Rows:
        """Return a little of everything, to try things: `count` rows of each test, ten times as many to train on."""
        dev, tests = ({tag: table[:count] for tag, table in part.items()} for part in (self.dev, self.tests))
        return replace(self.part(10 * count / sum(map(len, self.train.values()))), dev=dev, tests=tests)


class Case(ABC):
    """A task of the benchmark. What is not abstract is the usual."""

    name: str
    task: str
    metrics: tuple[str, ...]
    """Names in loanword's registry; every system is judged by the same ones, first of all by the first."""
    judge: str
    """The module of `loanword.evaluation` that they are in."""
    folders: tuple[str, ...]
    """Where the data is."""
    files: tuple[str, ...]
    """The case itself and its peer, below benchmarks/."""
    training: Mapping[str, Any] = MappingProxyType({"epochs": 3})
    """What loanword's default recipe is told beside the data: to train for as many epochs as the example."""
    shipped = Settings()
    """What the example does unless it is told otherwise."""
    tuned = Settings(batch_size=32, bf16=True, warmup=0.1, grouped=True)
    """The same with its own flags set well, but for the rate, and perhaps the batch size; as many epochs."""
    rates: tuple[float, ...] = (5e-5, 1e-4, 2e-4, 5e-4)
    """Of these the source's dev set chooses."""
    timed = 640
    """Training rows of an epoch that is timed."""
    faster = 2.0
    """Times that an epoch should be faster than tuned stock's."""
    others: tuple[str, ...] = ()
    """Systems that are measured beside: "untouched", "trivial"."""
    alone = False
    """Whether there is no stock recipe to compare with: it is measured in another case."""
    writes = False
    """Whether answers are texts, whose language is identified, too."""

    @abstractmethod
    def rows(self, seed: int) -> Rows:
        """Read what is needed; `seed` draws the training rows, where not all are taken, and nothing else."""

    @abstractmethod
    def stock(self, rows: Rows, tests: Tables, *, seed: int, settings: Settings) -> tuple[Answers, Fitted]:
        """Let the peer train on `rows.train` and answer `tests`; with none, it only trains."""

    def data(self) -> list[Path]:
        """Return the files that are read."""
        return [path for name in self.folders for path in (DATA / name).iterdir() if path.suffix != ".md"]


def found(folder: str, pattern: str, *, shape: Shape, columns: Mapping[str, str] | None = None) -> Tables:
    """Read the files of `folder` that `pattern` names, packed or not, by their language: what stands for the star."""
    before, after = pattern.split("*")
    paths = sorted([*(DATA / folder).glob(pattern), *(DATA / folder).glob(f"{pattern}.gz")])
    tables = {}
    for path in paths:
        tag = path.name.removeprefix(before).removesuffix(".gz").removesuffix(after)
        tables[tag] = one(folder, path.name, language=tag, shape=shape, columns=columns)
    return tables


def one(folder: str, name: str, *, language: str, shape: Shape, columns: Mapping[str, str] | None = None) -> Table:
    """Read one file of the benchmark's data."""
    return read(DATA / folder / name, language=language, shape=shape, columns=columns)


def some(table: Table, count: int, *names: str | int) -> Table:
    """Return `count` rows of `table` in their order, drawn by `names`; all, if there are no more."""
    if len(table) <= count:
        return table
    return table.select(sorted(generator(0, "tasks", *names).choice(len(table), count, replace=False)))


def some_groups(tables: Tables, count: int, *names: str | int) -> Tables:
    """Return the rows of `count` groups, drawn by `names`: the same groups of every table."""
    groups = sorted({group for table in tables.values() for group in table.group})
    kept = {groups[place] for place in generator(0, "tasks", *names).permutation(len(groups))[:count]}
    return {
        tag: table.select(row for row, group in enumerate(table.group) if group in kept)
        for tag, table in tables.items()
    }


def grouped(table: Table, groups: Iterable[str]) -> Table:
    """Return `table` with other groups."""
    return replace(table, group=list(groups))


def joined(tables: Tables) -> tuple[list[Any], list[tuple[str, int]]]:
    """Return the records of all `tables` in a row, and where those of each end."""
    records = [record for table in tables.values() for record in table]
    return records, [(name, len(table)) for name, table in tables.items()]


def parted(answers: Sequence[Any], sizes: Sequence[tuple[str, int]]) -> dict[str, list[Any]]:
    """Undo `joined` on what was answered."""
    found, start = {}, 0
    for name, size in sizes:
        found[name] = list(answers[start : start + size])
        start += size
    return found
