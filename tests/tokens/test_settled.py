from __future__ import annotations

from tokenizers import normalizers, pre_tokenizers

from loanword.tokens.settled import settled, within_words


def test_scores_that_differ_in_their_last_digits_are_equal_and_names_part_them():
    one = [("b", -1.0), ("a", -1.0 - 1e-14), ("ab", -2.0), ("ac", -3.0)]
    other = [("a", -1.0), ("b", -1.0 - 1e-14), ("ab", -2.0), ("ac", -3.0)]
    assert settled(one) == settled(other) == [["a", -1.0], ["b", -1.0], ["ab", -2.0], ["ac", -3.0]]


def test_characters_without_a_score_of_their_own_have_the_least():
    """They come a ten-thousandth apart, in some order; `d` is none of them, nor is a longer piece."""
    scored = [("d", -2.0), ("ab", -8.9998), ("x", -8.9999), ("y", -9.0), ("long", -9.0), ("z", -8.9998)]
    assert settled(scored) == [["d", -2.0], ["ab", -8.9998], ["long", -9.0], ["x", -9.0], ["y", -9.0], ["z", -9.0]]
    assert settled([]) == []


def test_characters_within_words():
    class Backend:
        normalizer = normalizers.BertNormalizer(lowercase=True)
        pre_tokenizer = pre_tokenizers.BertPreTokenizer()

    class Bare:
        normalizer = pre_tokenizer = None

    assert within_words(Backend, ["Cab a-d", "CE"]) == ["##a", "##b", "##e"]
    assert within_words(Bare, ["Cab", "CE"]) == ["##E", "##a", "##b"]
