"""Stage 1, the first arrow: text -> Record.

A `Shape` says which columns a kind of task needs; a data set is a column map onto a shape, never a class of
its own. A `Table` keeps the columns as plain lists; a `Record` is the typed view of one row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

if TYPE_CHECKING:
    from loanword.data.columns import Cells, Source

ROW = ("id", "language", "group")
"""Columns that any shape may have. `group` marks rows that belong together (paraphrases, one document)."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Part of a text, from `start` up to but without `end`, in code points, and what it is called."""

    start: int
    end: int
    label: str = ""


Label = str | float | tuple[str, ...] | tuple[Span, ...]
"""What is to be said of a text: a class, a number, several classes, spans of it, or another text."""


def spans_of(label: Label | None) -> list[Span]:
    """Return the spans that a label is made of; none of a label of another kind."""
    return [one for one in label if isinstance(one, Span)] if isinstance(label, tuple) else []


def names_of(label: Label | None) -> tuple[str, ...] | None:
    """Return the classes that a label names, one or several or none; None for what is no label of that kind."""
    if isinstance(label, str):
        return (label,)
    if isinstance(label, tuple):
        names = tuple(name for name in label if isinstance(name, str))
        return names if len(names) == len(label) else None
    return None


@dataclass(frozen=True, slots=True)
class Filled:
    """The columns of a table that differ between shapes: texts, second texts or none, labels or none.

    `group` is what makes rows depend on one another where the source does not say it.
    """

    text: list[str]
    pair: list[str] = field(default_factory=list)
    label: list[Label | None] = field(default_factory=list)
    group: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a kind of data: what prediction needs (`inputs`) and what says what is right (`label`).

    `others` are different columns that do as well, as (inputs, label); those that a source has are taken. `also` may be
    there. `known_as` are names that a column has in many data sets, for each of ours. `fill` makes the columns of a
    table. `formats` are file formats that only this kind of data has, by extension: ``parse(text, wanted=...,
    findings=...)``; `documents` are those without columns to map, which say themselves how they are encoded and in
    which languages they are: ``parse(data, language=..., labelled=..., findings=...)``. `second` says whether a record
    has a second text before it is predicted, `classes` that labels are names of classes.
    """

    name: str
    inputs: tuple[str, ...]
    label: str
    fill: Callable[[Source], Filled] = field(repr=False, compare=False)
    others: tuple[tuple[tuple[str, ...], str], ...] = ()
    known_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    formats: Mapping[str, Callable[..., Cells]] = field(default_factory=dict, repr=False, compare=False)
    documents: Mapping[str, Callable[..., Cells]] = field(default_factory=dict, repr=False, compare=False)
    also: tuple[str, ...] = ()
    second: Literal["", "needed", "allowed"] = ""
    classes: bool = False
    labelled: bool = True

    @property
    def ways(self) -> list[tuple[str, ...]]:
        """The sets of columns of which a source must have one, the usual one first."""
        ways = [(self.inputs, self.label), *self.others]
        return [(*inputs, label) if self.labelled else inputs for inputs, label in ways]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns that a source may have."""
        ways = [(self.inputs, self.label), *self.others]
        return tuple(dict.fromkeys([*(name for inputs, label in ways for name in (*inputs, label)), *self.also, *ROW]))

    @property
    def unlabelled(self) -> Shape:
        """The same shape where labels may be absent: what prediction reads."""
        return replace(self, labelled=False)


@dataclass(frozen=True, slots=True)
class Record:
    """One row: a text in a language, perhaps with a second text (`pair`) and a label.

    `language` is a canonical BCP-47 tag, `pair_language` that of the second text, "" if it is the same. `id` is equal
    for translations of one another; `group` is equal for rows that are not independent (intervals resample whole
    groups). `line` is the 1-based line in the file it came from.
    """

    text: str
    language: str
    label: Label | None = None
    pair: str = ""
    pair_language: str = ""
    id: str = ""
    group: str = ""
    line: int = 0

    @property
    def languages(self) -> tuple[str, str]:
        """The languages of both texts."""
        return self.language, self.pair_language or self.language


@dataclass(frozen=True)
class Table(Sequence[Record]):
    """Rows of one language from one place, kept as columns.

    `pair_language` is that of the second texts, "" if it is the same. `origin` names the file or data set for messages;
    `left_out` counts what stands there beside the rows, by the reason why it is none of them. Slicing and `select`
    return tables.
    """

    language: str
    text: list[str]
    label: Sequence[Label | None]
    id: list[str] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    line: list[int] = field(default_factory=list)
    origin: str = "memory"
    pair: list[str] = field(default_factory=list)
    pair_language: str = ""
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill absent optional columns with neutral values."""
        count = len(self.text)
        for name, neutral in (("pair", ""), ("id", ""), ("group", ""), ("line", 0)):
            if not getattr(self, name):
                object.__setattr__(self, name, [neutral] * count)

    @cached_property
    def classes(self) -> list[str | None]:
        """The labels as names of classes; a label that is none, but says something, is ""."""
        return [label if label is None or isinstance(label, str) else "" for label in self.label]

    @cached_property
    def named(self) -> list[tuple[str, ...]]:
        """The classes that the label of each row names: one, several, or none."""
        return [names_of(label) or () for label in self.label]

    @cached_property
    def inputs(self) -> list[str]:
        """What a model is given of each row, as one string."""
        return [f"{text}\n{pair}" if pair else text for text, pair in zip(self.text, self.pair, strict=True)]

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.text)

    @overload
    def __getitem__(self, index: int) -> Record: ...

    @overload
    def __getitem__(self, index: slice) -> Table: ...

    def __getitem__(self, index: int | slice) -> Record | Table:
        """Return row `index` as a record, or the rows of a slice as a table."""
        if isinstance(index, slice):
            return self.select(range(len(self))[index])
        return Record(
            text=self.text[index],
            language=self.language,
            label=self.label[index],
            pair=self.pair[index],
            pair_language=self.pair_language,
            id=self.id[index],
            group=self.group[index],
            line=self.line[index],
        )

    def __iter__(self) -> Iterator[Record]:
        """Walk the rows as records."""
        return (self[index] for index in range(len(self)))

    def select(self, indices: Iterable[int]) -> Table:
        """Return the rows at `indices`, in that order."""
        chosen = list(indices)
        names = ("text", "label", "pair", "id", "group", "line")
        columns: dict[str, Any] = {name: [getattr(self, name)[i] for i in chosen] for name in names}
        return replace(self, **columns)


def told(left_out: Mapping[str, int]) -> str:
    """Say how much of a source is not among its rows, and why; nothing of nothing."""
    reasons = ", ".join(f"{count:,} {why}" for why, count in left_out.items())
    count = sum(left_out.values())
    return f"{count:,} {'entry is' if count == 1 else 'entries are'} left out ({reasons})" if count else ""
