from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch
from tests.batches.test_mixture import Numbers

from loanword.batches.mixture import Mixture, Part, Rows
from loanword.pretrain_config import PretrainTraining
from loanword.progress import Silent
from loanword.tasks.model import Model
from loanword.training.budget import planned, timed


class Lazy:
    """An objective that reads its rows and learns one number."""

    def prepare(self, encoded, rng):
        from loanword.batches.batch import collate

        rng.random()
        return collate(encoded, pad_id=1)

    def loss(self, model, batch):
        return model.encoder(batch).pooled.mean()


class Short(Numbers):
    """Rows that the tiny encoder has room for."""

    def lengths(self, numbers):
        return super().lengths(numbers) % 20 + 5


@pytest.fixture
def run(toy_run):
    found, _ = toy_run("bert")
    model = Model(found.model.encoder, torch.nn.Linear(2, 2))
    return replace(found, model=model, objective=Lazy(), settings=PretrainTraining(length=40))


def parts():
    return [
        Part("mlm", {"en": Numbers("en", 100), "ru": Numbers("ru", 50)}, weight=3, batch_size=10),
        Part("tlm", {"en:ru": Numbers("en", 10)}, weight=1, batch_size=10),
    ]


def mixture(some):
    return partial(Mixture, some, micro_tokens=1000, seed=0)


def test_steps_are_steps(run):
    run = replace(run, settings=PretrainTraining(steps=7))
    assert planned(run, Rows(parts()), mixture(parts()), progress=Silent()) == 7


def test_passes_are_those_over_the_first_objective(run):
    """150 rows of the first, ten a step, and it has three of four steps."""
    run = replace(run, settings=PretrainTraining(passes=2))
    assert planned(run, Rows(parts()), mixture(parts()), progress=Silent()) == 40


def test_no_more_steps_than_the_cap_allows(run, caplog):
    """10 pairs five times, ten a step, in a fourth of the steps: 20."""
    some = [replace(part, cap=5) for part in parts()]
    run = replace(run, settings=PretrainTraining(steps=1000))
    assert planned(run, Rows(some), mixture(some), progress=Silent()) == 20
    assert "more often than sampling.cap: there will be 20" in caplog.text


def test_minutes_are_steps_that_take_as_long(run, caplog):
    some = [Part("mlm", {"en": Short("en", 100)}, batch_size=4)]
    run = replace(run, settings=PretrainTraining(minutes=0.05))
    before = {name: value.clone() for name, value in run.model.state_dict().items()}
    steps = planned(run, Rows(some), mixture(some), progress=Silent())
    seconds = timed(run, Rows(some), mixture(some)(steps=100, every=1), 0)
    assert 0.2 < steps * seconds / 3 < 5
    assert "0.05 minutes are" in caplog.text
    for name, value in run.model.state_dict().items():
        assert torch.equal(value, before[name]), name
    assert all(value.grad is None for value in run.model.parameters())


def test_an_objective_begins_before_it_is_timed(run):
    class Begun(Lazy):
        begun = False

        def begin(self, encoded, encoder):
            assert isinstance(encoder, type(run.model.encoder))
            self.begun = True
            return ()

        def prepare(self, encoded, rng):
            assert self.begun
            return super().prepare(encoded, rng)

    some = [Part("mlm", {"en": Short("en", 100)}, batch_size=4)]
    again = replace(run, objective=Begun(), settings=PretrainTraining(minutes=0.001))
    assert planned(again, Rows(some), mixture(some), progress=Silent()) >= 1


def test_timing_draws_no_random_number(run):
    some = [Part("mlm", {"en": Numbers("en", 100)}, batch_size=2)]
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    with pytest.MonkeyPatch().context() as patch:
        patch.setattr(Numbers, "lengths", lambda self, numbers: numbers % 7 + 4)
        timed(run, Rows(some), mixture(some)(steps=100, every=1), 0)
    assert torch.equal(torch.rand(3), expected)
