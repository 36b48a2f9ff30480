"""CoNLL: a token a line, a blank line after each sentence; with columns of any kind, or as Universal Dependencies do.

A sentence becomes a row with its `tokens` and `tags` (in CoNLL-U also `upos`, `xpos`, `feats`, `lemmas`); `spaces` says
after which tokens a space stands, where that is known. Its line is that of its first token.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells

DOCUMENT = "-DOCSTART-"
COMMENT = re.compile(r"#\s*(id|sent_id|newdoc|newpar|text)\b.*\S")
UNIVERSAL = ("upos", "xpos", "feats", "lemmas")
PLACES = {"lemmas": 2, "upos": 3, "xpos": 4, "feats": 5}
WIDTH = 10
"""Columns of CoNLL-U."""


def columns(text: str, *, wanted: Collection[str], findings: Findings) -> Cells:
    """Read tokens and tags from the first and the last of the columns of `text`, two or more.

    Columns are parted by tabs if the first token's are, or else by any blanks. A line that starts with # before a
    sentence is a comment if it does not have the file's number of columns, or begins with what comments do
    (``COMMENT``); ``-DOCSTART-`` begins a document, whose sentences are one group.
    """
    found = _Sentences(("tokens", "tags", "group"))
    lines = text.split("\n")
    first = next((line for line in lines if line.strip() and line[0] != "#" and DOCUMENT not in line), "")
    tabs = "\t" in first
    width = max(2, len(first.split("\t") if tabs else first.split()))
    document = 0
    for number, line in enumerate(lines, start=1):
        line = line.removesuffix("\r")
        cells = line.split("\t") if tabs else line.split()
        if not line.strip():
            found.end()
        elif cells[0] == DOCUMENT:
            found.end()
            document += 1
        elif not found.tokens and line.startswith("#") and (COMMENT.match(line) or len(cells) != width):
            continue
        elif len(cells) != width:
            cause = f"the line has {len(cells)} column{'s' if len(cells) != 1 else ''}; expected {width}"
            fix = "give every token its tag; put a blank line after each sentence"
            findings.add("LW201", cause=cause, fix=fix, line=number)
        else:
            if not found.open:
                found.begin(number, group=f"document {document}" if document else None)
            found.add(number, tokens=cells[0], tags=cells[-1])
    found.end()
    return found.cells(wanted)


def universal(text: str, *, wanted: Collection[str], findings: Findings) -> Cells:
    """Read CoNLL-U; syntactic words count, not the spans of several (1-2) nor those left out (1.1).

    `id` is the sentence's ``sent_id``, `group` its document.
    """
    found = _Sentences(("tokens", "spaces", "id", "group", *UNIVERSAL))
    about: dict[str, str | None] = {"id": None, "group": None}
    inside, glued = 0, False  # The last word of a span of several, and whether a space follows it.
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line.strip():
            found.end()
            about["id"] = None
            inside = 0
        elif line.startswith("#"):
            key, _, value = line[1:].partition("=")
            if key.strip() == "sent_id":
                about["id"] = value.strip()
            elif key.strip() in ("newdoc id", "newdoc"):
                about["group"] = value.strip() or None
        else:
            cells = line.split("\t")
            if len(cells) != WIDTH:
                cause = f"the line has {len(cells)} columns; CoNLL-U has {WIDTH}, with tabs between them"
                findings.add("LW201", cause=cause, fix="write the file again; a column may hold _", line=number)
                continue
            if not found.open:
                found.begin(number, **about)
            space = "SpaceAfter=No" not in cells[9].split("|")
            first, dash, last = cells[0].partition("-")
            if dash:
                inside, glued = int(last) if last.isdecimal() else 0, not space
            elif "." not in cells[0]:
                if not first.isdecimal():
                    cause = f"the first column holds {shown(first)} where the number of a word is needed"
                    findings.add("LW201", cause=cause, fix="number the words of a sentence from 1", line=number)
                    continue
                if int(first) < inside:
                    space = True
                elif int(first) == inside:
                    space = not glued
                universal = {name: cells[place] for name, place in PLACES.items()}
                found.add(number, tokens=cells[1], spaces=space, **universal)
    found.end()
    return found.cells(wanted)


class _Sentences:
    """Collects sentences as rows: a list of every column of tokens, one value of the columns of sentences."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.values: dict[str, list[object]] = {name: [] for name in names}
        self.lines: list[int] = []
        self.inner: list[list[int]] = []
        self.tokens: dict[str, list[object]] = {}
        self.about: dict[str, str | None] = {}
        self.open = False

    def begin(self, line: int, **about: str | None) -> None:
        """Start a sentence at `line`; `about` is what is known of it as a whole."""
        self.lines.append(line)
        self.inner.append([])
        self.about = about
        self.open = True

    def add(self, line: int, **token: object) -> None:
        """Add the token at `line` with its columns."""
        self.inner[-1].append(line)
        for name, value in token.items():
            self.tokens.setdefault(name, []).append(value)

    def end(self) -> None:
        """Close the sentence, if one is open."""
        if self.open:
            for name, values in self.values.items():
                values.append(self.tokens.get(name, self.about.get(name)))
        self.tokens, self.open = {}, False

    def cells(self, wanted: Collection[str]) -> Cells:
        """Return what was collected, of the columns those that are `wanted`."""
        kept = {name: values for name, values in self.values.items() if name in wanted}
        return Cells(columns=tuple(self.values), lines=self.lines, values=kept, inner=self.inner)
