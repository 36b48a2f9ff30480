"""What the trainers of `tokenizers` leave to chance, settled: the same texts give the same pieces in every process.

They keep words in tables whose order differs from process to process. Unigram adds up in that order, so that scores
differ in their last digits, and pieces with equal ones change places; and characters that earned no score of their own
get the least, and a little more from one to the next, in such an order. WordPiece numbers characters within words by
it, and of two pairs that are found equally often joins that with the smaller numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

DIGITS = 6
"""Digits of a score, a natural logarithm, that do not hang on the order in which was added up."""
MORE = 1e-4
"""How much more than the last the next character gets that earned no score."""
WITHIN = "##"
"""How WordPiece writes a piece that begins no word."""


def settled(scored: Sequence[tuple[str, float]]) -> list[list[Any]]:
    """Return the pieces of a Unigram model with their scores, best first, and those with equal scores by name."""
    least = min((score for _, score in scored), default=0.0)
    bound = least + MORE * (sum(len(piece) == 1 for piece, _ in scored) - 0.5)
    found = ((piece, least if len(piece) == 1 and score < bound else score) for piece, score in scored)
    return sorted(([piece, round(score, DIGITS)] for piece, score in found), key=lambda one: (-one[1], one[0]))


def within_words(backend: Any, texts: Iterable[str]) -> list[str]:
    """Return the characters that stand within words of `texts`, as WordPiece writes them, in their order.

    Given to its trainer as special tokens, they have their numbers before it looks at a word.
    """
    normal = backend.normalizer.normalize_str if backend.normalizer else str
    parts = backend.pre_tokenizer.pre_tokenize_str if backend.pre_tokenizer else lambda text: [(text, None)]
    words = (word for text in texts for word, _ in parts(normal(text)))
    return [WITHIN + character for character in sorted({character for word in words for character in word[1:]})]
