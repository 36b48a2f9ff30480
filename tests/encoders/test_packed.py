from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from loanword.batches.batch import collate
from loanword.encoders.packed import PackedLinear, can_pack, packed
from loanword.encoders.rows import compact, expand
from loanword.hardware import Hardware

BF16 = Hardware(device="cpu", precision="bf16", threads=1)
FP32 = Hardware(device="cpu", precision="fp32", threads=1)

pytestmark = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="this processor has no products in bf16"
)


@pytest.fixture
def asked(toy_run, tiny_kinds):
    """An encoder of every kind that has been trained a little, as its norms show, and texts for it."""
    run, encoded = toy_run(tiny_kinds)
    encoder = run.model.encoder.eval()
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in encoder.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.02)
    return encoder, collate(encoded[:16], pad_id=run.tokenizer.pad_id)


def answer(encoder, batch, hardware=BF16):
    with torch.inference_mode(), hardware.autocast():
        return encoder(batch).hidden[batch.mask.bool()].float()


def test_it_is_as_near_to_the_truth_as_the_stock_model_in_bf16(asked):
    encoder, batch = asked
    truth = answer(encoder, batch, FP32)
    stock = copy.deepcopy(encoder)
    stock.model.to(torch.bfloat16)
    with torch.inference_mode():
        theirs = stock(batch).hidden[batch.mask.bool()].float()

    mine = answer(encoder, batch)
    second = packed(encoder)

    assert any(type(part) is PackedLinear for part in second.modules())
    assert not any(type(part) is nn.Linear for part in second.modules())
    assert 0 < (mine - truth).square().mean() < 1.5 * (theirs - truth).square().mean()


def test_the_table_is_shared_whole_or_compact(asked):
    encoder, batch = asked
    whole = answer(encoder, batch)

    def pointers():
        with torch.inference_mode(), BF16.autocast():
            return {id(part) for part in packed(encoder).modules()}

    assert id(encoder.model.get_input_embeddings()) in pointers()
    compact(encoder, torch.unique(batch.ids))
    assert id(encoder.model.get_input_embeddings()) in pointers()
    assert torch.equal(answer(encoder, batch), whole)


def test_whatever_changes_a_weight_is_noticed(asked):
    encoder, batch = asked
    table = encoder.model.get_input_embeddings()
    before = answer(encoder, batch)
    state = {name: value.clone() for name, value in encoder.state_dict().items()}
    optimizer = torch.optim.AdamW(encoder.parameters(), lr=0.1, fused=True)

    def step():
        encoder(batch).pooled.sum().backward()
        optimizer.step()
        optimizer.zero_grad()

    def rows():
        compact(encoder, torch.unique(batch.ids))
        encoder.model.get_input_embeddings().weight.data.neg_()
        expand(encoder)

    def cast():
        encoder.layers[0].to(torch.float64).to(torch.float32)
        with torch.no_grad():
            next(encoder.layers[0].parameters()).neg_()

    for change in (step, rows, cast, lambda: nn.init.zeros_(table.weight)):
        change()
        assert not torch.equal(answer(encoder, batch), before)
        encoder.load_state_dict(state)
        assert torch.equal(answer(encoder, batch), before)


def test_with_gradients_in_fp32_and_in_training_it_is_not_used(asked):
    encoder, batch = asked

    def plain():
        return encoder.hidden(batch)[batch.mask.bool()].float()

    with torch.no_grad(), BF16.autocast():
        assert not can_pack()
        assert torch.equal(encoder(batch).hidden[batch.mask.bool()].float(), plain())
    with torch.inference_mode(), FP32.autocast():
        assert not can_pack()
    with torch.inference_mode(), BF16.autocast():
        assert can_pack()
        second = packed(encoder)
        assert packed(encoder) is second
        encoder.train().eval()
        assert packed(encoder) is not second


def test_an_encoder_that_looks_into_its_weights_answers_as_before(asked):
    encoder, batch = asked
    linear = next(part for part in encoder.model.modules() if type(part) is nn.Linear)
    work = type(linear).forward

    class Curious(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def forward(self, values):
            return work(self.inner, values) + 0 * self.inner.weight.sum()

    parent = next(part for part in encoder.model.modules() if linear in part.children())
    name = next(name for name, child in parent.named_children() if child is linear)
    setattr(parent, name, Curious(linear))

    with torch.inference_mode(), BF16.autocast():
        assert packed(encoder) is None
        expected = encoder.hidden(batch)[batch.mask.bool()].float()
    assert torch.equal(answer(encoder, batch), expected)


def test_an_encoder_made_without_version_counters_answers_as_before(asked):
    encoder, batch = asked
    with torch.inference_mode():
        encoder.model = copy.deepcopy(encoder.model)
        for part in encoder.model.modules():
            for name, parameter in part.named_parameters(recurse=False):
                setattr(part, name, nn.Parameter(parameter.clone(), requires_grad=False))

    assert packed(encoder) is None
    assert answer(encoder, batch).isfinite().all()
