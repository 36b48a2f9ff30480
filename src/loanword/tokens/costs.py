"""What a text costs in a vocabulary, language by language: in pieces, unknown ones, and ends that are cut off.

Rust et al. 2021, "How Good is Your Tokenizer?"; Petrov et al. 2023, "Language Model Tokenizers Introduce Unfairness
Between Languages".
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from loanword.language.tag import is_segmented

UNKNOWN = 0.01
"""Share of unknown pieces from which a language is said to lack pieces."""
FAR = 2.0
"""How many times the pieces of others from which a language is said to lack pieces."""
OTHERS = 3
"""Other languages that it takes to say what is usual."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A tokenizer of transformers, fast or not, as a model uses it: with its `prefix` and its limit in pieces."""

    stock: Any
    max_length: int
    prefix: str = ""

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the pieces of `texts`, however many, without prefix and special tokens."""
        if not texts:
            return []
        backend = getattr(self.stock, "backend_tokenizer", None)
        limit = backend.truncation if backend else None
        found: list[list[int]] = self.stock(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
        if backend and limit:  # Which transformers has taken away; it may be a `Tokenizer`'s.
            backend.enable_truncation(**limit)
        return found

    @property
    def room(self) -> int:
        """Pieces of a text that are read."""
        return self.max_length - int(self.stock.num_special_tokens_to_add()) - len(self.pieces([self.prefix])[0])


@dataclass(frozen=True, slots=True)
class Cost:
    """What the texts of a language cost.

    `fertility` is pieces a word, or a character where words are not written apart (`by_word` is False). `unknown` is a
    share of the pieces, `cut` a share of the texts: of those longer than the model reads. `premium` is pieces beside
    those of the same texts in the first language, None where texts are not the same.
    """

    texts: int
    pieces: int
    by_word: bool
    fertility: float
    per_hundred: float
    unknown: float
    cut: float
    premium: float | None = None


def costs(reader: Reader, texts: Mapping[str, Sequence[str]], *, parallel: bool = False) -> dict[str, Cost]:
    """Measure `texts` by language; if `parallel`, those at one place say the same in all languages."""
    found: dict[str, Cost] = {}
    room, first = reader.room, None
    for tag, lines in texts.items():
        read = reader.pieces(lines)
        pieces = sum(map(len, read))
        first = pieces if first is None else first
        characters, by_word = sum(map(len, lines)), is_segmented(tag)
        units = sum(len(line.split()) if by_word else len("".join(line.split())) for line in lines)
        found[tag] = Cost(
            texts=len(lines),
            pieces=pieces,
            by_word=by_word,
            fertility=pieces / max(1, units),
            per_hundred=100 * pieces / max(1, characters),
            unknown=sum(ids.count(reader.stock.unk_token_id) for ids in read) / max(1, pieces),
            cut=sum(len(ids) > room for ids in read) / max(1, len(lines)),
            premium=pieces / max(1, first) if parallel else None,
        )
    return found


def lacking(found: Mapping[str, Cost]) -> dict[str, list[str]]:
    """Return by language why it lacks pieces; languages that have enough are left out."""
    usual = {}
    for by_word in (True, False):
        alike = [one.fertility for one in found.values() if one.by_word == by_word]
        usual[by_word] = median(alike) if len(alike) > OTHERS else math.inf
    reasons: dict[str, list[str]] = {tag: [] for tag in found}
    first = next(iter(found), "")
    for tag, one in found.items():
        if one.unknown > UNKNOWN:
            reasons[tag].append(f"{one.unknown:.1%} of its pieces are unknown")
        if one.premium is not None and one.premium > FAR:
            reasons[tag].append(f"{one.premium:.2f} times the pieces of {first} for the same texts")
        elif one.premium is None and one.fertility > FAR * usual[one.by_word]:
            of = "word" if one.by_word else "character"
            reasons[tag].append(f"{one.fertility:.1f} pieces a {of}, where {usual[one.by_word]:.1f} are usual")
    return {tag: why for tag, why in reasons.items() if why}
