"""What is no text of its language: nothing, too little, the same over and over, another script, another language."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from loanword.data.corpus.settings import CorpusSettings
from loanword.language.identify import are_close, expected_scripts, script_counts
from loanword.language.outputs import guesses, identifiable

LETTERS = 20
"""A language is told of texts of so many letters or more; of shorter ones the guess is too often wrong."""

JUDGED = (300, 3000)
"""Characters, from the middle of a text, of which its language is told: of more if that of the first is another."""

SURE = 0.8
"""Least probability of another language for which a text is dropped (docs/log.md)."""

PACKED = 100_000
"""Characters of a text of which its repetition is told."""


def is_repetitive(text: str, *, least: float) -> bool:
    """Whether zlib packs `text` to less than the share `least` of its bytes.

    Running text packs to 0.2 (Hindi) or more, a sentence over and over to hundredths; short texts never pack well.
    """
    data = text[:PACKED].encode("utf-8", "surrogatepass")
    return bool(least) and len(zlib.compress(data)) < least * len(data)


def script_share(counts: Mapping[str, int], language: str) -> float:
    """Return which share of letters, counted by script, is in those that `language` is written in; 1 of none at all."""
    expected = expected_scripts(language)
    total = sum(counts.values())
    return sum(counts.get(code, 0) for code in expected) / total if expected and total else 1.0


VARIETIES = {
    "an": "es", "ext": "es", "gcf": "fr", "gcr": "fr", "grc": "el", "hbo": "he", "lij": "it", "ltg": "lv", "pcm": "en",
    "vec": "it",
}  # fmt: skip
"""Languages that the identifier knows of little text, and what it takes for them now and then."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a document is dropped, if it is; the `other` language it is in, if that is why; why that was not told."""

    reason: str = ""
    other: str = ""
    unjudged: str = ""


def verdict(text: str, language: str, settings: CorpusSettings) -> Verdict:
    """Judge a text as the `settings` of a corpus ask: the first of `counts.REASONS` that applies is told."""
    if not text.strip():
        return Verdict("empty")
    if len(text) < settings.min_characters:
        return Verdict("short")
    if is_repetitive(text, least=settings.repetition):
        return Verdict("repetitive")
    scripts = script_counts(text)
    if script_share(scripts, language) < settings.script_share:
        return Verdict("script")
    if not settings.identify:
        return Verdict()
    if not is_judged(language):
        return Verdict(unjudged="the identifier does not know it")
    if sum(scripts.values()) < LETTERS:
        return Verdict(unjudged=f"it has fewer than {LETTERS} letters")
    other = foreign(text, language)
    return Verdict("language", other) if other else Verdict()


@lru_cache(maxsize=1024)
def is_judged(language: str) -> bool:
    """Whether the identifier knows `language`, or a near relative for which it would take it."""
    return any(are_kin(language, other) for other in identifiable())


@lru_cache(maxsize=1 << 16)
def are_kin(one: str, other: str) -> bool:
    """Whether one language comprises the other (``arz`` and ``ar``), or they are too near to be told apart."""
    from langcodes.data_dicts import MACROLANGUAGES

    first, second = (tag.partition("-")[0] for tag in (one, other))
    near = {**MACROLANGUAGES, **VARIETIES}
    return are_close(one, other) or near.get(first, first) == near.get(second, second)


def foreign(text: str, language: str) -> str:
    """Return the language that `text` is in instead of `language`; "" if it is not known to be in another."""
    other = ""
    for size in JUDGED:
        start = max(0, (len(text) - size) // 2)
        ((other, probability),) = guesses([text[start : start + size]])
        if other == "und" or probability < SURE or are_kin(language, other):
            return ""
    return other
