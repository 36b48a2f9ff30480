"""What a check of the data says: how bad, where, what and what to do. No text of the data is in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from loanword.data.codes import plain, shown
from loanword.data.records import Table

Severity = Literal["error", "warning", "info"]
Role = Literal["train", "dev", "test"]
ROLES: tuple[Role, ...] = ("train", "dev", "test")


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check.

    `code` is stable (``LW5xx``). `place` names role, language and source; `rows` are the lines of that source where
    they are known, else row numbers, both from 1.
    """

    severity: Severity
    code: str
    place: str
    message: str
    advice: str
    rows: tuple[int, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values for JSON."""
        return {**asdict(self), "rows": list(self.rows)}


def place_of(role: Role, table: Table) -> str:
    """Name a table: role, language and where it came from."""
    language = f"{table.language}:{table.pair_language}" if table.pair_language else table.language
    return f"{role} {plain(language)} ({plain(table.origin)})"


def lines_of(table: Table, rows: Iterable[int]) -> tuple[int, ...]:
    """Translate 0-based `rows` to lines of the table's source, or to row numbers from 1."""
    return tuple(table.line[row] or row + 1 for row in sorted(rows))


def listed(names: Iterable[str], *, most: int = 10) -> str:
    """Join names for a message; what is over `most` is counted."""
    found = [str(name) for name in names]
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + more


def labels_of(labels: Iterable[str]) -> str:
    """Join labels for a message, quoted and escaped."""
    return listed(shown(label) for label in labels)


def counted(count: int, whole: int) -> str:
    """Say how many of how many rows."""
    return f"{count} of {whole} rows ({100 * count / max(whole, 1):.3g} %)"
