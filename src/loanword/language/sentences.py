"""Where the sentences of a text are: what punctuation and empty lines tell, in any script."""

from __future__ import annotations

import re

ENDS = "!?…‼⁇⁈⁉。！？｡।॥؟۔܀܁܂។៕።፧፨၊။։‽⸮⳹᠃᠉᭚᭛᭞᭟᱾᱿"
"""Marks that end a sentence wherever they stand; the full stop of the Latin scripts does not always."""

CLOSING = r"\"'”’»›)\]}）］｝」』】》〉"
"""What may stand between such a mark and the next sentence, for a regular expression."""

END = re.compile(rf"[.]*[{ENDS}][.{ENDS}{CLOSING}]*|\.+[{CLOSING}]*(?=\s)|\n[^\S\n]*\n")
SHORT = re.compile(r"(?:^|[\s(\[\"'])(?:[^\W\d]|[^\W\d]\.\s?[^\W\d]|\d{1,2}|[A-Z][a-z]|Mrs)\Z")
"""What before a full stop says that it is one of an abbreviation, an initial or a number."""


def sentences(text: str) -> list[tuple[int, int]]:
    """Return the sentences of `text` as (start, end) in code points, without blanks around them.

    A full stop ends one if a blank follows, then no small letter, and if no abbreviation, initial or number stands
    before it. A text without such marks, as Thai is written, is one sentence.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for match in END.finditer(text):
        if match[0].startswith(".") and not _ends(text, start, match):
            continue
        _add(found, text, start, match.end())
        start = match.end()
    _add(found, text, start, len(text))
    return found


def _ends(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether the full stop of `match` ends the sentence that begins at `start`."""
    following = text[match.end() :].lstrip()[:1]
    return not following.islower() and (match[0].startswith("..") or not SHORT.search(text[start : match.start()]))


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end:
        found.append((start, end))


def lead(text: str, *, count: int = 1) -> str:
    """Return the first `count` sentences of `text`."""
    found = sentences(text)[:count]
    return text[found[0][0] : found[-1][1]] if found else ""
