"""Language tags: any common spelling in, one canonical BCP-47 tag out, and a few facts about the language.

The rules of the canonical form are those of CLDR as `langcodes` implements them (deprecated codes replaced, the
dominant member of a macrolanguage folded into it: ``cmn`` is ``zh``, ``arb`` is ``ar``), with the script dropped
where it is the one the language is written in anyway. Names, families and scripts come from ``languages.tsv``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal

from loanword.errors import UsageError

APART = frozenset({"tw"})
"""Kept where CLDR folds: corpora hold Twi and Akan side by side."""

MISTAKEN = {"cn": "zh", "cz": "cs", "dk": "da", "gr": "el", "jp": "ja", "ua": "uk"}
"""Country codes that are no language codes, and what is meant."""

PARTS = {"Kore": ("Hang",), "Hans": ("Hani",), "Hant": ("Hani",)}
"""Scripts that some corpora name for the mixture or the variant that is meant."""

RIGHT_TO_LEFT = frozenset(
    ("Adlm", "Arab", "Armi", "Hebr", "Mand", "Mani", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi")
)
EAST_ASIAN = frozenset(("Hani", "Hans", "Hant", "Hira", "Jpan", "Kana"))
UNSEGMENTED = EAST_ASIAN | {"Bali", "Java", "Khmr", "Lana", "Laoo", "Mymr", "Tale", "Talu", "Tavt", "Thai", "Tibt"}
"""Scripts written without spaces between words."""


@dataclass(frozen=True, slots=True)
class Facts:
    """One row of ``languages.tsv``."""

    name: str
    chinese: str
    family: str
    branch: str
    script: str


@cache
def known() -> dict[str, Facts]:
    """Read the table of languages, canonical tag to facts."""
    text = files("loanword.language").joinpath("languages.tsv").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
    return {row["tag"]: Facts(*(row[column] for column in Facts.__slots__)) for row in rows}


def sides(tag: str) -> tuple[str, str]:
    """Return the languages of a text and of what goes with it, for what is in two: ``en:de`` is English to German.

    A single tag is on both sides.
    """
    first, _, second = tag.partition(":")
    return first, second or first


@lru_cache(maxsize=4096)
def canonical(tag: str) -> str:
    """Return the canonical BCP-47 form of `tag`; of two of them (`sides`), one if they are one.

    Understands BCP-47 in any case, underscores, ISO 639-1/2/3, FLORES (``zho_Hans``) and mBART (``en_XX``) codes.
    A script that the language has by default is dropped; a region is kept: ``zh-CN`` and ``zh`` stay two tags.

    Raises:
        UsageError: `tag` is not a language; the message suggests what may be meant.
    """
    from langcodes import Language, LanguageTagError, standardize_tag

    if tag.count(":") == 1:
        first, second = map(canonical, tag.split(":"))
        return first if first == second else f"{first}:{second}"
    spelled = tag.strip()
    try:
        plain = Language.get(standardize_tag(spelled), normalize=False)
        folded = Language.get(standardize_tag(spelled, macro=plain.language not in APART), normalize=False)
    except LanguageTagError:
        raise _unknown(tag) from None
    if not spelled or not folded.is_valid():
        raise _unknown(tag)
    if folded.territory == "XX":
        folded = folded.update_dict({"territory": None})
    if folded.script:
        bare = folded.update_dict({"script": None}).to_tag()
        default = _written(bare)
        if folded.script == default or folded.script in PARTS.get(default, ()):
            return str(bare)
    return str(folded.to_tag())


@cache
def understood(tag: str) -> str | None:
    """Return the canonical form of `tag`; None if it is no language."""
    try:
        return canonical(tag)
    except UsageError:
        return None


@cache
def agree(one: str, other: str) -> bool:
    """Whether two canonical tags can name one language: equal, one less specific, or of one script."""
    if f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-"):
        return True
    parts = [tag.split("-") for tag in (one, other)]
    regions = {part for first, *rest in parts for part in rest if len(part) == 2 or part.isdigit()}
    return parts[0][0] == parts[1][0] and len(regions) < 2 and script(one) == script(other)


def script(tag: str) -> str:
    """Return the ISO 15924 code of the script that text in `tag` is written in; ``Zyyy`` if unknown.

    Of two languages (`sides`) it is that of the second, as with all facts but the name.
    """
    return _written(sides(canonical(tag))[1])


def name(tag: str, *, in_: Literal["en", "zh"] = "en") -> str:
    """Return the name of the language in English or Chinese; a language that is not listed gives its tag."""
    first, second = sides(canonical(tag))
    if first != second:
        return f"{name(first, in_=in_)} → {name(second, in_=in_)}"
    tag = first
    base, _, rest = tag.partition("-")
    facts = known().get(tag) or known().get(base)
    if facts is None:
        return tag
    text = facts.chinese if in_ == "zh" else facts.name
    if not rest or tag in known():
        return text
    return f"{text}（{rest}）" if in_ == "zh" else f"{text} ({rest})"


def family(tag: str) -> str:
    """Return the top-level family, with the branch for Indo-European (``Indo-European: Germanic``)."""
    facts = known().get(sides(canonical(tag))[1].partition("-")[0])
    if facts is None:
        return "unknown"
    return f"{facts.family}: {facts.branch}" if facts.branch else facts.family


def direction(tag: str) -> Literal["ltr", "rtl"]:
    """Return the direction that text in `tag` runs in."""
    return "rtl" if script(tag) in RIGHT_TO_LEFT else "ltr"


def is_segmented(tag: str) -> bool:
    """Whether spaces divide the text into words (or, as in Vietnamese, into syllables)."""
    return script(tag) not in UNSEGMENTED


@lru_cache(maxsize=4096)
def _written(tag: str) -> str:
    """The script of a canonical `tag`: its own, else the one of its region, else the language's."""
    from langcodes import Language
    from langcodes.data_dicts import LIKELY_SUBTAGS

    parsed = Language.get(tag, normalize=False)
    if parsed.script:
        return str(parsed.script)
    base = str(parsed.language or "und")
    likely = LIKELY_SUBTAGS.get(f"{base}-{parsed.territory}")
    if likely is None and base in known():
        return known()[base].script
    likely = likely or LIKELY_SUBTAGS.get(base)
    return str(Language.get(likely, normalize=False).script) if likely else "Zyyy"


def _unknown(tag: str) -> UsageError:
    """The error for a `tag` that is no language, with the nearest thing that is."""
    wanted = tag.strip().casefold()
    meant = MISTAKEN.get(wanted[:2]) if len(re.split("[-_]", wanted)[0]) == 2 else None
    if meant is None:
        spellings = {word.casefold(): code for code, row in known().items() for word in (code, row.name, row.chinese)}
        close = get_close_matches(wanted, spellings, n=1, cutoff=0.6)
        meant = spellings[close[0]] if close else None
    advice = f"did you mean '{meant}' ({known()[meant].name})?" if meant else "look the language up in ISO 639."
    return UsageError(f"'{tag}' is not a language tag; expected BCP-47 such as de, zh-TW or sr-Latn; {advice}")
