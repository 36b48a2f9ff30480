import sys

import numpy as np
import pytest

from loanword.errors import MissingExtra
from loanword.search.graph import Graph, write_graph
from loanword.tasks.neighbours import nearest


def unit(rows, *, width=16, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(rows, width)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def corpus(tmp_path):
    pytest.importorskip("faiss")
    vectors = unit(3000).astype(np.float16)
    write_graph(vectors, tmp_path / "graph.faiss")
    return vectors, Graph(tmp_path / "graph.faiss")


def test_next_to_nothing_is_missed_and_no_score_is_wrong(corpus):
    vectors, graph = corpus
    queries = unit(50, seed=1)
    scores, places = graph.nearest(queries, vectors, count=10)
    right = nearest(queries, vectors, count=10)[1]
    shared = [len(set(one) & set(other)) for one, other in zip(places, right, strict=True)]
    assert sum(shared) >= 0.98 * right.size
    for row, found in enumerate(places):
        np.testing.assert_allclose(scores[row], vectors[found].astype(np.float32) @ queries[row], atol=1e-6)
        assert np.all(np.diff(scores[row]) <= 0)


def test_more_than_there_are(tmp_path):
    pytest.importorskip("faiss")
    vectors = unit(5)
    write_graph(vectors, tmp_path / "g")
    scores, places = Graph(tmp_path / "g").nearest(unit(2, seed=1), vectors, count=9)
    assert sorted(places[0]) == [0, 1, 2, 3, 4]
    assert scores.shape == (2, 5)


def test_what_is_missed_is_marked(corpus):
    vectors, graph = corpus

    class Lost:
        ntotal, hnsw = 3000, type("Hnsw", (), {})()

        def search(self, queries, count):
            return None, np.full((len(queries), count), -1)

    graph.index = Lost()
    scores, places = graph.nearest(unit(1), vectors, count=2)
    assert places.tolist() == [[-1, -1]]
    assert np.all(np.isneginf(scores))


def test_without_faiss(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtra, match=r"needs faiss-cpu, .* Run: pip install 'loanword\[index\]'"):
        write_graph(unit(3), tmp_path / "g")
    with pytest.raises(MissingExtra):
        Graph(tmp_path / "g")
