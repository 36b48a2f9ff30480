"""Stage 1, the first arrow: text -> Record.

A `Shape` says which columns a kind of task needs; a data set is a column map onto a shape, never a class of
its own. A `Table` keeps the columns as plain lists; a `Record` is the typed view of one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import overload


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a task shape: what must be there and what may be."""

    name: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Required columns first, then the optional ones."""
        return self.required + self.optional


LABELLED_TEXT = Shape("labelled text", required=("text", "label"), optional=("id", "language", "group"))
"""One text with one label. `group` marks rows that belong together (paraphrases, one document)."""

PLAIN_TEXT = Shape("plain text", required=("text",), optional=("id", "language", "label", "group"))
"""One text; what prediction reads."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row: a text in a language, perhaps with a label.

    `language` is a canonical BCP-47 tag. `id` is equal for translations of one another; `group` is equal for rows
    that are not independent (intervals resample whole groups). `line` is the 1-based line in the file it came from.
    """

    text: str
    language: str
    label: str | None = None
    id: str = ""
    group: str = ""
    line: int = 0


@dataclass(frozen=True)
class Table(Sequence[Record]):
    """Rows of one language from one place, kept as columns.

    `origin` names the file or data set for messages. Slicing and `select` return tables.
    """

    language: str
    text: list[str]
    label: list[str | None]
    id: list[str] = field(default_factory=list)
    group: list[str] = field(default_factory=list)
    line: list[int] = field(default_factory=list)
    origin: str = "memory"

    def __post_init__(self) -> None:
        """Fill absent optional columns with neutral values."""
        count = len(self.text)
        for name, neutral in (("id", ""), ("group", ""), ("line", 0)):
            if not getattr(self, name):
                object.__setattr__(self, name, [neutral] * count)

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
        return replace(
            self,
            text=[self.text[i] for i in chosen],
            label=[self.label[i] for i in chosen],
            id=[self.id[i] for i in chosen],
            group=[self.group[i] for i in chosen],
            line=[self.line[i] for i in chosen],
        )
