"""The Hungarian method against all permutations."""

from itertools import permutations

import numpy as np
import pytest

from loanword.data.assignment import best_permutation


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6])
def test_against_all_permutations(size):
    rng = np.random.default_rng(size)
    for _ in range(30):
        gain = rng.integers(0, 8, (size, size)).astype(float)  # small numbers: many ties
        chosen = best_permutation(gain)
        assert sorted(chosen) == list(range(size))
        best = max(sum(gain[i, j] for i, j in enumerate(order)) for order in permutations(range(size)))
        assert sum(gain[i, j] for i, j in enumerate(chosen)) == best


def test_recovers_a_hidden_permutation_of_sixty():
    rng = np.random.default_rng(0)
    hidden = rng.permutation(60)
    gain = rng.random((60, 60))
    gain[np.arange(60), hidden] += 2
    assert best_permutation(gain) == hidden.tolist()


def test_nothing_to_assign():
    assert best_permutation(np.zeros((0, 0))) == []
