"""What the stock recipes of all tasks share: what makes them quick enough to measure makes no other recipe of them."""

import json
import shutil
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("accelerate")
peer = pytest.importorskip("benchmarks.peers.trainer_pairs", reason="run from the repository root")
from benchmarks.peers.settings import Settings  # noqa: E402
from tests.corpus import SENTENCES  # noqa: E402

from benchmarks.peers import trainer_fit  # noqa: E402

PAIRS = [(text, text[: 4 + 3 * row]) for row, text in enumerate((*SENTENCES["en"], *SENTENCES["zh"]))]
LABELS = [("no", "yes")[row % 2] for row in range(len(PAIRS))]
SETTINGS = Settings(learning_rate=3e-3, epochs=12, batch_size=4, padded=True, warmup=0.1)


@pytest.fixture
def recipe(tiny_folder, monkeypatch):
    """Run the stock recipe for pairs: its answers, what it took, and the Trainer."""

    monkeypatch.setattr(peer, "LENGTH", 60)

    def run(settings, tests=PAIRS, folder=None):
        kept = []

        def fit(*given, **named):
            kept.append(trainer_fit.fit(*given, **named))
            return kept[-1]

        monkeypatch.setattr(peer, "fit", fit)
        answers, fitted = peer.run(str(folder or tiny_folder("bert")), PAIRS, LABELS, tests, seed=1, settings=settings)
        return answers, fitted, kept[0][0]

    return run


def test_quick_or_not_the_same_weights_are_trained(recipe, tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder("bert"), tmp_path / "without dropout")
    said = json.loads((folder / "config.json").read_text())
    without = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps({**said, **without}))
    _, quick, short = recipe(SETTINGS, [], folder)
    _, whole, long = recipe(replace(SETTINGS, quick=False), [], folder)
    assert len(quick.steps) == len(whole.steps) == 60
    assert quick.tokens == whole.tokens, "padding does not count"
    assert quick.rows == len(PAIRS)
    ours, theirs = short.model.state_dict(), long.model.state_dict()
    assert ours.keys() == theirs.keys()
    for name, weights in theirs.items():
        # Rows of other widths are added up in another order, and Adam makes whole steps of that: 2.3e-4 with AMX.
        torch.testing.assert_close(ours[name], weights, atol=5e-4, rtol=2e-3)
    widths = [{row["input_ids"].shape[1] for row in trainer.get_train_dataloader()} for trainer in (short, long)]
    assert max(widths[0]) < 60
    assert widths[1] == {60}


def test_answers_are_in_the_order_of_the_rows(recipe, monkeypatch):
    monkeypatch.setattr(trainer_fit, "AT_ONCE", 7)
    answers, _, trainer = recipe(replace(SETTINGS, grouped=True))
    with torch.no_grad():
        codes = [trainer.processing_class(*pair, return_tensors="pt") for pair in PAIRS]
        alone = [
            trainer.model.eval()(input_ids=row["input_ids"], attention_mask=row["attention_mask"]).logits[0]
            for row in codes
        ]
    assert len(set(answers)) == 2
    assert answers == [("no", "yes")[int(logits.argmax())] for logits in alone]


def test_few_steps_are_few(recipe):
    _, fitted, _ = recipe(replace(SETTINGS, steps=3), [])
    assert len(fitted.steps) == 3
