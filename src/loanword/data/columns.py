"""Which column of a source is which column of the shape, and the cells that a format's reader hands over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from loanword.data.codes import Findings, shown
from loanword.data.records import Shape
from loanword.errors import UsageError


@dataclass(frozen=True, slots=True)
class Foreign:
    """Stands for a value of a type that is of no use here; `kind` names the type."""

    kind: str


@dataclass(frozen=True, slots=True)
class Cells:
    """What a format's reader hands over: the wanted columns, row by row, unchecked; None is an absent cell."""

    columns: tuple[str, ...]
    lines: list[int] = field(default_factory=list)
    values: dict[str, list[object]] = field(default_factory=dict)
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)


def name_columns(shape: Shape, columns: Mapping[str, str] | None) -> dict[str, str]:
    """Return the file's column for each column of `shape`, by name where `columns` does not say.

    Raises:
        UsageError: `columns` maps a column that `shape` does not have.
    """
    given = dict(columns or {})
    for name in given:
        if name not in shape.columns:
            raise UsageError(f"{shape.name} has no column {shown(name)}{_near(name, shape.columns)}")
    return {name: given.get(name, name) for name in shape.columns}


def expect_columns(cells: Cells, *, shape: Shape, columns: Mapping[str, str] | None, findings: Findings) -> None:
    """Note the columns that `shape` requires or `columns` names and that are not there; no columns, no finding."""
    for name, column in name_columns(shape, columns).items():
        if cells.columns and column not in cells.columns and (name in shape.required or name in (columns or {})):
            findings.add(
                "LW112",
                cause=f"there is no column {shown(column)} for {name}{_near(column, cells.columns)}",
                fix=f'say which column holds it: --column {name}=NAME, or columns={{"{name}": "NAME"}} in Python',
                column=column,
            )


def _near(name: str, known: Sequence[str]) -> str:
    """Say which names there are, the likely one first: part of a sentence that starts with the unknown one."""
    folded = {other.strip().casefold(): other for other in known}
    near = get_close_matches(name.strip().casefold(), folded, n=1)
    hint = f" (did you mean {shown(folded[near[0]])}?)" if near else ""
    listed = ", ".join(shown(other) for other in known[:12]) or "none"
    rest = f" and {len(known) - 12} more" if len(known) > 12 else ""
    return f"{hint}; there are: {listed}{rest}"
