"""The words of the reports, in English and in Chinese, and how numbers are written in them.

All words live in ``templates/words.toml``: one key, one sentence a language. `Words` looks them up and fills them
in; names that the table does not know (a user's own metric or task) stay as they are.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from loanword.errors import UsageError
from loanword.language import tag as tags

NAMED = 6
"""Languages that a sentence names before it counts the rest."""

UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
"""Controls but tab and line feed, line separators, characters that override the direction, non-characters."""


def visible(text: str) -> str:
    """Return `text` with the characters that hide or reorder others written out: a right-to-left override is ⟦U+202E⟧.

    So that no label, note or name can disguise itself or move the cursor, neither on a page nor in a terminal.
    """
    return UNSEEN.sub(lambda found: f"⟦U+{ord(found[0]):04X}⟧", text)


class Count(int):
    """A number that brings its noun: ``f"{Count(1):row|rows}"`` is ``1 row``."""

    def __format__(self, spec: str) -> str:
        """Read `spec` as ``one|many``; without a bar it is an ordinary format."""
        if "|" not in spec:
            return super().__format__(spec)
        one, many = spec.split("|")
        return f"{int(self)} {one if self == 1 else many}"


@cache
def table(section: str) -> dict[str, dict[str, str]]:
    """Read one `section` of the table: key to ``{"en": ..., "zh": ...}``."""
    text = files("loanword.evaluation").joinpath("templates", "words.toml").read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = tomllib.loads(text)[section]
    return found


def expect_language(language: str) -> None:
    """Raise `UsageError` for a `language` that reports are not written in."""
    if language not in ("en", "zh"):
        raise UsageError(f"reports are written in 'en' or 'zh', not in {language!r}; choose one of the two")


class Words:
    """The words of one `language`."""

    def __init__(self, language: str, *, section: str = "words") -> None:
        """Choose the `language`, and the `section` of sentences; anything but "en" and "zh" raises `UsageError`."""
        expect_language(language)
        self.section = section
        self.language: Literal["en", "zh"] = "zh" if language == "zh" else "en"

    def __call__(self, key: str, **values: object) -> str:
        """Return the sentence `key` with `values` filled in; whole numbers count nouns."""
        counted = {name: Count(value) if type(value) is int else value for name, value in values.items()}
        return table(self.section)[key][self.language].format(**counted)

    def named(self, section: str, key: str) -> str:
        """Return the name of `key` in `section` ("metrics", "scripts", ...); an unknown one is returned as it is."""
        entry = table(section).get(key) or table(section).get(key.replace("-", "_"))
        return entry[self.language] if entry else visible(key)

    def name(self, tag: str) -> str:
        """Return the name of the language `tag`, or the tag itself if it is no language that is known."""
        try:
            return tags.name(tag, in_=self.language)
        except UsageError:
            return visible(tag)

    def script(self, tag: str) -> str:
        """Return the name of the script that `tag` is written in."""
        return self.named("scripts", script(tag))

    def family(self, tag: str) -> str:
        """Return the name of the family of `tag`, with the branch for Indo-European."""
        return " · ".join(self.named("families", part) for part in family(tag).split(": "))

    def branch(self, tag: str) -> str:
        """Return the name of the branch of `tag` alone, for Indo-European; else of its family."""
        return self.named("families", family(tag).split(": ")[-1])

    def listed(self, names: Sequence[str], *, most: int = NAMED) -> str:
        """Join `names` into a phrase; of more than `most` the rest is counted."""
        if len(names) > most:
            names = [*names[: most - 1], self("others", n=len(names) - most + 1)]
        if len(names) < 2:
            return "".join(names)
        return self("comma").join(names[:-1]) + self("and") + names[-1]

    def pair(self, name: str, score: str) -> str:
        """Write a score after a name."""
        return f"{name} {score}".replace("） ", "）")

    def duration(self, seconds: float) -> str:
        """Write a duration in the two units that matter."""
        if not math.isfinite(seconds):
            return self("anchor_none")
        if seconds < 60:
            return self("duration_s", s=f"{seconds:.1f}")
        minutes, rest = divmod(round(seconds), 60)
        if minutes < 60:
            return self("duration_min", m=minutes, s=rest)
        return self("duration_h", h=minutes // 60, m=minutes % 60)

    def points(self, value: float) -> str:
        """Write a difference of two fractions in percentage points."""
        return self("points", value=number(100 * value, digits=1))


def number(value: float, *, digits: int) -> str:
    """Write `value` with a true minus sign and no negative zero; a dash if it is not finite."""
    if not math.isfinite(value):
        return "–"
    text = f"{value:,.{digits}f}"
    return text.removeprefix("-") if not float(text.replace(",", "")) else text.replace("-", "−")


def percent(value: float) -> str:
    """Write a fraction of 1 in percent with one decimal."""
    text = number(100 * value, digits=1)
    return text if text == "–" else f"{text}%"


def script(tag: str) -> str:
    """Return the ISO 15924 code of the script of `tag`; ``Zyyy`` if the tag is unknown."""
    try:
        return tags.script(tag)
    except UsageError:
        return "Zyyy"


def family(tag: str) -> str:
    """Return the family of `tag`; "unknown" if the tag is unknown."""
    try:
        return tags.family(tag)
    except UsageError:
        return "unknown"


def turned(tag: str) -> str:
    """Return the pair of languages ``en:de`` in the other direction: ``de:en``."""
    return ":".join(reversed(tags.sides(tag)))


def is_segmented(tag: str) -> bool:
    """Whether `tag` is written with spaces between words; so is what is unknown."""
    try:
        return tags.is_segmented(tag)
    except UsageError:
        return True
