from __future__ import annotations

import gc
import os
from pathlib import Path

import pytest
import torch

from loanword.batches.batch import collate
from loanword.encoders.frozen import Frozen
from loanword.errors import UsageError
from loanword.hardware import Hardware
from loanword.training.optimizer import freeze, train_mode

CPU = Hardware(device="cpu", precision="fp32", threads=1)
ONE_LIST = ("bert", "xlm-roberta", "deberta-v2", "modernbert")


def made(run, encoded, layers, **options):
    freeze(run.model, layers=layers, embeddings=True)
    return Frozen(run.model.encoder, encoded, layers=layers, pad_id=run.tokenizer.pad_id, hardware=CPU, **options)


def by_length(encoded, budget=2048):
    """The first batch in which the frozen layers are asked, so that it can be asked again in the same company."""
    rows = sorted({tuple(item.ids): item for item in encoded}.values(), key=lambda item: -len(item))
    return rows[: max(1, budget // len(rows[0]))]


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_logits_and_gradients_are_the_same_bit_for_bit(toy_run, tiny_kinds, precision):
    hardware = Hardware(device="cpu", precision=precision, threads=1)
    run, encoded = toy_run(tiny_kinds)
    depth = len(run.model.encoder.layers)
    for layers in range(1, depth + 1):
        if not Frozen.possible(run.model.encoder, layers):
            assert tiny_kinds == "xlm"
            continue
        freeze(run.model, layers=layers, embeddings=True)
        frozen = Frozen(run.model.encoder, encoded, layers=layers, pad_id=run.tokenizer.pad_id, hardware=hardware)
        batch = collate(by_length(encoded), pad_id=run.tokenizer.pad_id)
        train_mode(run.model, layers=layers)

        found = []
        for serving in (False, True):
            run.model.zero_grad()
            with hardware.autocast():
                if serving:
                    with frozen.serving(run.model.encoder):
                        logits = run.model(batch)
                else:
                    logits = run.model(batch)
            logits.square().sum().backward()
            grads = {name: p.grad.clone() for name, p in run.model.named_parameters() if p.grad is not None}
            found.append((logits.detach(), grads))

        (plain, expected), (mine, grads) = found
        assert torch.equal(mine, plain)
        assert set(grads) == set(expected)
        assert all(torch.equal(grads[name], expected[name]) for name in expected)


def test_in_other_company_it_is_the_same_but_for_rounding(toy_run, tiny_kinds):
    run, encoded = toy_run(tiny_kinds)
    layers = len(run.model.encoder.layers) - (tiny_kinds != "xlm")
    frozen = made(run, encoded, layers)
    run.model.eval()

    with torch.inference_mode(), frozen.serving(run.model.encoder):
        for chosen in (encoded[:1], encoded[5:12], encoded[::-3]):
            batch = collate(chosen, pad_id=run.tokenizer.pad_id)
            torch.testing.assert_close(run.model.encoder(batch).pooled, plain_pooled(run, batch), atol=1e-5, rtol=0)


def plain_pooled(run, batch):
    encoder = run.model.encoder
    keep, encoder.frozen = encoder.frozen, None
    try:
        return encoder(batch).pooled
    finally:
        encoder.frozen = keep


@pytest.mark.parametrize("kind", ONE_LIST)
def test_the_frozen_layers_do_no_work_and_unknown_rows_do_all_of_it(toy_run, kind):
    run, encoded = toy_run(kind)
    frozen = made(run, encoded[4:], 1)
    bottom, calls = run.model.encoder.layers[0], []
    part = next(module for module in bottom.modules() if isinstance(module, torch.nn.Linear))
    part.register_forward_hook(lambda *_: calls.append(1))
    run.model.eval()

    with torch.inference_mode(), frozen.serving(run.model.encoder):
        run.model(collate(encoded[4:9], pad_id=run.tokenizer.pad_id))
        assert not calls
        mixed = run.model(collate(encoded[:9], pad_id=run.tokenizer.pad_id))
        assert calls
    with torch.inference_mode():
        expected = run.model(collate(encoded[:9], pad_id=run.tokenizer.pad_id))

    assert torch.equal(mixed, expected)


def test_afterwards_the_model_is_as_before_even_after_an_error(toy_run):
    run, encoded = toy_run("bert")
    frozen = made(run, encoded, 1)
    encoder, before = run.model.encoder, dict(run.model.encoder.layers[0].__dict__)

    def fail():
        with frozen.serving(encoder):
            assert encoder.frozen is frozen
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert encoder.frozen is None
    assert dict(encoder.layers[0].__dict__) == before


def test_other_weights_are_refused_and_changes_above_are_not(toy_run):
    run, encoded = toy_run("bert")
    frozen = made(run, encoded, 1)
    with torch.no_grad():
        next(run.model.encoder.layers[1].parameters()).add_(1)
    with frozen.serving(run.model.encoder):
        pass

    with torch.no_grad():
        next(run.model.encoder.layers[0].parameters()).add_(1e-3)

    with pytest.raises(UsageError, match="their weights differ"), frozen.serving(run.model.encoder):
        pass


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="counts mapped files as Linux lists them")
def test_what_memory_has_no_room_for_is_the_same_from_disk_and_leaves_nothing(toy_run, tmp_path):
    run, encoded = toy_run("bert")
    in_memory = made(run, encoded, 1)
    on_disk = made(run, encoded, 1, memory=100, folder=tmp_path)

    mapped = [line for line in Path("/proc/self/maps").read_text().splitlines() if str(tmp_path) in line]
    assert mapped
    assert torch.equal(on_disk.states, in_memory.states)
    assert not list(tmp_path.iterdir())  # It has no name any more: whatever becomes of the process, nothing stays.

    del on_disk
    gc.collect()
    assert str(tmp_path) not in Path("/proc/self/maps").read_text()


def test_a_full_disk_is_an_error_before_anything_is_worked_out(toy_run, tmp_path, monkeypatch):
    run, encoded = toy_run("bert")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full, raising=False)
    with pytest.raises(OSError, match="No space left"):
        made(run, encoded, 1, memory=100, folder=tmp_path)

    assert not list(tmp_path.iterdir())
    assert "forward" not in run.model.encoder.layers[1].__dict__


