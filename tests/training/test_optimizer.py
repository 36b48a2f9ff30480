from __future__ import annotations

import math

import pytest
import torch

from loanword.errors import UsageError
from loanword.training.optimizer import (
    PRETRAINED,
    UNTRAINED,
    adamw,
    expect_layers,
    freeze,
    head_peak,
    peak_rate,
    schedule,
    train_mode,
)


def rates(kind, steps, warmup):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    found = schedule(optimizer, kind=kind, steps=steps, warmup=warmup)
    values = []
    for _ in range(steps):
        values.append(found.get_last_lr()[0])
        optimizer.step()
        found.step()
    return values


@pytest.mark.parametrize("kind", ["linear", "cosine", "constant"])
@pytest.mark.parametrize(("steps", "warmup", "rising"), [(10, 0.0, 0), (10, 0.3, 3), (1, 0.1, 0), (7, 0.5, 4)])
def test_the_schedule_is_the_formula(kind, steps, warmup, rising):
    expected = []
    for step in range(steps):
        done = (step - rising) / max(1, steps - rising)
        factor = {"linear": 1 - done, "cosine": (1 + math.cos(math.pi * done)) / 2, "constant": 1.0}[kind]
        expected.append(2 * ((step + 1) / (rising + 1) if step < rising else factor))

    assert rates(kind, steps, warmup) == pytest.approx(expected)
    assert min(expected) > 0  # No update is thrown away.


def by_parameter(optimizer):
    return {id(p): (group["lr"], group["weight_decay"]) for group in optimizer.param_groups for p in group["params"]}


def test_every_parameter_is_in_one_group(toy_run, tiny_kinds):
    run, _ = toy_run(tiny_kinds)

    optimizer = adamw(run.model, run.settings)

    listed = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id(p) for p in run.model.parameters()}


def test_weight_decay_touches_matrices_above_the_embeddings_only(toy_run, tiny_kinds):
    run, _ = toy_run(tiny_kinds, weight_decay=0.25)

    found = by_parameter(adamw(run.model, run.settings))

    embeddings = {id(p) for p in run.model.encoder.layer_parameters()[0]}
    decays = {name: found[id(p)][1] for name, p in run.model.named_parameters()}
    assert decays["head.linear.weight"] == 0.25
    for name, parameter in run.model.named_parameters():
        assert decays[name] == (0.25 if parameter.ndim > 1 and id(parameter) not in embeddings else 0.0), name


def test_rates_fall_by_layer_and_the_head_has_its_own(toy_run, tiny_kinds):
    run, _ = toy_run(tiny_kinds, learning_rate=0.01, layer_decay=0.5, head_rate=3.0)

    found = by_parameter(adamw(run.model, run.settings))

    for depth, parameters in enumerate(run.model.encoder.layer_parameters()):
        assert {found[id(p)][0] for p in parameters} == {0.01 * 0.5 ** (2 - depth)}
    assert {found[id(p)][0] for p in run.model.head.parameters()} == {0.01 * 3}


@pytest.mark.parametrize(
    ("untrained", "settings", "expected"),
    [
        (False, {"head_rate": 100.0}, 100 * PRETRAINED),
        (False, {"head_rate": 0.5}, 0.5 * PRETRAINED),
        (True, {"head_rate": 100.0}, 100 * PRETRAINED),
        (True, {"head_rate": 1.0}, UNTRAINED),
        (True, {"head_rate": 0.5, "learning_rate": 0.1}, 0.05),
    ],
)
def test_a_head_beside_an_encoder_without_any_past_is_no_fresher(
    toy_run, tiny_kinds, monkeypatch, untrained, settings, expected
):
    run, _ = toy_run(tiny_kinds, **{"learning_rate": None, **settings})
    monkeypatch.setattr(type(run.model.encoder), "untrained", untrained)
    assert head_peak(run.model, run.settings) == pytest.approx(expected)
    found = by_parameter(adamw(run.model, run.settings))
    assert {found[id(p)][0] for p in run.model.head.parameters()} == {head_peak(run.model, run.settings)}


