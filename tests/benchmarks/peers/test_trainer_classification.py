"""What makes the stock recipe quick enough to measure must not make it another recipe."""

from contextlib import nullcontext

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.trainer_classification", reason="run from the repository root")
from tests.corpus import toy_rows  # noqa: E402

TEXTS = [row["text"] if n % 2 else row["text"][:8] for n, row in enumerate(toy_rows("en", "train")[:32])]


@pytest.fixture(params=[{}, {"mean": True, "bf16": True, "grouped": True}], ids=["plain", "mean, bf16, grouped"])
def recipe(tiny_folder, monkeypatch, request):
    """Run the stock recipe on short and long texts: its answers, and the Trainer that gave them."""
    trainers = []

    class Kept(peer.Trainer):
        def __init__(self, **named) -> None:
            super().__init__(**named)
            self.start = {name: value.clone() for name, value in self.model.state_dict().items()}
            trainers.append(self)

    monkeypatch.setattr(peer, "Trainer", Kept)

    def run():
        answers = peer.run(
            str(tiny_folder("bert")),
            TEXTS,
            [n % 2 for n in range(len(TEXTS))],
            TEXTS,
            seed=1,
            settings=peer.Settings(learning_rate=3e-3, epochs=20, **request.param),
        )
        return answers, trainers[-1]

    return run


def test_answers_are_in_the_order_of_the_texts(recipe):
    answers, trainer = recipe()
    codes = [trainer.processing_class(text, return_tensors="pt") for text in TEXTS]
    with torch.no_grad():
        alone = [
            trainer.model.eval()(input_ids=row["input_ids"], attention_mask=row["attention_mask"]).logits[0]
            for row in codes
        ]
    assert len(set(answers)) > 1
    assert (answers == [int(logits.argmax()) for logits in alone]).mean() > 0.95


def test_short_table_trains_the_same_weights(recipe, monkeypatch):
    _, short = recipe()
    monkeypatch.setattr(peer, "short_table", lambda *_, **__: nullcontext())
    _, long = recipe()
    same(short, long)
    (table,) = (name for name in long.start if name.endswith("word_embeddings.weight"))
    moved = (long.model.state_dict()[table] != short.start[table]).any(1)
    assert 5 < moved.sum() < len(moved)


def same(one, other):
    """The weights of two Trainers are equal but for rounding."""
    ours, theirs = one.model.state_dict(), other.model.state_dict()
    assert ours.keys() == theirs.keys()
    for name, weights in theirs.items():
        torch.testing.assert_close(ours[name], weights, atol=1e-4, rtol=1e-3)
