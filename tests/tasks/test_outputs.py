from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from loanword.batches.batch import collate
from loanword.hardware import Hardware
from loanword.tasks.outputs import outputs, vectors

CPU = Hardware(device="cpu", precision="fp32", threads=1)


def one_by_one(run, encoded):
    run.model.eval()
    with torch.inference_mode():
        found = [run.model(collate([item], pad_id=run.tokenizer.pad_id))[0].numpy() for item in encoded]
    return np.stack(found)


@pytest.mark.parametrize("micro_tokens", [16, 100, 8192])
def test_outputs_are_in_the_order_of_the_inputs(toy_run, tiny_kinds, micro_tokens):
    run, encoded = toy_run(tiny_kinds, dropout=0.5)
    run.model.train()

    found = outputs(run.model, encoded, pad_id=run.tokenizer.pad_id, hardware=CPU, micro_tokens=micro_tokens)

    np.testing.assert_allclose(found.values, one_by_one(run, encoded), atol=1e-5)
    assert found.tokens == sum(len(item) for item in encoded)
    assert found.seconds > 0
    assert not run.model.training


def test_batches_stay_within_the_budget_and_progress_counts_every_row(toy_run):
    run, encoded = toy_run("bert")
    shapes, told = [], []

    def forward(batch):
        shapes.append(tuple(batch.ids.shape))
        return torch.zeros(len(batch), 3)

    found = outputs(run.model, encoded, pad_id=0, hardware=CPU, micro_tokens=90, forward=forward, progress=told.append)

    assert found.values.shape == (len(encoded), 3)
    assert len(shapes) > 3
    assert max(rows * length for rows, length in shapes) <= 90
    assert told == [rows for rows, _ in shapes]
    assert sum(told) == len(encoded)


def test_no_texts_at_all(toy_run):
    run, _ = toy_run("bert")

    found = outputs(run.model, [], pad_id=0, hardware=CPU)

    assert len(found.values) == 0
    assert found.tokens == 0


def test_vectors_are_the_encoders(toy_run):
    run, encoded = toy_run("xlm")
    run.model.eval()

    found = vectors(run.model, encoded, pad_id=run.tokenizer.pad_id, hardware=CPU)

    with torch.inference_mode():
        expected = run.model.encoder(collate(encoded, pad_id=run.tokenizer.pad_id)).pooled
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


def test_bf16_comes_back_as_fp32_numbers(toy_run):
    run, encoded = toy_run("bert")
    exact = outputs(run.model, encoded, pad_id=0, hardware=CPU).values

    rough = outputs(run.model, encoded, pad_id=0, hardware=replace(CPU, precision="bf16")).values

    assert rough.dtype == np.float32
    assert 0 < np.abs(rough - exact).max() < 0.1
