"""Too little memory, numbers that are none."""

from __future__ import annotations

import json

import pytest
import torch

from loanword.batches.sampler import Step
from loanword.errors import LoanwordError
from loanword.training.candidates import snapshot
from loanword.training.step import PATIENCE, parts
from loanword.training.trainer import train


class Heard:
    """A listener that remembers what it was told."""

    def __init__(self):
        self.said = []

    def stage(self, name, *, total=0, detail=""):
        pass

    def say(self, text):
        self.said.append(text)


def allocator(rows):
    """Memory for `rows` rows at a time, as torch reports it on a processor."""

    def limit(objective):
        prepare = objective.prepare

        def refuse(items, rng):
            batch = prepare(items, rng)
            if len(items) > rows:
                raise RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate")
            return batch

        objective.prepare = refuse
        return objective

    return limit


def test_a_row_is_never_cut_and_none_is_lost():
    step = Step(0, (tuple(range(7)), (7,), (8, 9)))
    assert list(parts(step, 0)) == [tuple(range(7)), (7,), (8, 9)]
    assert list(parts(step, 1)) == [(0, 1, 2, 3), (4, 5, 6), (7,), (8,), (9,)]
    assert list(parts(step, 9)) == [(row,) for row in range(10)]


class Gradients:
    """A hook that keeps the gradients of the first step."""

    def __init__(self):
        self.first = {}

    def before_update(self, state):
        named = state.model.named_parameters()
        self.first = self.first or {name: value.grad.clone() for name, value in named if value.grad is not None}

    def after_update(self, state):
        pass

    def on_evaluate(self, state, scores):
        pass


def test_where_memory_runs_out_a_step_takes_more_passes_and_means_the_same(toy_run, tiny_kinds):
    options = {"batch_size": 16, "max_steps": 4, "piece_exchange": 0.3, "micro_tokens": 10_000}
    wide, narrow, heard = Gradients(), Gradients(), Heard()
    (plain, encoded), (tight, same) = (toy_run(tiny_kinds, hooks=(hook,), **options) for hook in (wide, narrow))
    allocator(5)(tight.objective)
    whole = train(plain, encoded)
    pieces = train(tight, same, progress=heard)
    assert [text.split(":")[0] for text in heard.said] == ["memory ran out at step 1"] * 2
    assert pieces.steps == whole.steps == 4
    assert len(narrow.first) >= 14
    for name, value in wide.first.items():
        torch.testing.assert_close(narrow.first[name], value, atol=1e-6, rtol=0, msg=name)


def test_one_row_that_does_not_fit_ends_the_run(toy_run):
    run, encoded = toy_run("bert")
    allocator(0)(run.objective)
    with pytest.raises(RuntimeError, match="can't allocate"):
        train(run, encoded, progress=Heard())


class Poison:
    """Makes the loss or the gradient of some steps not a number."""

    def __init__(self, steps, *, gradient=False):
        self.steps, self.gradient, self.weights = set(steps), gradient, {}

    def spoil(self, run):
        loss, self.step = run.objective.loss, 0

        def spoiled(model, batch):
            found = loss(model, batch)
            self.step += 1
            bad = self.step in self.steps and not self.gradient
            return found * float("nan") if bad else found

        run.objective.loss = spoiled
        return run

    def before_update(self, state):
        self.weights[state.step] = snapshot(state.model)
        if self.gradient and state.step + 1 in self.steps:
            next(p for p in state.model.parameters() if p.grad is not None).grad[0] = float("inf")

    def after_update(self, state):
        pass

    def on_evaluate(self, state, scores):
        pass


@pytest.mark.parametrize("gradient", [False, True])
def test_steps_that_are_no_numbers_are_skipped_on_request(toy_run, toy_data, gradient):
    poison = Poison({2, 5, 6}, gradient=gradient)
    run, encoded = toy_run("bert", hooks=(poison,), not_finite="skip", epochs=2, micro_tokens=10_000)
    heard = Heard()
    done = train(poison.spoil(run), encoded, progress=heard)
    what = "gradient is inf" if gradient else "loss is nan"
    assert [text.split(", whose")[0] for text in heard.said] == [f"the {what} at step {step}" for step in (2, 5, 6)]
    assert all(text.endswith(": skipped") for text in heard.said)
    assert done.skipped == done.describe(run.settings)["skipped_steps"] == 3
    for step in range(done.steps - 1):
        same = all(torch.equal(v, poison.weights[step + 1][n]) for n, v in poison.weights[step].items())
        assert same == (step + 1 in poison.steps)
    assert all(bool(value.isfinite().all()) for value in done.candidates["averaged"].values())
    lines = {f"train-en.jsonl:{number}" for number in range(1, 1000)}
    texts = [json.loads(line)["text"] for line in toy_data["train"]["en"].read_text(encoding="utf-8").splitlines()]
    for said in heard.said:
        assert any(line in said for line in lines)
        assert not any(text in said for text in texts)


def test_a_run_of_nothing_but_bad_steps_gives_up(toy_run):
    poison = Poison(range(3, 1000))
    run, encoded = toy_run("bert", hooks=(poison,), not_finite="skip", max_steps=60, min_steps=60, micro_tokens=10_000)
    with pytest.raises(LoanwordError, match=rf"at step {PATIENCE + 2}, whose rows .* steps before it were skipped"):
        train(poison.spoil(run), encoded, progress=Heard())


def test_by_default_the_first_bad_step_stops_the_run_with_the_weights_before_it(toy_run):
    poison = Poison({4})
    run, encoded = toy_run("bert", hooks=(poison,), epochs=2, micro_tokens=10_000)
    with pytest.raises(LoanwordError, match=r"the loss is nan at step 4, whose rows are .*not_finite to skip"):
        train(poison.spoil(run), encoded)
    assert all(bool(value.isfinite().all()) for value in run.model.parameters())
