"""Which script and which language a text is in, told from the texts at hand alone.

Scripts come from the names of Unicode characters. Languages are compared, not recognised: `foreign_rows` finds the
rows of one table that read like another table, by character n-grams. It cannot name a language that no table is
in, it needs some hundred rows a table, it says nothing about rows of a few words, and near relatives (`CLOSE`) are
not held against each other.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from loanword.language.tag import canonical, script

NAMED = {
    "ADLAM": "Adlm", "ARABIC": "Arab", "ARMENIAN": "Armn", "BALINESE": "Bali", "BENGALI": "Beng", "BOPOMOFO": "Bopo",
    "CANADIAN": "Cans", "CHEROKEE": "Cher", "CJK": "Hani", "COPTIC": "Copt", "CYRILLIC": "Cyrl", "DEVANAGARI": "Deva",
    "ETHIOPIC": "Ethi", "GEORGIAN": "Geor", "GOTHIC": "Goth", "GREEK": "Grek", "GUJARATI": "Gujr", "GURMUKHI": "Guru",
    "HANGUL": "Hang", "HEBREW": "Hebr", "HIRAGANA": "Hira", "IMPERIAL": "Armi", "JAVANESE": "Java", "KANNADA": "Knda",
    "KATAKANA": "Kana", "KHMER": "Khmr", "LAO": "Laoo", "LATIN": "Latn", "MALAYALAM": "Mlym", "MEETEI": "Mtei",
    "MONGOLIAN": "Mong", "MYANMAR": "Mymr", "NKO": "Nkoo", "OL": "Olck", "ORIYA": "Orya", "SINHALA": "Sinh",
    "SYRIAC": "Syrc", "TAMIL": "Taml", "TELUGU": "Telu", "THAANA": "Thaa", "THAI": "Thai", "TIBETAN": "Tibt",
    "TIFINAGH": "Tfng",
}  # fmt: skip
"""First word of a letter's Unicode name, and its script."""

MADE_OF = {
    "Jpan": frozenset({"Hira", "Kana", "Hani"}),
    "Kore": frozenset({"Hang", "Hani"}),
    "Hans": frozenset({"Hani"}),
    "Hant": frozenset({"Hani", "Bopo"}),
}
"""Codes that stand for several scripts or for a variant of one."""

TWO_SCRIPTS = {
    "az": {"Cyrl"}, "bs": {"Cyrl"}, "crh": {"Cyrl"}, "ha": {"Arab"}, "kaa": {"Latn"}, "kk": {"Latn", "Arab"},
    "ks": {"Deva"}, "ku": {"Arab", "Cyrl"}, "lad": {"Latn"}, "mn": {"Mong"}, "mni": {"Mtei"}, "ms": {"Arab"},
    "pa": {"Arab"}, "rom": {"Cyrl"}, "sat": {"Beng", "Deva"}, "sd": {"Deva"}, "shi": {"Latn"}, "sr": {"Latn"},
    "taq": {"Tfng"}, "tg": {"Arab"}, "tk": {"Cyrl"}, "tt": {"Latn"}, "tzm": {"Tfng"}, "ug": {"Cyrl", "Latn"},
    "uz": {"Cyrl"}, "zgh": {"Latn"},
}  # fmt: skip
"""Languages that people write in further scripts; a tag that names its script means that one alone."""

CLOSE = (
    frozenset({"bs", "hr", "sr", "sh"}),
    frozenset({"da", "nb", "nn", "no"}),
    frozenset({"id", "ms"}),
    frozenset({"gl", "pt"}),
    frozenset({"zh", "yue", "wuu", "nan", "lzh"}),
    frozenset({"be", "ru", "uk", "rue"}),
    frozenset({"de", "gsw", "lb", "bar"}),
)
"""Groups of languages whose short texts cannot be told apart by n-grams."""

BUCKETS = 1 << 16
UNIFORM = 0.1
"""Weight of the uniform distribution in a profile."""

MARGIN = 0.15
"""Nats an n-gram by which a row must read better as the other language."""

MIN_GRAMS = 36

ROUNDS = 3
"""Foreign rows are taken out of the profile of their table, which lets more of them stand out."""

ALIKE = 0.85
"""Cosine of two profiles below which they are not compared any closer."""

