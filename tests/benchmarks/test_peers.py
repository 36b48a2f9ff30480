"""What makes the stock recipe quick enough to measure must not make it another recipe."""

from contextlib import nullcontext

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.trainer_classification", reason="run from the repository root")
from tests.corpus import toy_rows  # noqa: E402


@pytest.mark.parametrize("settings", [{"epochs": 4}, {"epochs": 4, "mean": True, "bf16": True, "grouped": True}])
def test_short_table_trains_the_same_weights(tiny_folder, monkeypatch, settings):
    rows = toy_rows("en", "train")[:32]
    names = sorted({row["label"] for row in rows})
    trainers = []

    class Kept(peer.Trainer):
        def __init__(self, **named) -> None:
            super().__init__(**named)
            self.start = {name: value.clone() for name, value in self.model.state_dict().items()}
            trainers.append(self)

    monkeypatch.setattr(peer, "Trainer", Kept)
    for _ in ("short", "long"):
        peer.run(
            str(tiny_folder("bert")),
            [row["text"] for row in rows],
            [names.index(row["label"]) for row in rows],
            ["one text"],
            seed=1,
            settings=peer.Settings(learning_rate=1e-3, **settings),
        )
        monkeypatch.setattr(peer, "short_table", lambda *_, **__: nullcontext())
    short, long = (trainer.model.state_dict() for trainer in trainers)
    assert short.keys() == long.keys()
    for name, weights in long.items():
        torch.testing.assert_close(short[name], weights, atol=5e-6, rtol=1e-4)
    (table,) = (name for name in long if name.endswith("word_embeddings.weight"))
    moved = (long[table] != trainers[0].start[table]).any(1)
    assert 5 < moved.sum() < len(moved)
