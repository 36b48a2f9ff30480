"""The text of an HTML page, and where in the page each part of it stands.

Scripts, styles and comments are left out. White space is one blank, but for <pre>; what is a block of its own in the
page is a paragraph of its own.
"""

from __future__ import annotations

import itertools
import re
from bisect import bisect_right
from collections.abc import Sequence
from html import unescape
from html.parser import HTMLParser

Run = tuple[int, int, int, int]
"""Where a part of the text starts and ends, and where in the page: as long there, or the one thing of another length
that the page writes for it (``&amp;``)."""

UNSEEN = frozenset(("script", "style", "template"))
INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "dfn", "em", "font", "i", "img",
    "ins", "del", "kbd", "label", "mark", "nobr", "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span",
    "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
BREAK = "\n\n"
PARTS = re.compile(r"\s+|\S+")


def text_of(page: str) -> tuple[str, list[Run]]:
    """Return the text of `page`, and its runs, in order."""
    reader = _Reader(page)
    reader.feed(page)
    reader.close()
    return "".join(reader.parts), reader.runs


def place_in(runs: Sequence[Run], place: int, *, end: bool = False) -> int:
    """Return where in the page the character at `place` of the text starts; with `end`, where the one before it ends.

    It must be none of the blanks between runs. Without `runs` the text is the page.
    """
    if not runs:
        return place
    at = place - 1 if end else place
    start, stop, there, then = runs[max(0, bisect_right(runs, at, key=lambda run: run[0]) - 1)]
    if stop - start != then - there:
        return then if end else there
    return there + place - start


class _Reader(HTMLParser):
    """Gathers the parts of the text and its runs."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.page = page
        self.lines = [0, *itertools.accumulate(len(line) + 1 for line in page.split("\n"))]
        self.parts: list[str] = []
        self.runs: list[Run] = []
        self.length = 0
        self.gap = ""
        self.unseen = self.verbatim = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._tag(tag, 0)

    def handle_endtag(self, tag: str) -> None:
        self._tag(tag, -1)

    def handle_data(self, data: str) -> None:
        self._read(data, self._here())

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name}")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name}")

    def _tag(self, tag: str, change: int) -> None:
        if tag in UNSEEN:
            self.unseen = max(0, self.unseen + change)
        if tag == "pre":
            self.verbatim = max(0, self.verbatim + change)
        if tag not in INLINE:
            self.gap = BREAK

    def _here(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def _reference(self, written: str) -> None:
        here = self._here()
        written += ";" * self.page.startswith(";", here + len(written))
        self._read(unescape(written), here, there=here + len(written))

    def _read(self, text: str, here: int, *, there: int | None = None) -> None:
        """Take `text`, which stands in the page from `here` on, and up to `there` if that is not as long."""
        if self.unseen:
            return
        for part in PARTS.finditer(text):
            if part.group().isspace() and not self.verbatim:
                self.gap = self.gap or " "
            else:
                start = here + part.start() if there is None else here
                self._add(part.group(), start, start + len(part.group()) if there is None else there)

    def _add(self, text: str, here: int, there: int) -> None:
        if self.gap and self.length:
            self.parts.append(self.gap)
            self.length += len(self.gap)
        self.gap = ""
        start, self.length = self.length, self.length + len(text)
        self.parts.append(text)
        if self.runs and len(text) == there - here:
            first, last, page, then = self.runs[-1]
            if start - last == here - then and last - first == then - page:
                self.runs[-1] = (first, self.length, page, there)
                return
        self.runs.append((start, self.length, here, there))
