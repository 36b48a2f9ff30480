"""Where the words of a text are, without a dictionary: what spaces, punctuation and scripts tell."""

from __future__ import annotations

import unicodedata

from loanword.language.identify import letter_script
from loanword.language.tag import UNSEGMENTED

INSIDE = frozenset("_\u200c\u200d")
"""Characters beside letters, marks and digits that a word may hold: joiners, which shape what stands around them."""


def words(text: str) -> list[tuple[int, int]]:
    """Return the words of `text` as (start, end) in code points; punctuation marks are words of one character.

    Letters with their marks, and digits, form a word. One in a script without spaces (`is_run`) may hold many words.
    """
    found: list[tuple[int, int]] = []
    start, kind = 0, ""
    for place, character in enumerate(text):
        here = _kind(character)
        if here == "inside" and kind in ("word", "run"):
            continue
        here = "word" if here == "inside" else here
        if here == kind and here != "mark":
            continue
        if kind not in ("", "space"):
            found.append((start, place))
        start, kind = place, here
    if kind not in ("", "space"):
        found.append((start, len(text)))
    return found


def is_run(word: str) -> bool:
    """Whether `word`, of `words`, is in a script that puts no spaces between words."""
    return letter_script(word[0]) in UNSEGMENTED


def trimmed(span: tuple[int, int], text: str) -> tuple[int, int]:
    """Take the blanks off either end of a part of `text`."""
    start, end = span
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _kind(character: str) -> str:
    if character.isspace():
        return "space"
    if letter_script(character) in UNSEGMENTED:
        return "run"
    category = unicodedata.category(character)
    if category[0] == "M" or character in INSIDE:
        return "inside"
    return "word" if category[0] in "LN" else "mark"
