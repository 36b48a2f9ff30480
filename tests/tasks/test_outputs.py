from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from loanword.batches.batch import collate
from loanword.errors import ModelError
from loanword.hardware import Hardware
from loanword.tasks.outputs import outputs, vectors
from loanword.training.optimizer import train_mode

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

    assert [value.shape for value in found.values] == [(3,)] * len(encoded)
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
    exact = np.stack(outputs(run.model, encoded, pad_id=0, hardware=CPU).values)

    rough = np.stack(outputs(run.model, encoded, pad_id=0, hardware=replace(CPU, precision="bf16")).values)

    assert rough.dtype == np.float32
    assert 0 < np.abs(rough - exact).max() < 0.1


def test_every_thread_answers_batches_of_its_own_and_nothing_else_changes(toy_run, tiny_kinds):
    run, encoded = toy_run(tiny_kinds)
    options = {"pad_id": run.tokenizer.pad_id, "micro_tokens": 60}
    told, seen, before = [], set(), torch.get_num_threads()

    def forward(batch):
        assert torch.is_inference_mode_enabled()
        seen.add((threading.get_ident(), torch.get_num_threads()))
        time.sleep(0.01)
        return run.model(batch)

    alone = outputs(run.model, encoded, hardware=CPU, **options)
    try:
        together = outputs(
            run.model, encoded, hardware=replace(CPU, threads=2), forward=forward, progress=told.append, **options
        )
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)

    np.testing.assert_allclose(together.values, alone.values, atol=1e-6)
    assert len({who for who, _ in seen}) == 2
    assert {each for _, each in seen} == {1}
    assert sum(told) == len(encoded)


def test_few_batches_share_the_threads_out(toy_run):
    run, encoded = toy_run("bert")
    seen, before = [], torch.get_num_threads()

    def forward(batch):
        seen.append(torch.get_num_threads())
        return torch.zeros(len(batch), 2)

    try:
        outputs(run.model, encoded[:2], pad_id=0, hardware=replace(CPU, threads=4), micro_tokens=16, forward=forward)
    finally:
        torch.set_num_threads(before)

    assert seen == [2, 2]


def test_an_error_in_a_thread_is_raised_and_the_rest_is_not_answered(toy_run):
    run, encoded = toy_run("bert")
    calls, before = [], torch.get_num_threads()

    def forward(batch):
        calls.append(len(batch))
        time.sleep(0.02)
        raise ModelError("no such piece")

    try:
        with pytest.raises(ModelError, match="no such piece"):
            outputs(run.model, encoded, pad_id=0, hardware=replace(CPU, threads=2), micro_tokens=16, forward=forward)
    finally:
        torch.set_num_threads(before)

    assert len(calls) < len(encoded) / 2


def test_asking_in_the_middle_of_training_changes_no_mode(toy_run):
    run, encoded = toy_run()
    train_mode(run.model, layers=1)
    before = {name: part.training for name, part in run.model.named_modules()}
    assert len(set(before.values())) == 2
    outputs(run.model, encoded, pad_id=run.tokenizer.pad_id, hardware=run.hardware)
    assert {name: part.training for name, part in run.model.named_modules()} == before
