from __future__ import annotations

import math

import pytest
import torch

from loanword.hardware import Hardware
from loanword.objectives.mixed import Mixed
from loanword.objectives.mlm import MaskedLanguageModel
from loanword.objectives.ranking import TranslationRanking
from loanword.training.held_out import HeldOut, losses, measured_by
from loanword.training.state import State

CPU = Hardware(device="cpu", precision="fp32", threads=1)


@pytest.fixture
def made(tiny_encoder, sentences):
    loaded = tiny_encoder("xlm-roberta")
    mixed = Mixed({"mlm": MaskedLanguageModel(loaded.tokenizer), "ranking": TranslationRanking(loaded.tokenizer)})
    model = torch.nn.Module()
    model.encoder, model.head = loaded.encoder, mixed.head(loaded.encoder)
    rows = {tag: loaded.tokenizer.encode(list(sentences[tag]), languages=[tag] * 10) for tag in ("en", "ru")}
    return loaded, mixed, model.eval(), rows


def test_losses_are_the_mean_over_hidden_pieces(made):
    """One row at a time, with the same pieces hidden, by transformers' whole scores."""
    loaded, mixed, model, rows = made
    how = measured_by(mixed, loaded.tokenizer, rows)
    found = losses(model, how, rows, hardware=CPU)
    from loanword.randomness import generator

    for tag, items in rows.items():
        order = sorted(range(len(items)), key=lambda row: len(items[row]))
        rng, total, count, characters = generator(0, "held out", tag), 0.0, 0, 0
        for row in order:
            batch = how.objective.prepare([items[row]], rng)
            with model.head["masked"].assembled() as whole, torch.no_grad():
                scores = whole.eval()(**loaded.encoder.inputs(batch)).logits[0]
            for place, piece in zip(batch.targets.places, batch.targets.pieces, strict=True):
                total -= float(scores[place].log_softmax(-1)[piece])
                characters += len(loaded.tokenizer.token(int(piece)))
                count += 1
            assert (batch.ids.flatten()[batch.targets.places] == how.objective.masking.mask_id).all()
        assert found[tag].hidden == count
        assert found[tag].nats == pytest.approx(total / count, abs=1e-4)
        assert found[tag].bits == pytest.approx(total / math.log(2) / characters, abs=1e-4)


def test_the_same_pieces_every_time(made):
    loaded, mixed, model, rows = made
    how = measured_by(mixed, loaded.tokenizer, rows)
    first, second = (losses(model, how, rows, hardware=CPU) for _ in range(2))
    assert first == second


def test_a_run_that_guesses_nothing_is_not_measured(made):
    loaded, _, _, rows = made
    assert measured_by(Mixed({"ranking": TranslationRanking(loaded.tokenizer)}), loaded.tokenizer, rows) is None


def test_points_come_before_the_first_step_every_so_often_and_at_the_end(made):
    loaded, mixed, model, rows = made
    hook = HeldOut(measured_by(mixed, loaded.tokenizer, rows), rows, CPU, every=3)
    state = State(model=model, steps=7)
    for step in range(7):
        state.step = step
        hook.before_update(state)
        state.step = step + 1
        state.tokens = 10 * state.step
        hook.after_update(state)
    assert [(point["step"], point["tokens"]) for point in hook.points] == [(0, 0), (3, 30), (6, 60), (7, 70)]
    assert hook.seconds > 0
    other = HeldOut(None, rows, CPU, every=3)
    other.recall(hook.remember(), state)
    assert other.points == hook.points


def test_means_by_objective():
    from loanword.training.held_out import ByObjective

    mixed = Mixed({"a": object(), "b": object()})
    hook, state = ByObjective(mixed, every=4), State(model=None, steps=6)
    for step, (name, loss) in enumerate([("a", 1.0), ("b", 4.0), ("a", 3.0), ("b", 2.0), ("a", 5.0), ("a", 7.0)], 1):
        mixed.last, state.step, state.loss = name, step, loss
        hook.after_update(state)
    assert hook.points == [
        {"step": 4, "objectives": {"a": 2.0, "b": 3.0}},
        {"step": 6, "objectives": {"a": 6.0}},
    ]
