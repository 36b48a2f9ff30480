import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanword.search.bitext import Pair, Quality, best_threshold, pairs_of, quality
from loanword.tasks.neighbours import SCORINGS


def two_sides(*, rows=40, shared=25, noise=0.6, seed=0, width=12):
    """Source and target of which the first `shared` rows belong together, the others to nobody."""
    rng = np.random.default_rng(seed)
    left = rng.normal(size=(rows, width))
    right = rng.normal(size=(rows + 5, width))
    right[:shared] = left[:shared] + noise * rng.normal(size=(shared, width))
    return tuple((part / np.linalg.norm(part, axis=1, keepdims=True)).astype(np.float32) for part in (left, right))


def by_hand(left, right, scoring, neighbours):
    cosine = left.astype(float) @ right.T.astype(float)
    here, there = (np.sort(part, axis=1)[:, ::-1][:, :neighbours].mean(1) for part in (cosine, cosine.T))
    scores = {
        "cosine": cosine,
        "csls": 2 * cosine - here[:, None] - there[None],
        "margin": 2 * cosine / (here[:, None] + there[None]),
    }[scoring]
    found = {(row, int(scores[row].argmax())) for row in range(len(left))}
    found |= {(int(scores[:, row].argmax()), row) for row in range(len(right))}
    return {pair: scores[pair] for pair in found}


@pytest.mark.parametrize("scoring", SCORINGS)
@pytest.mark.parametrize("neighbours", [1, 4, 99])
def test_candidates_are_the_best_of_either_direction(scoring, neighbours):
    left, right = two_sides()
    found = pairs_of(left, right, scoring=scoring, neighbours=neighbours, one_to_one=False)
    expected = by_hand(left, right, scoring, neighbours)
    assert {(one.source, one.target) for one in found} == set(expected)
    for one in found:
        assert one.score == pytest.approx(expected[one.source, one.target], rel=1e-4)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_one_to_one_takes_the_best_first_and_no_side_twice():
    left, right = two_sides()
    every = pairs_of(left, right, one_to_one=False)
    found = pairs_of(left, right)
    left_over = list(every)
    expected = []
    while left_over:  # The definition: the best that is left, then all that share a side with it go.
        best = left_over.pop(0)
        expected.append(best)
        left_over = [one for one in left_over if one.source != best.source and one.target != best.target]
    assert found == expected
    assert len(found) < len(every)


def test_what_belongs_together_is_found():
    left, right = two_sides(noise=0.2)
    gold = {(row, row) for row in range(25)}
    found = pairs_of(left, right)
    bound = best_threshold(found, gold)
    scores = quality([one for one in found if one.score >= bound], gold)
    assert scores.f1 > 0.95
    assert quality(found, gold).precision < scores.precision


def test_one_side_is_empty():
    left, _ = two_sides()
    assert pairs_of(left, left[:0]) == pairs_of(left[:0], left) == []


def test_quality_by_hand():
    pairs = [Pair(0, 0, 3.0), Pair(1, 2, 2.0), Pair(2, 1, 1.0)]
    found = quality(pairs, {(0, 0), (2, 1), (5, 5), (6, 6)})
    assert (found.precision, found.recall) == (2 / 3, 0.5)
    assert found.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert quality([], {(0, 0)}) == quality(pairs, set()) == Quality(0.0, 0.0)
    assert Quality(0.0, 0.0).f1 == 0


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=1, max_size=12), st.integers(0, 3))
def test_no_other_threshold_is_better(rows, missing):
    """Against every threshold there is, also where scores are equal."""
    rows = sorted(rows, key=lambda row: -row[0])
    pairs = [Pair(number, number, float(score)) for number, (score, _) in enumerate(rows)]
    gold = {(number, number) for number, (_, right) in enumerate(rows) if right} | {(99, n) for n in range(missing)}

    def f1(bound):
        return quality([one for one in pairs if one.score >= bound], gold).f1

    chosen = best_threshold(pairs, gold)
    assert f1(chosen) == pytest.approx(max(f1(one.score) for one in pairs))
    below = [one.score for one in pairs if one.score < chosen]
    above = [one.score for one in pairs if one.score >= chosen]
    assert not below or chosen == (max(below) + min(above)) / 2


def test_nothing_to_choose_from():
    assert best_threshold([], {(0, 0)}) == 0
