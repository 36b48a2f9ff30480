"""What training puts down is JSON and tensors, and taking it up gives it all back."""

from __future__ import annotations

import json

import torch

from loanword.randomness import generator
from loanword.training.candidates import snapshot
from loanword.training.hooks import Average, KeepBest
from loanword.training.optimizer import adamw, schedule
from loanword.training.resume import Moving
from loanword.training.state import State


def moving(run):
    optimizer = adamw(run.model, run.settings)
    rate = schedule(optimizer, kind="linear", steps=10, warmup=0.2)
    state = State(model=run.model, steps=10)
    return Moving(state, optimizer, rate, generator(1, "objective"), [Average(share=1.0), KeepBest(patience=3)])


def test_everything_that_moves_comes_back(toy_run):
    (run, _), (fresh, _) = toy_run("bert"), toy_run("bert")
    one, two = moving(run), moving(fresh)
    for _ in range(3):
        for parameter in run.model.parameters():
            parameter.grad = torch.randn_like(parameter)
        one.optimizer.step()
        one.rate.step()
        one.rng.random(5)
        one.state.step += 1
        one.hooks[0].after_update(one.state)
    one.hooks[1].on_evaluate(one.state, {"en": 0.5})
    one.hooks[1].on_evaluate(one.state, {"en": 0.4})
    one.state.tokens, one.state.loss, one.state.skipped, one.state.halvings = 70, 0.1, 1, 2
    torch.manual_seed(9)
    saved = one.put_down()
    text = json.dumps(saved.values)
    expected = (torch.rand(3), one.rng.random(3).tolist())

    torch.manual_seed(1)
    two.take_up(
        type(saved)(saved.step, {name: value.clone() for name, value in saved.tensors.items()}, json.loads(text))
    )
    assert (torch.rand(3).equal(expected[0]), two.rng.random(3).tolist()) == (True, expected[1])
    for name, value in snapshot(run.model).items():
        assert torch.equal(snapshot(fresh.model)[name], value)
    for mine, other in zip(one.optimizer.param_groups, two.optimizer.param_groups, strict=True):
        assert mine["lr"] == other["lr"]
        for a, b in zip(mine["params"], other["params"], strict=True):
            assert one.optimizer.state[a].keys() == two.optimizer.state[b].keys() == {"step", "exp_avg", "exp_avg_sq"}
            assert all(
                torch.equal(value, two.optimizer.state[b][name]) for name, value in one.optimizer.state[a].items()
            )
    assert two.rate.get_last_lr() == one.rate.get_last_lr()
    assert two.rate.last_epoch == 3
    ours, theirs = (vars(item.state) for item in (one, two))
    assert {k: v for k, v in ours.items() if k not in ("model", "candidates")} == {
        k: v for k, v in theirs.items() if k not in ("model", "candidates")
    }
    assert two.state.candidates.keys() == {"averaged", "source-dev-best"}
    assert two.hooks[0].mean.count == 3
    assert two.hooks[0].mean.weights is two.state.candidates["averaged"]
    assert (two.hooks[1].best, two.hooks[1].waited) == (0.5, 1)
