"""Who is laid aside, by the text alone."""

import numpy as np
import pytest

from loanword.data.corpus.held_out import EARLY, LEAST, HeldOut

KEYS = np.random.default_rng(0).integers(0, 2**64 - 1, size=40_000, dtype=np.uint64).tolist()


def taken(keys, share=0.01, language="de"):
    aside = HeldOut(share)
    return [key for key in keys if aside.takes(key, language=language)]


@pytest.mark.parametrize("share", [0.002, 0.01, 0.1, 0.5])
def test_the_share_is_kept(share):
    deviation = (len(KEYS) * share * (1 - share)) ** 0.5
    assert abs(len(taken(KEYS, share)) - share * len(KEYS)) < 4 * deviation + LEAST


def test_nothing_is_taken_of_nothing():
    assert taken(KEYS, 0) == []


def test_a_corpus_that_grows_moves_nothing():
    whole = set(taken(KEYS))
    for size in (10, 100, 1000, 20_000):
        assert set(taken(KEYS[:size])) == whole & set(KEYS[:size])


def test_little_text_has_some_and_a_language_for_itself():
    aside = HeldOut(0.01)
    for tag in ("de", "sw"):
        count = sum(aside.takes(key, language=tag) for key in KEYS[:200])
        assert LEAST <= count <= LEAST + 200 * 0.05
    early = [key for key in taken(KEYS[:200]) if key / 2**64 >= 0.01]
    assert 0 < len(early) <= LEAST
    assert all(key / 2**64 < EARLY for key in early)


def test_copies_are_on_one_side():
    twice = [*KEYS[:3000], *KEYS[:3000]]
    aside = HeldOut(0.01)
    sides = [aside.takes(key, language="de") for key in twice]
    assert sides[:3000] == sides[3000:]
    assert sum(sides) > 20
