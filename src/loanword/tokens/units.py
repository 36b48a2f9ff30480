"""The parts of a text that are shown whole: words, or pieces in scripts without spaces, but never half a character.

What a reader sees as one character may be several code points (a letter with its marks, a flag), and a piece may end
between them, or hold half of one word and half of the next. Where it does, the parts on either side are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from loanword.language.words import is_run, trimmed, words


@dataclass(frozen=True, slots=True)
class Unit:
    """A part of a text, from `start` to `end` in code points, and the numbers of the `pieces` that stand for it."""

    start: int
    end: int
    pieces: tuple[int, ...]


def units(text: str, pieces: Sequence[tuple[int, int]]) -> list[Unit]:
    """Return the parts of `text` whose `pieces`, in the order of the text, are at these offsets.

    Every piece belongs to one part: one that stands for blanks alone to the part that follows, or else to the last. A
    part without pieces was not read. No part is blank, so a blank text has none.
    """
    spans = [trimmed(piece, text) for piece in pieces]
    joints = {0, len(text)}
    for start, end in words(text):
        joints |= {start, end}
        if is_run(text[start:end]):
            joints.update(place for _, place in spans if start < place < end)
    joints &= graphemes(text)
    for start, end in spans:
        joints.difference_update(range(start + 1, end))
    parts = [trimmed(part, text) for part in pairwise(sorted(joints))]
    parts = [(start, end) for start, end in parts if start < end]
    held: list[list[int]] = [[] for _ in parts]
    waiting: list[int] = []
    at = 0
    for number, (start, end) in enumerate(spans):
        waiting.append(number)
        if start < end:
            at = next(place for place, (_, stop) in enumerate(parts) if start < stop)
            held[at] += waiting
            waiting = []
    if parts:
        held[at] += waiting
    return [Unit(start, end, tuple(found)) for (start, end), found in zip(parts, held, strict=True)]


def graphemes(text: str) -> set[int]:
    """Return where `text` may be cut without cutting a character that a reader sees (Unicode Standard Annex 29)."""
    from tokenizers import Regex, pre_tokenizers

    whole = pre_tokenizers.Split(Regex(r"\X"), "isolated").pre_tokenize_str(text)
    return {0, *(end for _, (_, end) in whole)}
