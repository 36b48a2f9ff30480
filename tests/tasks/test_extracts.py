import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from loanword.language.words import words
from loanword.tasks.extracts import likeness

CASES = [
    ("A small kettle for the kitchen, made of steel.", "steel kettle"),
    ("banana bananas anna ana", "ana banana"),
    ("ein kleiner, schneller Wandler", "Ein schneller Wandler"),
    ("お湯を沸かすやかん。台所で使う。", "台所のやかん"),
    ("x", "y"),
]


@pytest.mark.parametrize(("text", "summary"), CASES)
def test_every_stretch_has_the_chrf_that_sacrebleu_gives_it(text, summary):
    check(text, summary, words(text))


@settings(max_examples=60, deadline=None)
@given(st.text("ab c", min_size=1, max_size=24), st.text("ab c", min_size=1, max_size=12))
def test_repeated_letters_count_no_more_often_than_they_are_wanted(text, summary):
    units = [(place, place + 1) for place, character in enumerate(text) if not character.isspace()]
    if units and summary.strip():
        check(text, summary, units)


def check(text, summary, units):
    oracle, longest = CHRF(), len(units)
    scores = likeness(text, summary, units, longest=longest)
    assert scores.shape == (len(units), longest)
    for first in range(len(units)):
        for more in range(longest):
            if first + more >= len(units):
                assert scores[first, more] == -1
                continue
            said = text[units[first][0] : units[first + more][1]]
            assert scores[first, more] * 100 == pytest.approx(oracle.sentence_score(said, [summary]).score)


def test_the_longest_stretch_bounds_the_columns():
    text = "one two three four"
    every = likeness(text, "two three", words(text), longest=4)
    assert np.array_equal(likeness(text, "two three", words(text), longest=2), every[:, :2])
