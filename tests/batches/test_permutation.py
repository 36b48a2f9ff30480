from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from loanword.batches.permutation import Permutation


@given(st.integers(1, 3000), st.integers(0, 2**40))
def test_every_row_comes_once(size, seed):
    assert [*np.sort(Permutation(size, seed)(np.arange(size)))] == [*range(size)]


def test_parts_are_those_of_the_whole():
    whole = Permutation(1000, 7, "en", 0)(np.arange(1000))
    assert np.array_equal(Permutation(1000, 7, "en", 0)(np.arange(300, 400)), whole[300:400])


def test_seeds_and_names_give_other_orders():
    orders = [Permutation(1000, *names)(np.arange(1000)) for names in ((1, "a"), (2, "a"), (1, "b"))]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert (orders[one] == orders[other]).mean() < 0.02


def test_large_sizes_stay_in_range():
    size = 10**10
    found = Permutation(size, 3)(np.arange(100_000) * 99_991)
    assert found.min() >= 0
    assert found.max() < size
    assert len(np.unique(found)) == 100_000
    assert stats.kstest(found / size, "uniform").pvalue > 0.001


@pytest.mark.parametrize("place", [0, 500])
def test_a_place_gets_any_row(place):
    """Over many seeds the rows at a place are uniform, and neighbours unrelated."""
    rows = np.array([Permutation(1000, seed)(np.array([place, place + 1])) for seed in range(3000)])
    assert stats.chisquare(np.bincount(rows[:, 0] // 50, minlength=20)).pvalue > 0.001
    assert abs(np.corrcoef(rows.T)[0, 1]) < 0.06
