import numpy as np
import pytest

pytest.importorskip("sentence_transformers")
pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.sentence_vectors", reason="run from the repository root")
from benchmarks.peers.settings import Settings  # noqa: E402
from tests.corpus import SENTENCES  # noqa: E402

PAIRS = list(zip(SENTENCES["en"], SENTENCES["ru"], strict=True))
SCORES = [float(row % 2) for row in range(len(PAIRS))]
TEXTS = [text for pair in PAIRS for text in pair]


@pytest.mark.filterwarnings("ignore")  # What the library warns of is its own.
def test_scores_and_pairs_are_learned_and_vectors_come_in_order(tiny_folder):
    def vectors(scores, **changes):
        settings = Settings(**{"learning_rate": 3e-3, "epochs": 10, "batch_size": 10, **changes})
        found, fitted = peer.run(str(tiny_folder("bert")), PAIRS, scores, TEXTS, seed=0, settings=settings)
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
        assert fitted.rows == len(PAIRS)
        return found[::2], found[1::2]

    left, right = vectors(SCORES)
    cosines = (left * right).sum(axis=1)
    assert min(cosines[1::2]) > max(cosines[::2]), "pairs with a score are nearer"
    before = vectors(None, steps=1, learning_rate=1e-12)
    after = vectors(None, grouped=True)
    ranked = [(one @ two.T).argmax(axis=1) == np.arange(len(PAIRS)) for one, two in (before, after)]
    assert ranked[0].mean() < 0.6
    assert ranked[1].all(), "each text finds its translation"
