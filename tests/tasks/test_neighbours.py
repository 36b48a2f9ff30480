import numpy as np
import pytest

from loanword.errors import UsageError
from loanword.tasks import neighbours as module
from loanword.tasks.neighbours import crowding, nearest, rescored


def unit(rows, *, width=8, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("cells", [1, 100, 2**24])
@pytest.mark.parametrize("count", [1, 3, 20, 99])
def test_it_is_brute_force_whatever_the_block(monkeypatch, cells, count):
    monkeypatch.setattr(module, "CELLS", cells)
    queries, corpus = unit(13), unit(20, seed=1)
    cosines, places = nearest(queries, corpus, count=count)
    every = queries @ corpus.T
    order = np.argsort(-every, axis=1, kind="stable")[:, :count]
    assert np.array_equal(places, order)
    np.testing.assert_allclose(cosines, np.take_along_axis(every, order, axis=1), atol=1e-6)


def test_crowding_is_the_mean_of_the_nearest():
    queries, corpus = unit(5), unit(30, seed=1)
    every = np.sort(queries @ corpus.T, axis=1)[:, ::-1]
    np.testing.assert_allclose(crowding(queries, corpus), every[:, :10].mean(1), atol=1e-6)
    np.testing.assert_allclose(crowding(queries, corpus[:4]), (queries @ corpus[:4].T).mean(1), atol=1e-6)


def test_scorings_from_their_definitions():
    cosines, here, there = np.array([[0.8, 0.6]]), np.array([[0.5]]), np.array([[0.7, 0.2]])
    np.testing.assert_allclose(rescored(cosines, here, there, scoring="cosine"), cosines)
    np.testing.assert_allclose(rescored(cosines, here, there, scoring="csls"), [[0.4, 0.5]])
    np.testing.assert_allclose(rescored(cosines, here, there, scoring="margin"), [[0.8 / 0.6, 0.6 / 0.35]])
    with pytest.raises(UsageError, match="unknown scoring 'dot'; known: cosine, csls, margin"):
        rescored(cosines, here, there, scoring="dot")
