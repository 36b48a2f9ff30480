"""Documents in passages that a model can read whole: paragraphs where they fit, else sentences, as many as fit."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from typing import Any

from loanword.language.sentences import sentences
from loanword.search.documents import Document
from loanword.search.html import Run, place_in
from loanword.tokens.windows import windows


def _after(pattern: str) -> Callable[[str], Iterator[int]]:
    return lambda text: (match.end() for match in re.finditer(pattern, text))


BREAKS = (
    _after(r"\n[^\S\n]*\n\s*"),
    lambda text: (start for start, _ in sentences(text)),
    _after(r"\n\s*"),
    _after(r"\s+"),
)
"""Where a text may be cut, the best places first: after a paragraph, a sentence, a line, a word."""


@dataclass(frozen=True, slots=True)
class Passage:
    """Part of a document: its text, and from where to where it stands in the file, or in the row at `line`.

    Places count code points from 0; in a file, a byte order mark is one.
    """

    document: str
    start: int
    end: int
    text: str
    language: str = "und"
    line: int = 0
    runs: tuple[Run, ...] = field(default=(), repr=False)

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the document the part of this text from `start` to `end` stands."""
        if not self.runs:
            return self.start + start, self.start + end
        return place_in(self.runs, start), place_in(self.runs, end, end=True)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {name: value for name, value in asdict(self).items() if value or name not in ("line", "runs")}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Passage:
        """Make it again."""
        return cls(**{**values, "runs": tuple(map(tuple, values.get("runs", ())))})


def passages(document: Document, starts: Sequence[int], *, room: int, overlap: int) -> list[Passage]:
    """Cut `document`, whose pieces start at `starts`, in order, into passages of at most `room` pieces.

    Neighbours share whole sentences (or whatever was cut into) of at most `overlap` pieces.
    """
    text = document.text
    units = _units(text, starts, room=room)
    sizes = [_size(starts, span) for span in units]
    found, read = [], 0
    for window in windows(sizes, room=room, overlap=min(overlap, room // 2)):
        start, end = units[window.start][0], units[window.end - 1][1]
        start += len(text[start:end]) - len(text[start:end].lstrip())
        end = start + len(text[start:end].rstrip())
        if max(start, read) < end:  # What is new is not blank.
            found.append(_passage(document, start, end))
            read = end
    return found


def _passage(document: Document, start: int, end: int) -> Passage:
    inside = slice(
        bisect_right(document.runs, start, key=lambda run: run[1]),
        bisect_left(document.runs, end, key=lambda run: run[0]),
    )
    runs = tuple(_shifted(run, start, end) for run in document.runs[inside])
    first, last = place_in(document.runs, start), place_in(document.runs, end, end=True)
    return Passage(document.name, first, last, document.text[start:end], line=document.line, runs=runs)


def _shifted(run: Run, start: int, end: int) -> Run:
    """Cut a run to the text from `start` to `end`, from where its places count."""
    first, last, there, then = run
    if last - first == then - there:
        there, then = there + max(0, start - first), then - max(0, last - end)
        first, last = max(first, start), min(last, end)
    return first - start, last - start, there, then


def _units(text: str, starts: Sequence[int], *, room: int) -> list[tuple[int, int]]:
    """Cut the text into parts of at most `room` pieces, no further than it takes: they follow one another."""
    spans = [(0, len(text))]
    for breaks in BREAKS:
        spans = [part for span in spans for part in _cut(text, span, breaks, fits=_size(starts, span) <= room)]
    return [part for span in spans for part in _in_pieces(span, starts, room=room)]


def _cut(
    text: str, span: tuple[int, int], breaks: Callable[[str], Iterable[int]], *, fits: bool
) -> list[tuple[int, int]]:
    start, end = span
    return [span] if fits else list(pairwise(sorted({start, *(start + at for at in breaks(text[start:end])), end})))


def _in_pieces(span: tuple[int, int], starts: Sequence[int], *, room: int) -> list[tuple[int, int]]:
    """Cut a word that is too long between its pieces."""
    inside = starts[bisect_left(starts, span[0]) : bisect_left(starts, span[1])]
    return [span] if len(inside) <= room else list(pairwise(sorted({span[0], *inside, span[1]})))


def _size(starts: Sequence[int], span: tuple[int, int]) -> int:
    return bisect_left(starts, span[1]) - bisect_left(starts, span[0])