@pytest.mark.parametrize(("layers", "embeddings", "still"), [(0, False, 0), (0, True, 1), (1, False, 2), (2, False, 3)])
def test_freeze(toy_run, tiny_kinds, layers, embeddings, still):
    run, _ = toy_run(tiny_kinds)

    freeze(run.model, layers=layers, embeddings=embeddings)

    moving = [{p.requires_grad for p in group} for group in run.model.encoder.layer_parameters()]
    assert moving == [{False}] * still + [{True}] * (3 - still)
    assert all(p.requires_grad for p in run.model.head.parameters())
    frozen = {id(p) for p in run.model.parameters() if not p.requires_grad}
    assert not frozen & by_parameter(adamw(run.model, run.settings)).keys()


def test_freezing_can_be_taken_back(toy_run):
    run, _ = toy_run("bert")
    freeze(run.model, layers=2, embeddings=False)

    freeze(run.model, layers=0, embeddings=False)

    assert all(parameter.requires_grad for parameter in run.model.parameters())


def test_more_layers_than_there_are(toy_run, tiny_kinds):
    run, _ = toy_run(tiny_kinds)

    for count in (0, 1, 2):
        expect_layers(run.model.encoder, count)
    with pytest.raises(UsageError, match="freeze_layers is 3, but the model has 2 layers"):
        expect_layers(run.model.encoder, 3)
    with pytest.raises(UsageError, match="freeze_layers is 3"):
        freeze(run.model, layers=3, embeddings=False)


def test_train_mode_without_frozen_layers_is_all_training(toy_run, tiny_kinds):
    run, _ = toy_run(tiny_kinds)
    run.model.eval()

    train_mode(run.model, layers=0)

    assert all(part.training for part in run.model.modules())


def test_train_mode_keeps_what_is_frozen_still(toy_run):
    run, _ = toy_run("bert")

    train_mode(run.model, layers=1)

    encoder = run.model.encoder.model
    assert not any(part.training for part in (*encoder.embeddings.modules(), *encoder.encoder.layer[0].modules()))
    assert all(part.training for part in (*run.model.head.modules(), *encoder.encoder.layer[1].modules()))


def test_the_default_rate_asks_whether_there_is_a_past_to_lose(toy_run):
    run, _ = toy_run("bert", learning_rate=None)
    assert peak_rate(run.model, run.settings) == adamw(run.model, run.settings).defaults["lr"] == 1e-4
    run.model.head.pace = 0.3
    assert peak_rate(run.model, run.settings) == pytest.approx(3e-5)
    with torch.no_grad():
        for part in run.model.encoder.modules():
            if isinstance(part, torch.nn.LayerNorm):
                part.weight.fill_(1)
                part.bias.zero_()
    assert peak_rate(run.model, run.settings) == adamw(run.model, run.settings).defaults["lr"] == 1e-3
    assert peak_rate(run.model, run.settings.model_copy(update={"learning_rate": 0.5})) == 0.5


def computed(name, kind):
    return kind.startswith("marian") and "embed_positions" in name


def test_a_decoder_that_came_with_the_encoder_learns_as_its_top_does(seq2seq_run, seq2seq_kind):
    run, _ = seq2seq_run(seq2seq_kind, head_rate=5.0, layer_decay=0.5, weight_decay=0.25, learning_rate=1e-3)
    optimizer = adamw(run.model, run.settings)
    listed = [id(p) for group in optimizer.param_groups for p in group["params"]]
    assert len(listed) == len(set(listed))
    assert set(listed) == {id(p) for name, p in run.model.named_parameters() if not computed(name, seq2seq_kind)}
    found = by_parameter(optimizer)
    by_depth = run.model.encoder.layer_parameters()
    table = run.model.encoder.model.get_input_embeddings().weight
    assert found[id(table)] == (1e-3 * 0.25, 0.0)  # Whoever else reads it, it is the encoder's.
    of_encoder = {id(p) for parameters in by_depth for p in parameters}
    beside = [found[id(p)] for p in run.model.head.parameters() if id(p) not in of_encoder and id(p) in found]
    assert len(beside) > 10
    assert {rate for rate, _ in beside} == {1e-3}
