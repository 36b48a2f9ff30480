from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from loanword.batches.batch import collate
from loanword.errors import UsageError
from loanword.objectives.objective import OBJECTIVES
from loanword.randomness import generator
from loanword.training.trainer import train


class Shrink:
    """Pull every text's vector to zero: the few lines that an objective of one's own takes."""

    def __init__(self):
        self.drawn = []

    def prepare(self, encoded, rng):
        self.drawn.append(int(rng.integers(1000)))
        return collate(encoded, pad_id=1)

    def head(self, encoder):
        return torch.nn.Identity()

    def loss(self, model, batch):
        return model.encoder(batch).pooled.square().mean()


def shrunk(toy_run, seed):
    """Train with `Shrink`; returns the loss before and after, and what was drawn in between."""
    run, encoded = toy_run("xlm-roberta", seed=seed, epochs=3, max_steps=15)
    run = replace(run, objective=Shrink())
    whole = Shrink().prepare(encoded, generator(0))
    with torch.no_grad():
        before = float(run.objective.loss(run.model.eval(), whole))
        with torch.enable_grad():
            train(run, encoded)
        return before, float(run.objective.loss(run.model, whole)), run.objective.drawn


def test_an_objective_of_ones_own_is_minimised_and_draws_from_its_own_stream(toy_run):
    before, after, drawn = shrunk(toy_run, 3)

    assert after < 0.8 * before
    assert len(drawn) == 15
    assert shrunk(toy_run, 3) == (before, after, drawn)
    assert shrunk(toy_run, 4)[2] != drawn


def test_unknown_objectives_are_told():
    with pytest.raises(UsageError, match="unknown objective 'no-such-thing'"):
        OBJECTIVES.get("no-such-thing")
