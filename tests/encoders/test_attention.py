from __future__ import annotations

import pytest
import torch
from torch.nn.functional import scaled_dot_product_attention as stock

from loanword.encoders import attention
from loanword.encoders.attention import FEW, MANY, NAME, attend
from loanword.encoders.dropout import survivors

LENGTHS = (1, 5, FEW - 1, FEW, 40)


class Layer:
    is_causal = False


def made(length, *, dtype=torch.float64, batch=3, heads=2, width=4):
    torch.manual_seed(length)
    # As a model's projections are: heads and pieces swapped without being copied.
    shape = (batch, length, heads, width)
    return [torch.randn(shape, dtype=dtype).transpose(1, 2).requires_grad_() for _ in range(3)]


def masks(length, batch=3):
    some = torch.ones(batch, 1, length, length, dtype=torch.bool)
    some[1, :, :, (length + 1) // 2 :] = False
    bias = torch.randn(batch, 2, length, length, dtype=torch.float64)
    return [None, some, bias]


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("scaling", [None, 0.3])
def test_values_and_gradients_are_those_of_the_plain_computation(length, scaling):
    for mask in masks(length):
        mine, plain = made(length), made(length)
        weights = torch.randn(3, length, 2, 4, dtype=torch.float64)

        found, nothing = attend(Layer(), *mine, mask, scaling=scaling)
        expected = stock(*plain, attn_mask=mask, scale=scaling).transpose(1, 2)

        assert nothing is None
        torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
        for one, other in zip(
            torch.autograd.grad((found * weights).sum(), mine),
            torch.autograd.grad((expected * weights).sum(), plain),
            strict=True,
        ):
            torch.testing.assert_close(one, other, atol=1e-12, rtol=0)


@pytest.mark.parametrize("length", LENGTHS)
def test_in_bf16_it_is_no_further_from_the_truth_than_the_stock_kernel(length):
    exact = made(length, batch=8, heads=4, width=32)
    rough = [part.bfloat16() for part in exact]
    truth = stock(*exact).transpose(1, 2)

    mine = (attend(Layer(), *rough, None)[0].double() - truth).square().mean().sqrt()
    theirs = (stock(*rough).transpose(1, 2).double() - truth).square().mean().sqrt()

    assert mine < 2 * theirs


@pytest.mark.parametrize("length", LENGTHS)
def test_rotated_queries_and_keys_may_be_wider_than_values(length):
    query, key, value = made(length, dtype=torch.float32)
    found, _ = attend(Layer(), query, key, value.bfloat16(), masks(length)[1])
    expected, _ = attend(Layer(), *(part.bfloat16() for part in (query, key, value)), masks(length)[1])
    assert found.dtype == torch.bfloat16
    assert torch.equal(found, expected)
    assert torch.autograd.grad(found.sum(), query)[0].dtype == torch.float32


@pytest.mark.parametrize("length", [6, 40])
def test_dropout_hits_the_weights_and_the_gradients_the_same(length, monkeypatch):
    noise = {}

    def drawn(*given):
        found = survivors(*given)
        noise["is"] = found.clone()
        return found

    monkeypatch.setattr(attention, "survivors", drawn)
    mine, plain = made(length), made(length)

    found, _ = attend(Layer(), *mine, None, dropout=0.4)
    query, key, value = plain
    weights = (query @ key.transpose(2, 3) / 2).softmax(-1) * noise["is"].view(3, 2, length, length)
    expected = (weights @ value).transpose(1, 2)

    torch.testing.assert_close(found, expected, atol=1e-12, rtol=0)
    for one, other in zip(
        torch.autograd.grad(found.square().sum(), mine),
        torch.autograd.grad(expected.square().sum(), plain),
        strict=True,
    ):
        torch.testing.assert_close(one, other, atol=1e-12, rtol=0)


def test_for_its_backward_pass_dropout_keeps_nothing_more():
    def kept(rate):
        shapes = []
        keep = lambda part: shapes.append(part.shape) or part  # noqa: E731
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda part: part):
            attend(Layer(), *made(40), None, dropout=rate)
        return shapes

    assert kept(0.1) == kept(0.0)
    assert kept(0.1).count((6, 40, 40)) == 1


def test_dropout_keeps_the_mean():
    torch.manual_seed(0)
    parts = [part.detach() for part in made(7)]

    many = torch.stack([attend(Layer(), *parts, None, dropout=0.2)[0] for _ in range(4000)])

    error = many.std(0) / 4000**0.5
    assert ((many.mean(0) - attend(Layer(), *parts, None)[0]).abs() < 5 * error).all()


def test_extreme_scores_stay_finite():
    for length in (5, 40):
        parts = [part.detach() * 1e4 for part in made(length, dtype=torch.float32)]

        found, _ = attend(Layer(), *parts, None)

        torch.testing.assert_close(found, stock(*parts).transpose(1, 2))


@pytest.mark.parametrize(
    "why",
    [{"length": MANY + 1}, {"causal": True}, {"is_causal": True}, {"heads": 1}, {"learned": True}],
    ids=["long", "a causal layer", "a causal call", "shared keys", "a mask that learns"],
)
def test_what_it_is_not_made_for_goes_to_the_stock_kernel(why, monkeypatch):
    monkeypatch.setattr(attention.ShortAttention, "apply", lambda *_: pytest.fail("short attention was called"))
    layer, options = Layer(), {}
    layer.is_causal = why.get("causal", False)
    layer.num_key_value_groups = 2 if "heads" in why else 1
    if "is_causal" in why:
        options["is_causal"] = True
    query, key, value = made(why.get("length", 5))
    if "heads" in why:
        key, value = key[:, :1], value[:, :1]

    mask = torch.randn(1, 2, 5, 5, dtype=torch.float64, requires_grad=True) if "learned" in why else None

    found, _ = attend(layer, query, key, value, mask, **options)

    causal = layer.is_causal or bool(options)
    wide = [part.expand_as(query) for part in (key, value)]
    torch.testing.assert_close(found, stock(query, *wide, attn_mask=mask, is_causal=causal).transpose(1, 2))


def test_models_whose_attention_can_be_chosen_use_it_and_the_others_keep_theirs(tiny_kinds, tiny_encoder, monkeypatch):
    calls = []
    real = attention.ShortAttention.apply
    monkeypatch.setattr(attention.ShortAttention, "apply", lambda *given: calls.append(1) or real(*given))
    loaded = tiny_encoder(tiny_kinds)
    model = loaded.encoder.model.eval()

    ids = torch.tensor([[5, 6, 7]])
    model(input_ids=ids, attention_mask=torch.ones_like(ids))

    chosen = model.config._attn_implementation == NAME
    assert chosen == (tiny_kinds not in ("xlm", "deberta-v2"))
    assert bool(calls) == chosen


def test_a_saved_model_says_nothing_of_it(tiny_encoder, tmp_path):
    loaded = tiny_encoder("bert")

    loaded.encoder.model.save_pretrained(tmp_path)

    assert NAME not in (tmp_path / "config.json").read_text(encoding="utf-8")
