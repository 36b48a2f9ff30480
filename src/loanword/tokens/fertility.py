"""How well a vocabulary fits a language: pieces per word, unknown pieces, texts that were cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loanword.language.tag import is_segmented
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Fertility:
    """Pieces per word, or per character for languages written without spaces; shares of unknown pieces, cut rows."""

    fertility: float
    unknown: float
    truncated: float


def fertility(texts: Sequence[str], encoded: Sequence[Encoded], *, language: str, tokenizer: Tokenizer) -> Fertility:
    """Measure `texts` of `language` through their encodings.

    Words are what stands between white space; where a language does not separate words (Chinese, Thai, ...)
    characters are counted instead, so compare such languages with one another only. Special tokens and the
    model's prefix are not counted. Rust et al. 2021, "How Good is Your Tokenizer?".
    """
    words = sum(len(text.split()) if is_segmented(language) else len("".join(text.split())) for text in texts)
    extra = len(tokenizer.encode([""], languages=[language])[0].ids)
    pieces = sum(max(0, len(item.ids) - extra) for item in encoded)
    unknown = sum(item.ids.count(tokenizer.unknown_id) for item in encoded) if tokenizer.unknown_id is not None else 0
    cut = sum(item.truncated for item in encoded)
    return Fertility(
        fertility=pieces / max(1, words),
        unknown=unknown / max(1, pieces),
        truncated=cut / max(1, len(encoded)),
    )
