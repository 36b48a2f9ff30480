"""Find near-duplicates of texts among many others in about linear time.

MinHash of character shingles (Broder 1997, on the resemblance and containment of documents) cut into bands for
locality-sensitive hashing; what shares a band is then compared exactly, so nothing is reported that is not similar.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loanword.randomness import generator

SHINGLE = 5
BANDS, DEEP = 20, 5
"""100 hashes; a pair at the threshold 0.8 shares no band with probability (1 - 0.8**5)**20 = 0.0004."""

CANDIDATES, COMPARED = 256, 8
"""Of so many texts that share a band with a text, the so many likeliest are compared exactly."""


def fold(text: str) -> str:
    """Fold what readers take for the same text: compatibility forms, case, white space, characters without a shape."""
    shapeless = {ord(character): None for character in set(text) if unicodedata.category(character) == "Cf"}
    text = unicodedata.normalize("NFKC", text.translate(shapeless) if shapeless else text)
    return " ".join(unicodedata.normalize("NFKC", text.casefold()).split())


def bare(text: str) -> str:
    """Fold a text and leave its punctuation and symbols out; what has nothing else keeps them."""
    folded = fold(text)
    marks = {ord(character): " " for character in set(folded) if unicodedata.category(character)[0] in "PS"}
    return " ".join(folded.translate(marks).split()) or folded


@dataclass(frozen=True)
class Shingles:
    """The different hashed shingles of each text: text `i` has ``hashes[starts[i] : starts[i + 1]]``, sorted."""

    hashes: np.ndarray
    starts: np.ndarray

    def of(self, text: np.integer) -> np.ndarray:
        """Return those of one text."""
        return self.hashes[self.starts[text] : self.starts[text + 1]]


def near_duplicates(texts: Sequence[str], among: Sequence[str], *, threshold: float = 0.8) -> dict[int, int]:
    """Find for each of `texts` a similar one in `among`.

    Similarity is the Jaccard index of the sets of 5-character shingles of the texts after `fold`; a text of fewer
    characters is one shingle.

    Returns:
        Index in `texts` to index in `among`, only where the similarity is at least `threshold`.
    """
    if not texts or not among:
        return {}
    left, right = (shingled([fold(text) for text in side]) for side in (texts, among))
    signatures = min_hashes(left, count=BANDS * DEEP), min_hashes(right, count=BANDS * DEEP)
    keys = band_keys(signatures[0], deep=DEEP), band_keys(signatures[1], deep=DEEP)
    order = np.argsort(keys[1], axis=0)
    ranked = np.take_along_axis(keys[1], order, axis=0)
    first = np.stack([np.searchsorted(ranked[:, band], keys[0][:, band], "left") for band in range(BANDS)], axis=1)
    last = np.stack([np.searchsorted(ranked[:, band], keys[0][:, band], "right") for band in range(BANDS)], axis=1)
    found: dict[int, int] = {}
    for text in np.flatnonzero((last > first).any(axis=1)):
        share = CANDIDATES // BANDS
        spans = [
            order[a : min(b, a + share), band] for band, (a, b) in enumerate(zip(first[text], last[text], strict=True))
        ]
        candidates = np.unique(np.concatenate(spans))
        alike = (signatures[1][candidates] == signatures[0][text]).mean(axis=1)
        for other in candidates[np.argsort(-alike, kind="stable")[:COMPARED]]:
            if _jaccard(left.of(text), right.of(other)) >= threshold:
                found[int(text)] = int(other)
                break
    return found


def shingled(folded: Sequence[str]) -> Shingles:
    """Return the shingles of texts that are folded already."""
    folded = [text.ljust(SHINGLE) for text in folded]
    points = np.frombuffer("".join(folded).encode("utf-32-le", "surrogatepass"), dtype="<u4").astype(np.uint64)
    rows = np.repeat(np.arange(len(folded)), [len(text) for text in folded])
    hashes = np.zeros(len(points) - SHINGLE + 1, dtype=np.uint64)
    for offset in range(SHINGLE):
        hashes = (hashes ^ points[offset : len(hashes) + offset]) * np.uint64(0x9E3779B97F4A7C15)
        hashes ^= hashes >> np.uint64(29)
    whole = rows[: len(hashes)] == rows[SHINGLE - 1 :]
    rows, hashes = rows[: len(whole)][whole], hashes[whole]
    order = np.lexsort((hashes, rows))
    rows, hashes = rows[order], hashes[order]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (rows[1:] != rows[:-1]) | (hashes[1:] != hashes[:-1])
    starts = np.searchsorted(rows[new], np.arange(len(folded) + 1))
    return Shingles(hashes[new], starts)


def min_hashes(shingles: Shingles, *, count: int) -> np.ndarray:
    """MinHash: the least of the shingles' values under each of `count` random multiply-shift hashes, (texts, count)."""
    rng = generator(0, "minhash")
    factors = rng.integers(1, 1 << 63, size=count, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    addends = rng.integers(0, 1 << 63, size=count, dtype=np.uint64)
    least = [
        np.minimum.reduceat((shingles.hashes * factor + addend) >> np.uint64(32), shingles.starts[:-1])
        for factor, addend in zip(factors, addends, strict=True)
    ]
    return np.stack(least, axis=1).astype(np.uint32)


def band_keys(signatures: np.ndarray, *, deep: int) -> np.ndarray:
    """Hash each band of `deep` values of a signature to one key, (texts, bands)."""
    keys = np.zeros((len(signatures), signatures.shape[1] // deep), dtype=np.uint64)
    for column in range(deep):
        keys = (keys ^ signatures[:, column::deep]) * np.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> np.uint64(32)
    return keys


def _jaccard(one: np.ndarray, other: np.ndarray) -> float:
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)
