from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from loanword.encoders.word_translations import MOST_PAIRS, NONE, ROUNDS, word_translations


def naive(pairs):
    """Model 1 by its definition: a dictionary of chances, one pair and one piece at a time."""
    sides = [({*one}, {*other, NONE}) for one, other in pairs]
    chance = defaultdict(lambda: 1.0)
    for _ in range(ROUNDS):
        counts, totals = defaultdict(float), defaultdict(float)
        for here, there in sides:
            for one in here:
                whole = sum(chance[one, other] for other in there)
                for other in there:
                    counts[one, other] += chance[one, other] / whole
                    totals[other] += chance[one, other] / whole
        chance = {(one, other): value / totals[other] for (one, other), value in counts.items()}
    return chance


def test_chances_are_those_of_the_definition():
    rng = np.random.default_rng(0)
    pairs = [(rng.integers(0, 12, 6).tolist(), rng.integers(100, 112, 7).tolist()) for _ in range(20)]
    expected, found = naive(pairs), word_translations(pairs, most=100)
    assert found.keys() == {n for _, other in pairs for n in other}
    for piece, (ones, chances) in found.items():
        assert {*ones.tolist()} == {one for one, other in expected if other == piece}
        for one, value in zip(ones.tolist(), chances.tolist(), strict=True):
            assert value == pytest.approx(expected[one, piece], abs=1e-9)


def test_words_of_a_cipher_are_found():
    """Every word has one translation, texts are in another order, and some words of the first have none."""
    rng = np.random.default_rng(1)
    pairs = []
    for _ in range(200):
        here = rng.choice(60, 8, replace=False)
        pairs.append((here.tolist(), (rng.permutation(here[here < 50]) + 1000).tolist()))
    found = word_translations(pairs, most=3)
    assert sum(int(ones[0]) == piece - 1000 for piece, (ones, _) in found.items()) >= 48
    assert all(len(ones) <= 3 and chances.sum() == pytest.approx(1.0) for ones, chances in found.values())


def test_the_likeliest_come_first():
    pairs = [([1, 2], [11, 12]), ([1, 3], [11, 13]), ([1], [11])]
    ones, chances = word_translations(pairs, most=2)[11]
    assert ones[0] == 1
    assert chances[0] > chances[1]


def test_nothing_comes_of_nothing():
    assert word_translations([], most=5) == {}
    assert word_translations([([], [7])], most=5) == {}
    assert {*word_translations([([1], []), ([2], [7])], most=5)} == {7}


def test_no_more_pairs_are_looked_at_than_fit():
    pairs = [([n % 5, 5], [100 + n % 5]) for n in range(MOST_PAIRS)]
    assert {*word_translations([*pairs, ([1], [999])], most=2)} == {100, 101, 102, 103, 104}
    assert 999 in word_translations([*pairs[1:], ([1], [999])], most=2)
