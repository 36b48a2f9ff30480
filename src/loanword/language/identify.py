"""Which script and which language a text is in, told from the texts at hand alone.

Scripts come from the names of Unicode characters. Languages are compared, not recognised: `foreign_rows` finds the
rows of one language that read like those of another, by character n-grams. It cannot name a language that no table is
in, it needs some dozen rows a language, it says nothing about rows of a word or two, and near relatives (`CLOSE`) are
not held against each other.

What two languages share is above all what both tables talk about: a word that one of them repeats makes every row
with this word read like that one. So no single word may decide, and no language may have more text to be known by
than the one that it is held against.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from loanword.language.tag import canonical, is_segmented, script

NAMED = {
    "ADLAM": "Adlm", "ARABIC": "Arab", "ARMENIAN": "Armn", "BALINESE": "Bali", "BENGALI": "Beng", "BOPOMOFO": "Bopo",
    "CANADIAN": "Cans", "CHEROKEE": "Cher", "CJK": "Hani", "COPTIC": "Copt", "CYRILLIC": "Cyrl", "DEVANAGARI": "Deva",
    "ETHIOPIC": "Ethi", "GEORGIAN": "Geor", "GOTHIC": "Goth", "GREEK": "Grek", "GUJARATI": "Gujr", "GURMUKHI": "Guru",
    "HANGUL": "Hang", "HEBREW": "Hebr", "HIRAGANA": "Hira", "IMPERIAL": "Armi", "JAVANESE": "Java", "KANNADA": "Knda",
    "KATAKANA": "Kana", "KATAKANA-HIRAGANA": "Kana", "KHMER": "Khmr", "LAO": "Laoo", "LATIN": "Latn",
    "MALAYALAM": "Mlym", "MEETEI": "Mtei", "MONGOLIAN": "Mong", "MYANMAR": "Mymr", "NKO": "Nkoo", "OL": "Olck",
    "ORIYA": "Orya", "SINHALA": "Sinh", "SYRIAC": "Syrc", "TAMIL": "Taml", "TELUGU": "Telu", "THAANA": "Thaa",
    "THAI": "Thai", "TIBETAN": "Tibt", "TIFINAGH": "Tfng",
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
"""Nats an n-gram by which a row must read better as the other language to be called foreign."""

LOSS = 0.2
"""Nats an n-gram that the middle row of a table may lose in the profile of a table of the same language.