Grams = tuple[np.ndarray, np.ndarray]
"""The hashed n-grams of a table and the row of each."""


@lru_cache(maxsize=1 << 16)
def letter_script(character: str) -> str | None:
    """Return the script of a letter: ``Zyyy`` for one that is not in the list, None for what is no letter."""
    if not character.isalpha():
        return None
    words = unicodedata.name(character, "").split()
    if words and words[0] in {"FULLWIDTH", "HALFWIDTH", "OLD"}:
        words = words[1:]
    return NAMED.get(words[0], "Zyyy") if words else "Zyyy"


def script_counts(text: str) -> dict[str, int]:
    """Count the letters of `text` by ISO 15924 code; digits, marks and punctuation do not count."""
    counts: Counter[str] = Counter()
    for character, count in Counter(text).items():
        code = letter_script(character)
        if code is not None:
            counts[code] += count
    return dict(counts)


def expected_scripts(tag: str) -> frozenset[str]:
    """Return the scripts that text in `tag` may be in; empty if anything may be (``und``, ``mul``)."""
    tag = canonical(tag)
    code = script(tag)
    if code == "Zyyy":
        return frozenset()
    scripts = MADE_OF.get(code, frozenset({code}))
    return scripts if code in tag else scripts | TWO_SCRIPTS.get(tag.partition("-")[0], set())


def in_wrong_script(text: str, tag: str) -> bool:
    """Whether fewer than a fifth of the letters are in a script of `tag`; a text without letters is not wrong.

    The rest may be names, units and loans: ``播放 Spotify`` is Chinese.
    """
    expected = expected_scripts(tag)
    counts = script_counts(text)
    total = sum(counts.values())
    return bool(expected) and total > 0 and 5 * sum(counts.get(code, 0) for code in expected) < total


def wrong_script_share(texts: Sequence[str], tag: str) -> float:
    """Return the share of `texts` that `in_wrong_script` refuses."""
    return sum(in_wrong_script(text, tag) for text in texts) / len(texts) if texts else 0.0


def are_close(one: str, other: str) -> bool:
    """Whether two tags are one language or near relatives that n-grams do not separate."""
    first, second = (canonical(tag).partition("-")[0] for tag in (one, other))
    return first == second or any(first in group and second in group for group in CLOSE)


def foreign_rows(texts: Mapping[str, Sequence[str]]) -> dict[str, dict[int, str]]:
    """Find rows that read like another language's rows.

    Each row is scored under the n-gram profile of every language, its own counted without the row itself, as a
    multinomial mixed with the uniform distribution; it is foreign where another profile wins by `MARGIN` an n-gram.

    Args:
        texts: the rows of each language, by tag.

    Returns:
        Tag to row index to the tag that the row reads like, only for languages with such rows.
    """
    tags = [tag for tag in texts if texts[tag]]
    grams = {tag: _grams(texts[tag]) for tag in tags}
    found: dict[str, dict[int, str]] = {}
    for round_ in range(ROUNDS):
        counts = {tag: _counts(grams[tag], without=found.get(tag, {})) for tag in tags}
        unsettled = [tag for tag in tags if found.get(tag) or not round_]
        found |= {tag: _foreign(tag, grams=grams, counts=counts, known=found.get(tag, {})) for tag in unsettled}
    return {tag: rows for tag, rows in found.items() if rows}


def _counts(grams: Grams, *, without: Mapping[int, str]) -> np.ndarray:
    """Count the n-grams of a table, leaving out the rows that were found to be foreign."""
    buckets, rows = grams
    return np.bincount(buckets[~np.isin(rows, list(without))], minlength=BUCKETS)


def _foreign(
    tag: str, *, grams: Mapping[str, Grams], counts: Mapping[str, np.ndarray], known: Mapping[int, str]
) -> dict[int, str]:
    """The rows of `tag` that another language's counts fit better; `known` are not in the language's own counts."""
    buckets, rows = grams[tag]
    size = np.bincount(rows)
    others = [other for other in counts if _are_comparable(tag, other)]
    if not others:
        return {}
    scores = [np.bincount(rows, weights=_log(counts[other])[buckets]) for other in others]
    own = np.bincount(rows, weights=_log_without_itself(grams[tag], counts[tag], known))
    best = np.max(scores, axis=0)
    which = np.argmax(scores, axis=0)
    foreign = np.flatnonzero((size >= MIN_GRAMS) & (best - own > MARGIN * size))
    return {int(row): others[which[row]] for row in foreign}


