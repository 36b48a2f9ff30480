"""Test rows that stand in the training or dev data: what they score says little about new text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loanword.evaluation.scores import TransferReport
    from loanword.training.state import Data


class Leak(str):
    """The note on a leak: a sentence that still knows the language `tag`, and that `n` of its `rows` are concerned.

    So that a report, whose notes are plain sentences, can mark the score itself.
    """

    tag: str
    n: int
    rows: int

    @classmethod
    def note(cls, text: str, *, tag: str, n: int, rows: int) -> Leak:
        """Make the note that says `text`."""
        made = cls(text)
        made.tag, made.n, made.rows = tag, n, rows
        return made


def leaked(data: Data) -> dict[str, int]:
    """Count the test rows of each language that stand in the training or dev data; languages without any are left out.

    A row is what prediction is given of it: with the same text, another label is no other row.
    """
    known = {text for tables in (data.train, data.dev) for table in tables.values() for text in table.inputs}
    counts = {tag: sum(text in known for text in table.inputs) for tag, table in data.test.items()}
    return {tag: n for tag, n in counts.items() if n}


def leaks(report: TransferReport) -> dict[str, Leak]:
    """Return the notes on leaks by language, of those that were scored."""
    found: Iterable[Leak] = (note for note in report.notes if isinstance(note, Leak))
    return {note.tag: note for note in found if note.tag in report.languages}
