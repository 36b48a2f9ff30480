from __future__ import annotations

import numpy as np
import torch

from loanword.encoders.rows import compact, expand
from loanword.training.candidates import RunningMean, restore, snapshot, use


def shake(model, seed):
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter))


def test_the_running_mean_is_numpys_mean(toy_run):
    run, _ = toy_run("bert")
    run.model.head.linear.bias.requires_grad_(False)
    mean, seen = RunningMean(), []

    for seed in range(5):
        shake(run.model, seed)
        mean.add(run.model)
        seen.append(snapshot(run.model))

    assert mean.count == 5
    assert mean.weights.keys() == seen[0].keys()
    assert "head.linear.bias" not in mean.weights
    for name, value in mean.weights.items():
        expected = np.mean([part[name].double().numpy() for part in seen], axis=0)
        np.testing.assert_allclose(value.numpy(), expected, atol=1e-6)


def test_a_snapshot_is_a_copy_and_restore_brings_it_back(toy_run):
    run, _ = toy_run("bert")
    before = snapshot(run.model)
    kept = {name: value.clone() for name, value in before.items()}

    shake(run.model, 1)
    assert all(torch.equal(value, kept[name]) for name, value in before.items())
    restore(run.model, before)

    assert all(torch.equal(value, kept[name]) for name, value in run.model.named_parameters())


def test_use_writes_compact_rows_into_the_full_table(toy_run):
    run, _ = toy_run("bert")
    kept = torch.tensor([2, 5, 9])
    table = run.model.encoder.model.get_input_embeddings()
    before = table.weight.detach().clone()
    compact(run.model.encoder, kept)
    weights = {name: value + 1 for name, value in snapshot(run.model).items()}
    expand(run.model.encoder)

    use(run.model, weights, kept=kept)

    assert run.model.encoder.model.get_input_embeddings() is table
    assert torch.equal(table.weight[kept], before[kept] + 1)
    rest = [row for row in range(len(before)) if row not in kept.tolist()]
    assert torch.equal(table.weight[rest], before[rest])
    assert torch.equal(run.model.head.linear.bias, weights["head.linear.bias"])
