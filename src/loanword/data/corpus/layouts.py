"""Plain text as documents: a line each, or the lines between blank ones, or a file whole."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from loanword.data.codes import Findings
from loanword.data.corpus.streams import HEAD, LONGEST, head, lines
from loanword.errors import DataError

LINES = 100
"""A file's blank lines part its documents if these have no more lines on average; else they are blank by chance."""


def boundary_of(path: Path) -> tuple[Literal["auto", "line", "blank"], str]:
    """Tell what a document of a text file is from its first 256 KiB, and say why; "auto" if it says nothing.

    Blank lines between others part documents, if there is one for every `LINES` lines; else a line is a document.
    """
    try:
        begin = head(path, Findings(str(path)))
    except DataError:  # Reading it will tell.
        return "auto", ""
    found = begin.decode("utf-8", errors="replace").split("\n")
    if len(begin) == HEAD:
        found.pop()  # It may be cut.
    blank = [not line.strip() for line in found]
    count = len(found) - sum(blank)
    last = max((place for place, is_blank in enumerate(blank) if not is_blank), default=0)
    gaps = sum(1 for place in range(1, last) if blank[place] and not blank[place - 1])
    if not count:
        return "auto", ""
    if gaps and count <= LINES * (gaps + 1):
        return "blank", f"a document ends at a blank line: {gaps:,} gaps part its first {count:,} lines"
    return "line", f"a line is a document: {f'only {gaps:,}' if gaps else 'no'} blank lines part its first {count:,}"


def texts(path: Path, findings: Findings, *, boundary: str) -> Iterator[tuple[int, str]]:
    """Yield the documents of a text file, each with the line that it starts at; blank lines are in none."""
    head(path, findings)
    found = False
    for line, text in _texts(path, findings, boundary):
        found = True
        yield line, text
    if not found and not findings.problems:
        findings.stop("LW110", cause="the file holds nothing but blanks", fix="check how it was written or copied")


def _texts(path: Path, findings: Findings, boundary: str) -> Iterator[tuple[int, str]]:
    held: list[str] = []
    start = size = 0
    for number, line in lines(path, findings):
        if line.strip():
            if boundary == "line":
                yield number, line
                continue
            start = start or number
            held.append(line)
            size += len(line) + 1
            if size > LONGEST:
                cause, fix = (
                    f"the document has more than {LONGEST:,} characters",
                    "choose another boundary: line, blank",
                )
                findings.stop("LW216", cause=cause, fix=fix, line=start)
        elif held and boundary == "blank":
            yield start, "\n".join(held)
            held, start, size = [], 0, 0
    if held:
        yield start, "\n".join(held)