def _are_comparable(one: str, other: str) -> bool:
    """Whether n-grams are what tells two languages apart, not their scripts, and can."""
    return bool(expected_scripts(one) & expected_scripts(other)) and not are_close(one, other)


def same_language(texts: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """Return the pairs of tags, no near relatives, whose tables `looks_the_same` takes for one language."""
    tags = [tag for tag in texts if texts[tag]]
    profiles = np.stack([_profile(texts[tag]) for tag in tags]) if tags else np.zeros((0, BUCKETS))
    unit = profiles / np.maximum(np.linalg.norm(profiles, axis=1, keepdims=True), 1e-12)
    near = unit @ unit.T >= ALIKE
    return [
        (one, other)
        for first, one in enumerate(tags)
        for second, other in enumerate(tags[:first])
        if near[first, second] and not are_close(one, other) and looks_the_same(texts[one], texts[other])
    ]


def looks_the_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two tables are in one language: their profiles differ hardly more than two halves of one table.

    The measure is the Jensen-Shannon divergence of the n-gram distributions, between the tables and between the odd
    and even rows of each, of equal length. Tables of one language on other subjects may be missed.
    """
    rows = min(len(one), len(other))
    halves = [_profile(table[start:rows:2]) for table in (one, other) for start in (0, 1)]
    if min(half.sum() for half in halves) < 20 * MIN_GRAMS:
        return False
    within = min(_divergence(halves[0], halves[1]), _divergence(halves[2], halves[3]))
    across = min(_divergence(first, second) for first in halves[:2] for second in halves[2:])
    return across < 1.25 * within


def _grams(texts: Sequence[str]) -> Grams:
    """Hash the n-grams of one to three characters of each text, padded by spaces."""
    padded = [f"  {' '.join(text.casefold().split())} " for text in texts]
    points = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    rows = np.repeat(np.arange(len(padded)), [len(text) for text in padded])
    whole = rows[:-2] == rows[2:]
    first, second, third = (points[start : len(points) - 2 + start][whole] for start in range(3))
    pairs = second * 0x9E3779B1 + third
    mixed = np.concatenate([third, pairs * 0x85EBCA77, (first * 0xC2B2AE3D + pairs) * 0x27D4EB2F])
    buckets = ((mixed * 0x9E3779B97F4A7C15) >> 40) % BUCKETS
    return buckets.astype(np.int64), np.tile(rows[:-2][whole], 3)


def _profile(texts: Sequence[str]) -> np.ndarray:
    return np.bincount(_grams(texts)[0], minlength=BUCKETS) if texts else np.zeros(BUCKETS, dtype=np.int64)


def _log(counts: np.ndarray, size: np.ndarray | None = None) -> np.ndarray:
    """Log-probabilities, mixed with the uniform distribution: what a table lacks costs the same in all of them."""
    total = counts.sum() if size is None else size
    shares = counts / np.maximum(total, 1)
    logs: np.ndarray = np.log((1 - UNIFORM) * shares + UNIFORM / BUCKETS)
    return logs


def _log_without_itself(grams: Grams, counts: np.ndarray, known: Mapping[int, str]) -> np.ndarray:
    """Log-probability of each n-gram under its own table, without what its own row contributes."""
    buckets, rows = grams
    pairs, place, repeats = np.unique(rows * BUCKETS + buckets, return_inverse=True, return_counts=True)
    counted = ~np.isin(pairs // BUCKETS, list(known))
    left = counts[pairs % BUCKETS] - repeats * counted
    size = counts.sum() - np.bincount(rows)[pairs // BUCKETS] * counted
    return _log(left, size)[place]


def _divergence(one: np.ndarray, other: np.ndarray) -> float:
    """Jensen-Shannon divergence of two count vectors, in nats."""
    p, q = one / one.sum(), other / other.sum()
    middle = (p + q) / 2
    parts = [np.sum(part[part > 0] * np.log(part[part > 0] / middle[part > 0])) for part in (p, q)]
    return float(sum(parts) / 2)
