"""What makes the stock recipe quick enough to measure must not make it another recipe."""

from contextlib import nullcontext

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.trainer_classification", reason="run from the repository root")
from tests.corpus import toy_rows  # noqa: E402


@pytest.mark.parametrize("settings", [{"epochs": 20}, {"epochs": 20, "mean": True, "bf16": True, "grouped": True}])
def test_short_table_trains_the_same_weights_and_answers_are_in_order(tiny_folder, monkeypatch, settings):
    rows = toy_rows("en", "train")[:32]
    trainers = []

    class Kept(peer.Trainer):
        def __init__(self, **named) -> None:
            super().__init__(**named)
            self.start = {name: value.clone() for name, value in self.model.state_dict().items()}
            trainers.append(self)

    monkeypatch.setattr(peer, "Trainer", Kept)
    texts = [row["text"] if n % 2 else row["text"][:8] for n, row in enumerate(rows)]
    for _ in ("short", "long"):
        answers = peer.run(
            str(tiny_folder("bert")),
            texts,
            [n % 2 for n in range(len(rows))],
            texts,
            seed=1,
            settings=peer.Settings(learning_rate=3e-3, **settings),
        )
        trainer = trainers[-1]
        codes = [trainer.processing_class(text, truncation=True, max_length=128, return_tensors="pt") for text in texts]
        model = trainer.model.eval()
        with torch.no_grad():
            alone = [model(input_ids=c["input_ids"], attention_mask=c["attention_mask"]).logits[0] for c in codes]
        assert len(set(answers)) > 1
        assert (answers == [int(logits.argmax()) for logits in alone]).mean() > 0.95
        monkeypatch.setattr(peer, "short_table", lambda *_, **__: nullcontext())
    short, long = (trainer.model.state_dict() for trainer in trainers)
    assert short.keys() == long.keys()
    for name, weights in long.items():
        torch.testing.assert_close(short[name], weights, atol=1e-4, rtol=1e-3)
    (table,) = (name for name in long if name.endswith("word_embeddings.weight"))
    moved = (long[table] != trainers[0].start[table]).any(1)
    assert 5 < moved.sum() < len(moved)
