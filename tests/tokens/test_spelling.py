from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanword.tokens.spelling import UNSEEN, Spellings

PIECES = st.lists(st.text(st.sampled_from("abcй中"), min_size=1, max_size=6), min_size=1, max_size=12, unique=True)


def by_hand(pieces, weights):
    """Interpolated trigrams of characters in dictionaries, one piece after the other."""
    counts = defaultdict(lambda: defaultdict(float))
    for piece, weight in zip(pieces, weights, strict=True):
        spelt = f"^{piece}"
        for end in range(1, len(spelt)):
            for start in range(max(0, end - 2), end + 1):
                if weight:
                    counts[spelt[start:end]][spelt[end]] += weight
    least = min((weight for weight in weights if weight), default=1)
    found = []
    for piece in pieces:
        spelt, total = f"^{piece}", 0.0
        for end in range(1, len(spelt)):
            chance = UNSEEN
            for start in range(end, max(0, end - 2) - 1, -1):
                after = counts.get(spelt[start:end])
                if after:
                    new = len(after) * least
                    chance = (after.get(spelt[end], 0) + new * chance) / (sum(after.values()) + new)
            total += math.log(chance)
        found.append(total)
    return found


@given(pieces=PIECES, data=st.data())
@settings(deadline=None)
def test_as_one_would_count_by_hand(pieces, data):
    weights = data.draw(st.lists(st.sampled_from([0, 0.5, 1, 3, 20]), min_size=len(pieces), max_size=len(pieces)))
    found = Spellings(pieces).log_probabilities(np.array(weights, dtype=float))
    assert found == pytest.approx(by_hand(pieces, weights), rel=1e-9)


def test_a_language_prefers_its_own_spelling():
    pieces = ["▁sch", "▁schl", "▁the", "▁that", "▁schw", "▁thr"]
    spellings = Spellings(pieces)
    german, english = (
        spellings.log_probabilities(np.array(weights, dtype=float))
        for weights in ([5, 3, 0, 0, 0, 0], [0, 0, 9, 4, 0, 0])
    )
    assert german[4] > english[4]
    assert german[5] < english[5]


def test_there_may_be_no_pieces():
    assert len(Spellings([]).log_probabilities(np.array([]))) == 0
