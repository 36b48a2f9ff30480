"""In which language is a text that a model wrote, that somebody wants searched, or that a corpus holds?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from types import ModuleType

import numpy as np

from loanword.errors import MissingExtra
from loanword.language.identify import in_wrong_script
from loanword.language.tag import canonical

NONE = "zxx"
"""What py3langid calls a text without words."""

SURE = 0.5
"""Least probability of a language that is named: likelier than all others together (docs/log.md)."""


def share_in(texts: Sequence[str], language: str) -> float:
    """Return the share of `texts` that are in `language`, as py3langid sees it; by script alone where it knows it not.

    Short texts are often taken for another language; the rate of texts by people says how often.
    """
    base = canonical(language).partition("-")[0]
    identifier = _identifier()
    known = base in {tag for tag, _ in identifier.rank("")}
    right = [
        identifier.classify(text)[0] == base if known else not in_wrong_script(text, language)
        for text in texts
        if text.strip()
    ]
    return sum(right) / len(texts) if texts else 0.0


def expect_measurable() -> None:
    """Raise `MissingExtra` unless there is all that it takes to measure texts: to be known before training."""
    if absent := [package for package in ("sacrebleu", "py3langid") if find_spec(package) is None]:
        raise MissingExtra("generation", " and ".join(absent), "measuring what is written")


def compared(said: Sequence[str], wanted: Sequence[str], *, language: str) -> dict[str, float]:
    """Return the share of texts in `language`, that of the references, and how long the ones are beside the others."""
    if not wanted:
        return {}
    lengths = [sum(map(len, texts)) for texts in (said, wanted)]
    return {
        "right-language": share_in(said, language),
        "right-language-of-the-references": share_in(wanted, language),
        "length-to-that-of-the-references": lengths[0] / max(1, lengths[1]),
    }


def identified(texts: Sequence[str]) -> list[str]:
    """Return the language of each of `texts` as py3langid sees it; "und" where no language is likelier than not."""
    return [tag if share >= SURE else "und" for tag, share in guesses(texts)]


def guesses(texts: Sequence[str]) -> list[tuple[str, float]]:
    """Return the likeliest language of each of `texts` and its probability; ("und", 0) of nothing."""
    identifier = _identifier()
    seen = [_likeliest(identifier, text) if text.strip() else (NONE, 0.0) for text in texts]
    return [(canonical(code), share) if code != NONE else ("und", 0.0) for code, share in seen]


@cache
def identifiable() -> frozenset[str]:
    """Return the languages that can be told."""
    return frozenset(canonical(code) for code, _ in _identifier().rank("") if code != NONE)


def expect_identifier() -> None:
    """Raise `MissingExtra` unless there is what tells the language of documents: to be known before any is read."""
    if find_spec("py3langid") is None:
        raise MissingExtra("corpus", "py3langid", "telling the language of documents")


def _likeliest(identifier: ModuleType, text: str) -> tuple[str, float]:
    """Return the language that py3langid puts first, and its probability.

    The features of a text are not independent, and add up to a false certainty: the softmax is tempered by the root of
    the number of bytes, as py3langid tempers its own.
    """
    codes, scores = zip(*identifier.rank(text), strict=True)
    tempered = np.array(scores) / math.sqrt(len(text.encode("utf-8", "surrogatepass")))
    return codes[0], float(1 / np.exp(tempered - tempered[0]).sum())


@cache
def _identifier() -> ModuleType:
    try:
        import py3langid
    except ImportError:
        raise MissingExtra("generation", "py3langid", "identifying the language of written text") from None
    return py3langid  # type: ignore[no-any-return, unused-ignore]
