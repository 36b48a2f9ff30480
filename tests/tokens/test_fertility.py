from __future__ import annotations

import pytest

from loanword.tokens.fertility import fertility
from loanword.tokens.tokenizer import Tokenizer


@pytest.fixture
def measure(fresh_tokenizer):
    def measure(texts, *, language, kind="wordpiece", prefix="", max_length=64):
        tokenizer = Tokenizer(fresh_tokenizer(kind), prefix=prefix, max_length=max_length)
        encoded = tokenizer.encode(texts, languages=[language] * len(texts))
        return fertility(texts, encoded, language=language, tokenizer=tokenizer), tokenizer

    return measure


@pytest.mark.parametrize("prefix", ["", "query: "])
def test_pieces_per_word_by_hand(measure, sentences, prefix):
    texts = list(sentences["ru"])

    found, tokenizer = measure(texts, language="ru", prefix=prefix)

    pieces = sum(len(tokenizer.pieces(text)) for text in texts)
    assert found.fertility == pytest.approx(pieces / sum(len(text.split()) for text in texts))
    assert found.fertility > 1
    assert (found.unknown, found.truncated) == (0, 0)


@pytest.mark.parametrize("language", ["zh", "th"])
def test_unsegmented_languages_count_characters(measure, sentences, language):
    texts = list(sentences[language])

    found, tokenizer = measure(texts, language=language)

    pieces = sum(len(tokenizer.pieces(text)) for text in texts)
    assert found.fertility == pytest.approx(pieces / sum(len("".join(text.split())) for text in texts))


def test_unknown_pieces_and_cut_texts_are_counted(measure):
    found, _ = measure(["warm ☃", "warm soup " * 60], language="en", max_length=16)

    assert found.unknown == pytest.approx(1 / (2 + 14), abs=0.06)
    assert found.truncated == 0.5


def test_nothing_to_measure(measure):
    found, _ = measure([], language="en")

    assert (found.fertility, found.unknown, found.truncated) == (0, 0, 0)
