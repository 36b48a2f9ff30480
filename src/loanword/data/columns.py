"""Which column of a source is which column of the shape, and the cells that a format's reader hands over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from loanword.data.codes import Findings, shown
from loanword.data.records import Shape
from loanword.errors import UsageError


@dataclass(frozen=True, slots=True)
class Foreign:
    """Stands for a value of a type that is of no use here; `kind` names the type."""

    kind: str


@dataclass(frozen=True, slots=True)
class Cells:
    """What a format's reader hands over: the wanted columns, row by row, unchecked; None is an absent cell.

    `inner` holds the line of each token of a row, where tokens have lines of their own. `left_out` counts what the
    source has beside its rows, by the reason why it is none of them.
    """

    columns: tuple[str, ...]
    lines: list[int] = field(default_factory=list)
    values: dict[str, list[object]] = field(default_factory=dict)
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    inner: Sequence[Sequence[int]] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Source:
    """All that a shape needs to fill a table: the cells, which column is which, and where to note what is wrong.

    `language` is that of the texts; `labelled` says that every row must have a label.
    """

    cells: Cells
    names: Mapping[str, str]
    findings: Findings
    language: str
    labelled: bool

    def column(self, name: str) -> Iterator[tuple[int, object]]:
        """Walk through a column of the shape: the line of each row, and the cell; nothing if it is not there."""
        return zip(self.cells.lines, self.cells.values.get(self.names[name], []), strict=False)

    def rows(self, *names: str) -> Iterator[tuple[Any, ...]]:
        """Walk through columns of the shape together: the line of each row, and its cells, None where there is none."""
        absent = [None] * len(self.cells.lines)
        found = [self.cells.values.get(self.names[name], absent) for name in names]
        return zip(self.cells.lines, *found, strict=True)

    def note(self, code: str, name: str, line: int, *, cause: str, fix: str) -> None:
        """Note what is wrong with the cell of a column of the shape at `line`."""
        self.findings.add(code, cause=cause, fix=fix, line=line, column=self.names[name])


def wanted_columns(shape: Shape, columns: Mapping[str, str] | None) -> set[str]:
    """Return the names of all columns of a source that may be of use."""
    given = _expected(shape, columns)
    names = {name: (given[name],) if name in given else (name, *shape.known_as.get(name, ())) for name in shape.columns}
    return {column for candidates in names.values() for column in candidates}


def name_columns(shape: Shape, columns: Mapping[str, str] | None, *, there: Sequence[str] = ()) -> dict[str, str]:
    """Return the source's column for each column of `shape`.

    Where `columns` does not say it, it is the one of that name, or, of the columns that are `there`, the first of a
    name that such a column often has.

    Raises:
        UsageError: `columns` maps a column that `shape` does not have.
    """
    given = _expected(shape, columns)
    return {
        name: given.get(name)
        or next((column for column in (name, *shape.known_as.get(name, ())) if column in there), name)
        for name in shape.columns
    }


def expect_columns(cells: Cells, *, shape: Shape, columns: Mapping[str, str] | None, findings: Findings) -> None:
    """Note the columns that `shape` requires or `columns` names and that are not there; no columns, no finding."""
    names = name_columns(shape, columns, there=cells.columns)
    lacking = [[name for name in way if names[name] not in cells.columns] for way in shape.ways]
    needed = {*min(lacking, key=len), *(name for name in columns or {} if names[name] not in cells.columns)}
    for name in [name for name in shape.columns if cells.columns and name in needed]:
        findings.add(
            "LW112",
            cause=f"there is no column {shown(names[name])} for {name}{near(names[name], cells.columns)}",
            fix=f'say which column holds it: --column {name}=NAME, or columns={{"{name}": "NAME"}} in Python',
            column=names[name],
        )


def expect_column(column: str, there: Sequence[str], findings: Findings, *, line: int = 0, stop: bool = True) -> None:
    """Note that the one `column` that is needed is not `there`, if so; with `stop`, raise."""
    if column in there:
        return
    note = findings.stop if stop else findings.add
    cause = f"there is no column {shown(column)}{near(column, there)}"
    fix = "say which column holds the text: --set corpus.column=NAME, for corpus clean --column NAME"
    note("LW112", cause=cause, fix=fix, line=line, column=column)


def near(name: str, known: Sequence[str]) -> str:
    """Say which names there are, the likely one first: part of a sentence that starts with the unknown one."""
    folded = {other.strip().casefold(): other for other in known}
    near = get_close_matches(name.strip().casefold(), folded, n=1)
    hint = f" (did you mean {shown(folded[near[0]])}?)" if near else ""
    listed = ", ".join(shown(other) for other in known[:12]) or "none"
    rest = f" and {len(known) - 12} more" if len(known) > 12 else ""
    return f"{hint}; there are: {listed}{rest}"


def _expected(shape: Shape, columns: Mapping[str, str] | None) -> dict[str, str]:
    given = dict(columns or {})
    for name in given:
        if name not in shape.columns:
            raise UsageError(f"{shape.name} has no column {shown(name)}{near(name, shape.columns)}")
    return given