Between files of one language 0 to 0.2 were seen, also of tweets on other subjects; between the nearest two of 60
languages that are not `CLOSE` 0.3.
"""

MIN_GRAMS = 36

PIECE = 4
"""Characters that count as a word where no spaces divide the text."""

ENOUGH, ROWS = 40 * MIN_GRAMS, 500
"""A table is compared as a whole if it has so many n-grams, by so many evenly spaced rows."""

ROUNDS = 4
"""Rows that read at all better as another language leave their own profile, which lets more of them stand out."""

ALIKE = 0.85
"""Cosine of two profiles below which they are not compared any closer."""


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


def are_close(one: str, other: str) -> bool:
    """Whether two tags are one language or near relatives that n-grams do not separate."""
    first, second = (canonical(tag).partition("-")[0] for tag in (one, other))
    return first == second or any(first in group and second in group for group in CLOSE)


@dataclass(frozen=True)
class _Grams:
    """The hashed n-grams of some texts, the word that each ends in, and the text of each word."""

    buckets: np.ndarray
    words: np.ndarray
    rows: np.ndarray
    size: np.ndarray
    """N-grams of each text."""

    def counts(self, *, without: Sequence[int] = (), step: int = 1) -> np.ndarray:
        """Count the n-grams of the texts but those in `without`; of these, of every `step`-th one."""
        kept = np.delete(np.arange(len(self.size)), np.array(without, dtype=int))[::step]
        return np.bincount(self.buckets[np.isin(self.rows, kept)[self.words]], minlength=BUCKETS)

    def by_word(self, values: np.ndarray) -> np.ndarray:
        """Add up what each n-gram has for each word."""
        return np.bincount(self.words, weights=values, minlength=len(self.rows))


def foreign_rows(texts: Mapping[str, Sequence[str]]) -> dict[str, dict[int, str]]:
    """Find rows that read like another language's rows.

    Each row is scored under the n-gram profile of every language, its own counted without the row itself, as a
    multinomial mixed with the uniform distribution. It is foreign where another profile wins by `MARGIN` an n-gram,
    even without the word that speaks for it the most. A profile to hold against a language is made of no more
    n-grams than the language itself has.

    Args:
        texts: the rows of each language, by tag.

    Returns:
        Tag to row index to the tag that the row reads like, only for languages with such rows.
    """
    grams = {tag: _grams(rows, spaced=is_segmented(tag)) for tag, rows in texts.items() if rows}
    found: dict[str, dict[int, str]] = {}
    for round_ in range(ROUNDS):
        profiles = _Profiles(grams, found)
        unsettled = [tag for tag in grams if found.get(tag) or not round_]
        margin = MARGIN if round_ == ROUNDS - 1 else 0.0
        found |= {tag: _foreign(tag, profiles, margin=margin) for tag in unsettled}
    return {tag: rows for tag, rows in found.items() if rows}


class _Profiles:
    """What is known of each language, without its foreign rows: the log-probabilities of n-grams."""

    def __init__(self, grams: Mapping[str, _Grams], foreign: Mapping[str, Mapping[int, str]]) -> None:
        """Keep the `grams` of each language; the rows in `foreign` are in no profile."""
        self.grams, self._foreign = grams, {tag: list(foreign.get(tag, ())) for tag in grams}
        self._made: dict[tuple[str, int], np.ndarray] = {}

    def own(self, tag: str) -> np.ndarray:
        """Return the log-probability of each n-gram of `tag`, each without what its own row contributes."""
        return _log_without_itself(self.grams[tag], without=self._foreign[tag])

    def of(self, tag: str, *, most: _Grams) -> np.ndarray:
        """Return the profile of `tag` from no more n-grams than `most` are."""
        step = _step(self.grams[tag], most=most)
        if (tag, step) not in self._made:
            self._made[tag, step] = _log(self.grams[tag].counts(without=self._foreign[tag], step=step))
        return self._made[tag, step]


def _foreign(tag: str, profiles: _Profiles, *, margin: float) -> dict[int, str]:
    """The rows of `tag` that another language's profile fits better by `margin` nats an n-gram."""
    grams, others = profiles.grams[tag], [other for other in profiles.grams if _are_comparable(tag, other)]
    if not others:
        return {}
    own = profiles.own(tag)
    gains = []
    for other in others:
        words = grams.by_word(profiles.of(other, most=grams)[grams.buckets] - own)
        strongest = np.zeros(len(grams.size))
        np.maximum.at(strongest, grams.rows, words)
        gains.append(np.bincount(grams.rows, weights=words) - strongest)
    which = np.argmax(gains, axis=0)
    foreign = np.flatnonzero((grams.size >= MIN_GRAMS) & (np.max(gains, axis=0) > margin * grams.size))
    return {int(row): others[which[row]] for row in foreign}


def _are_comparable(one: str, other: str) -> bool:
    """Whether n-grams are what tells two languages apart, not their scripts, and can."""
    return bool(expected_scripts(one) & expected_scripts(other)) and not are_close(one, other)


