import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanword.language.words import is_run, trimmed, words

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, world!", ["Hello", ",", "world", "!"]),
        ("don't stop_it 3.14", ["don", "'", "t", "stop_it", "3", ".", "14"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("שָׁלוֹם עולם", ["שָׁלוֹם", "עולם"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("我爱Python编程。", ["我爱", "Python", "编程", "。"]),
        ("ภาษาไทย ดี", ["ภาษาไทย", "ดี"]),
        ("", []),
        (" \n\t ", []),
        ("--", ["-", "-"]),
    ],
)
def test_words_of_many_scripts(text, expected):
    assert [text[start:end] for start, end in words(text)] == expected


@given(TEXTS)
def test_words_hold_every_character_that_is_no_space_and_no_other(text):
    found = words(text)
    inside = {place for start, end in found for place in range(start, end)}
    assert inside == {place for place, character in enumerate(text) if not character.isspace()}
    assert all(end <= start for (_, end), (start, _) in itertools.pairwise(found))


@given(TEXTS)
def test_no_word_begins_with_a_mark_that_belongs_to_the_one_before(text):
    found = words(text)
    for (_, end), (start, _) in itertools.pairwise(found):
        if end == start and unicodedata.category(text[end - 1])[0] in "LM":
            assert unicodedata.category(text[start])[0] != "M"


def test_a_run_is_in_a_script_without_spaces():
    assert [is_run(word) for word in ("我爱", "ไทย", "hello", "안녕", "3", "カナ")] == [
        True,
        True,
        False,
        False,
        False,
        True,
    ]


@given(TEXTS, st.integers(0, 40), st.integers(0, 40))
def test_blanks_are_taken_off_either_end(text, one, two):
    start, end = sorted((min(one, len(text)), min(two, len(text))))
    first, last = trimmed((start, end), text)
    assert text[first:last] == text[start:end].strip()
    assert start <= first <= last <= end
