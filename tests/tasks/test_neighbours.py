import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loanword.errors import UsageError
from loanword.tasks import neighbours as module
from loanword.tasks.neighbours import SCORINGS, crowdings, nearest, nearest_both, rescored

BLOCKS = [1, 100, 2**22]


def unit(rows, *, width=8, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def best(scores, count):
    """The first `count` of every row by sorting them all."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(scores, order, axis=1), order


def scored(left, right, scoring, count=10):
    """All scores by the definitions of the papers, in double precision."""
    cosine = left.astype(float) @ right.T.astype(float)
    here, there = (np.sort(part, axis=1)[:, ::-1][:, :count].mean(1) for part in (cosine, cosine.T))
    if scoring == "csls":
        return 2 * cosine - here[:, None] - there[None, :]
    return cosine / ((here[:, None] + there[None, :]) / 2) if scoring == "margin" else cosine


@pytest.mark.parametrize("cells", BLOCKS)
@pytest.mark.parametrize("count", [1, 3, 20, 99])
@pytest.mark.parametrize("scoring", SCORINGS)
def test_it_is_brute_force_whatever_the_block(monkeypatch, cells, count, scoring):
    monkeypatch.setattr(module, "CELLS", cells)
    left, right = unit(13) + 0.5, unit(20, seed=1) + 0.5
    left, right = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (left, right))
    every = scored(left, right, scoring)
    for found, expected in zip(
        (nearest(left, right, count=count, scoring=scoring), *nearest_both(left, right, count=count, scoring=scoring)),
        (best(every, count), best(every, count), best(every.T, count)),
        strict=True,
    ):
        np.testing.assert_allclose(found[0], expected[0], rtol=1e-5, atol=1e-6)
        assert np.array_equal(found[1], expected[1])


GRID = st.integers(1, 12).flatmap(
    lambda rows: arrays(np.float32, (rows, 2), elements=st.sampled_from([-1, -0.0, 0, 1]))
)


@given(GRID, GRID, st.integers(1, 14), st.sampled_from(BLOCKS))
@settings(deadline=None)
def test_of_equal_ones_the_first_wins(left, right, count, cells):
    """Whole numbers, so that scores are equal to the last bit; signs, zeros of either sign, and blocks of one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "CELLS", cells)
        forward, backward = nearest_both(left, right, count=count)
    for (scores, places), every in ((forward, left @ right.T), (backward, right @ left.T)):
        expected, order = best(every, count)
        assert np.array_equal(places, order)
        assert np.array_equal(scores, expected)


def test_half_precision_on_disk_is_what_it_is_in_memory(tmp_path):
    np.save(tmp_path / "vectors.npy", unit(500).astype(np.float16))
    mapped = np.load(tmp_path / "vectors.npy", mmap_mode="r")
    queries = unit(7, seed=1)
    scores, places = nearest(queries, mapped, count=5)
    expected, order = best(queries @ np.asarray(mapped, dtype=np.float32).T, 5)
    assert np.array_equal(places, order)
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_memory_does_not_grow_with_the_corpus(monkeypatch):
    """No block is larger than it may be, and every part of the corpus is read once."""
    seen = []
    real = module.np.asarray
    monkeypatch.setattr(module, "CELLS", 4096)
    monkeypatch.setattr(module.np, "asarray", lambda part, **how: seen.append(part.shape) or real(part, **how))
    nearest(unit(30), unit(5000, seed=1), count=3)
    queries, *blocks = seen
    assert queries == (30, 8)
    assert sum(rows for rows, _ in blocks) == 5000
    assert max(30 * rows for rows, _ in blocks) <= 4096


def test_nothing_is_near_nothing():
    for scores, places in nearest_both(unit(0), unit(3), count=2):
        assert scores.size == places.size == 0
    assert nearest(unit(2), unit(0), count=2)[1].shape == (2, 0)


def test_crowding_is_the_mean_of_the_nearest():
    left, right = unit(5), unit(30, seed=1)
    every = left @ right.T
    for count in (10, 4):
        here, there = crowdings(left, right, count=count)
        np.testing.assert_allclose(here, np.sort(every, axis=1)[:, ::-1][:, :count].mean(1), atol=1e-6)
        np.testing.assert_allclose(there, np.sort(every, axis=0)[::-1][:count].mean(0), atol=1e-6)


def test_scorings_from_their_definitions():
    cosines, here, there = np.array([[0.8, 0.6]]), np.array([[0.5]]), np.array([[0.7, 0.2]])
    np.testing.assert_allclose(rescored(cosines, here, there, scoring="cosine"), cosines)
    np.testing.assert_allclose(rescored(cosines, here, there, scoring="csls"), [[0.4, 0.5]])
    np.testing.assert_allclose(rescored(cosines, here, there, scoring="margin"), [[0.8 / 0.6, 0.6 / 0.35]])
    with pytest.raises(UsageError, match="unknown scoring 'dot'; known: cosine, csls, margin"):
        rescored(cosines, here, there, scoring="dot")
    with pytest.raises(UsageError, match="unknown scoring 'dot'"):
        nearest(unit(2), unit(2), count=1, scoring="dot")