def same_language(tables: Sequence[tuple[str, Sequence[str]]]) -> dict[int, int]:
    """Find tables that read like the same language as an earlier table of another language.

    Two tables are in one language if, in either direction, the middle row reads at most `LOSS` nats an n-gram worse
    in the profile of the other than in its own. A table that reads like an earlier one of its own language (or of a
    near relative) is where it belongs, whatever else reads like that.

    Args:
        tables: the tag and the rows of each.

    Returns:
        Index of a table to the index of the first one that it reads like.
    """
    sampled = {place: _grams(rows[:: -(-len(rows) // ROWS)]) for place, (_, rows) in enumerate(tables) if rows}
    grams = {place: found for place, found in sampled.items() if found.size.sum() >= ENOUGH}
    near = _near(grams)
    own = {place: _log_without_itself(grams[place]) for place in near if near[place]}

    def loss(one: int, other: int) -> float:
        """How much worse the middle row of `one` reads in the profile of `other` than in its own."""
        step = _step(grams[other], most=grams[one])
        profile = _log(grams[other].counts(step=step))
        rows = np.bincount(grams[one].rows, weights=grams[one].by_word(own[one] - profile[grams[one].buckets]))
        long = grams[one].size >= MIN_GRAMS
        return float(np.median((rows / grams[one].size)[long])) if long.any() else np.inf

    found: dict[int, int] = {}
    for one, others in near.items():
        same = [other for other in others if other < one and min(loss(one, other), loss(other, one)) < LOSS]
        if same and not any(are_close(tables[one][0], tables[other][0]) for other in same):
            found[one] = same[0]
    return found


def _near(grams: Mapping[int, _Grams]) -> dict[int, list[int]]:
    """The tables whose n-grams are so much alike that a closer look is due."""
    if not grams:
        return {}
    counts = np.stack([found.counts() for found in grams.values()])
    unit = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    alike, places = unit @ unit.T >= ALIKE, list(grams)
    return {
        one: [other for column, other in enumerate(places) if alike[row, column] and other != one]
        for row, one in enumerate(places)
    }


def _step(grams: _Grams, *, most: _Grams) -> int:
    """Of every which row a profile is made that is to have no more n-grams than `most`: 1, 2, 4 and so on."""
    return 1 << max(0, int(grams.size.sum() - 1) // int(most.size.sum())).bit_length()


def _grams(texts: Sequence[str], *, spaced: bool = True) -> _Grams:
    """Hash the n-grams of one to three characters of each text, padded by spaces."""
    padded = [f"  {' '.join(text.casefold().split())} " for text in texts]
    lengths = np.array([len(text) for text in padded], dtype=np.int64)
    points = np.frombuffer("".join(padded).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    rows = np.repeat(np.arange(len(padded)), lengths)
    whole = np.flatnonzero(rows[:-2] == rows[2:])
    first, second, third = (points[whole + offset] for offset in range(3))
    place = whole - np.repeat(np.cumsum(lengths) - lengths, lengths - 2)
    starts = (second == ord(" ")) & (third != ord(" ")) if spaced else place % PIECE == 0
    starts |= place == 0
    words = np.cumsum(starts) - 1
    pairs = second * 0x9E3779B1 + third
    mixed = np.concatenate([third, pairs * 0x85EBCA77, (first * 0xC2B2AE3D + pairs) * 0x27D4EB2F])
    buckets = ((mixed * 0x9E3779B97F4A7C15) >> 40) % BUCKETS
    return _Grams(buckets.astype(np.int64), np.tile(words, 3), rows[whole][starts], 3 * (lengths - 2))


def _log(counts: np.ndarray, total: np.ndarray | None = None) -> np.ndarray:
    """Log-probabilities, mixed with the uniform distribution: what a table lacks costs the same in all of them."""
    shares = counts / np.maximum(counts.sum() if total is None else total, 1)
    logs: np.ndarray = np.log((1 - UNIFORM) * shares + UNIFORM / BUCKETS)
    return logs


def _log_without_itself(grams: _Grams, *, without: Sequence[int] = ()) -> np.ndarray:
    """Log-probability of each n-gram under its own table but `without` some rows, and without its own row."""
    rows, counts = grams.rows[grams.words], grams.counts(without=without)
    pairs, place, repeats = np.unique(rows * BUCKETS + grams.buckets, return_inverse=True, return_counts=True)
    counted = ~np.isin(pairs // BUCKETS, without)
    left = counts[pairs % BUCKETS] - repeats * counted
    total = counts.sum() - grams.size[pairs // BUCKETS] * counted
    return _log(left, total)[place]
