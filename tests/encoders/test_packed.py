from __future__ import annotations

import copy
import gc
import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from loanword.batches.batch import collate
from loanword.encoders import packed as module
from loanword.encoders.packed import PackedLinear, can_pack, packed
from loanword.encoders.rows import compact
from loanword.hardware import Hardware
from loanword.tasks.outputs import outputs
from loanword.training.trainer import train

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
    second = packed(encoder, batch)

    assert any(type(part) is PackedLinear for part in second.modules())
    assert not any(type(part) is nn.Linear for part in second.modules())
    assert 0 < (mine - truth).square().mean() < 1.5 * (theirs - truth).square().mean()


def test_the_table_is_shared_whole_or_compact(asked):
    encoder, batch = asked
    whole = answer(encoder, batch)

    def pointers():
        with torch.inference_mode(), BF16.autocast():
            return {id(part) for part in packed(encoder, batch).modules()}

    assert id(encoder.model.get_input_embeddings()) in pointers()
    compact(encoder, torch.unique(batch.ids))
    assert id(encoder.model.get_input_embeddings()) in pointers()
    assert torch.equal(answer(encoder, batch), whole)


def test_a_changed_weight_is_noticed(asked):
    encoder, batch = asked
    before = answer(encoder, batch)
    state = {name: value.clone() for name, value in encoder.state_dict().items()}
    # Those that the second form has copies of: of the table and the norms' weights it has none.
    copied = [part.weight for part in encoder.model.modules() if type(part) is nn.Linear]

    def step():
        encoder(batch).pooled.sum().backward()
        torch.optim.AdamW(copied, lr=0.1).step()
        encoder.zero_grad()

    def cast():
        encoder.layers[0].to(torch.float64).to(torch.float32)
        with torch.no_grad():
            next(part.weight for part in encoder.layers[0].modules() if type(part) is nn.Linear).neg_()

    for change in (step, cast, lambda: nn.init.zeros_(copied[0])):
        change()
        assert not torch.equal(answer(encoder, batch), before)
        encoder.load_state_dict(state)
        assert torch.equal(answer(encoder, batch), before)


def test_after_a_fused_optimizer_it_has_to_be_told(asked):
    encoder, batch = asked
    copied = [part.weight for part in encoder.model.modules() if type(part) is nn.Linear]
    before = answer(encoder, batch)
    encoder(batch).pooled.sum().backward()
    torch.optim.AdamW(copied, lr=0.1, fused=True).step()
    module.forget(encoder)
    assert not torch.equal(answer(encoder, batch), before)


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
        second = packed(encoder, batch)
        assert packed(encoder, batch) is second
        encoder.train().eval()
        assert packed(encoder, batch) is not second


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
        assert packed(encoder, batch) is None
        expected = encoder.hidden(batch)[batch.mask.bool()].float()
    assert torch.equal(answer(encoder, batch), expected)


def test_an_encoder_made_without_version_counters_answers_as_before(asked):
    encoder, batch = asked
    with torch.inference_mode():
        encoder.model = copy.deepcopy(encoder.model)
        for part in encoder.model.modules():
            for name, parameter in part.named_parameters(recurse=False):
                setattr(part, name, nn.Parameter(parameter.clone(), requires_grad=False))

    assert packed(encoder, batch) is None
    assert answer(encoder, batch).isfinite().all()


def test_hooks_of_a_users_own_are_heard(asked):
    encoder, batch = asked
    heard = []
    assert packed(encoder, batch) is not None
    handle = encoder.layers[0].register_forward_hook(lambda *_: heard.append(1))
    answer(encoder, batch)
    assert heard
    handle.remove()
    assert packed(encoder, batch) is not None


def test_it_answers_without_dropout_whatever_mode_the_layers_were_in(asked):
    encoder, batch = asked
    for part in encoder.modules():
        if isinstance(part, nn.Dropout):
            part.p = 0.5
            part.training = True
    assert torch.equal(answer(encoder, batch), answer(encoder, batch))


def test_the_old_form_goes_before_the_new_one_comes(asked):
    encoder, batch = asked
    old = weakref.ref(packed(encoder, batch))
    alive = []
    work = module._pack
    with torch.no_grad():
        next(encoder.layers[0].parameters()).neg_()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_pack", lambda model: alive.append(old()) or work(model))
        gc.collect()
        packed(encoder, batch)
    assert alive == [None]


def test_it_can_be_made_while_the_table_is_compact_and_lacks_piece_0(asked):
    encoder, batch = asked
    one = replace(batch, ids=batch.ids[:1], mask=batch.mask[:1], languages=batch.languages[:1], rows=batch.rows[:1])
    seen = torch.unique(one.ids[one.mask.bool()])
    assert 0 not in seen or encoder.config.pad_token_id != 0  # XLM-R's and ModernBERT's piece 0 is a control piece.
    compact(encoder, seen)
    length = int(one.mask.sum())
    assert packed(encoder, replace(one, ids=one.ids[:, :length], mask=one.mask[:, :length])) is not None


def test_a_hook_that_asks_after_every_update_gets_answers_of_the_weights_as_they_are(toy_run):
    run, encoded = toy_run("bert", start="random", embeddings="frozen", epochs=1)
    hardware = BF16
    asked = []

    class Asks:
        def before_update(self, state):
            pass

        def after_update(self, state):
            found = [
                np.stack(outputs(state.model, encoded, pad_id=run.tokenizer.pad_id, hardware=given).values)
                for given in (hardware, FP32)
            ]
            asked.append(abs(found[0] - found[1]).max())

        def on_evaluate(self, state, scores):
            pass

    settings = run.settings.model_copy(update={"learning_rate": 0.05})
    train(replace(run, hardware=hardware, hooks=(Asks(),), settings=settings), encoded)

    assert len(asked) > 2
    assert max(asked) < 0.1
