"""Articles as WikiExtractor writes them from the dump of a wiki: ``<doc id=... url=... title=...>`` to ``</doc>``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

from loanword.data.codes import Findings
from loanword.data.corpus.streams import LONGEST, lines

OPENS = "<doc id="
CLOSES = "</doc>"
TITLE = re.compile(r'title="(.*)"')
FIX = "extract the dump again, or remove what does not belong"


def extracts(path: Path, findings: Findings) -> Iterator[tuple[int, str]]:
    """Yield the text of each article, with the line of its ``<doc>``; one without text (a redirect) is empty.

    The title, which WikiExtractor repeats as the first line, is no part of it, as with its option ``--json``.
    """
    start = size = 0
    held: list[str] = []
    titles: set[str] = set()
    for number, line in lines(path, findings):
        if line.startswith(OPENS):
            if start:
                cause = f"an article begins in that of line {start}, which is not closed"
                findings.add("LW217", cause=cause, fix=FIX, line=number)
            title = TITLE.search(line)
            titles = {title[1].strip(), unescape(title[1]).strip()} if title else set()
            start, held, size = number, [], 0
        elif line.strip() == CLOSES:
            if start:
                yield start, "\n".join(held)
            else:
                findings.add("LW217", cause="an article is closed that was not opened", fix=FIX, line=number)
            start, held = 0, []
        elif not line.strip():
            continue
        elif not start:
            findings.add("LW217", cause="text stands outside of all articles", fix=FIX, line=number)
        elif held or line.strip() not in titles:
            held.append(line)
            size += len(line) + 1
            titles = set()
            if size > LONGEST:
                cause = f"the article has more than {LONGEST:,} characters"
                findings.stop("LW216", cause=cause, fix=FIX, line=start)
        else:
            titles = set()
    if start:
        findings.add("LW217", cause="the last article is not closed; the file may be cut short", fix=FIX, line=start)