def test_equal_rows_are_kept_once(toy_run):
    run, encoded = toy_run("bert")

    frozen = made(run, [*encoded, *encoded], 1)

    assert len(frozen.states) == 1 + sum(len(ids) for ids in {tuple(item.ids) for item in encoded})
    assert not frozen.states[0].any()


def test_a_pass_that_failed_speaks_for_no_layer_afterwards(toy_run):
    run, encoded = toy_run("modernbert")
    frozen = made(run, encoded, 1)
    norm = run.model.encoder.model.final_norm

    def fail(*_):
        raise MemoryError

    hook = norm.register_forward_pre_hook(fail)
    with pytest.raises(MemoryError):
        made(run, encoded, 1)
    hook.remove()

    batch = collate(encoded[:5], pad_id=run.tokenizer.pad_id)
    run.model.eval()
    with torch.inference_mode():
        expected = run.model(batch)
        with frozen.serving(run.model.encoder):
            frozen.where.clear()  # Nothing is known: every layer has to work.
            assert torch.equal(run.model(batch), expected)


@pytest.mark.parametrize("kind", ["marian", "bart", "t5", "encoder-decoder"])
def test_under_a_decoder_it_is_the_same_bit_for_bit(seq2seq_run, kind):
    for layers in (1, 2):
        run, encoded = seq2seq_run(kind)
        if not Frozen.possible(run.model.encoder, layers):
            assert (kind, layers) == ("t5", 1)  # Its first layer hands relative positions on.
            continue
        frozen = made(run, encoded, layers)
        batch = run.objective.prepare(by_length(encoded), None)
        train_mode(run.model, layers=layers)
        plain = run.objective.loss(run.model, batch)
        with frozen.serving(run.model.encoder):
            assert torch.equal(run.objective.loss(run.model, batch), plain)
