import math

import pytest
import torch
from torch import nn

from loanword.encoders.dropout import LEVELS, Dropout, lighten, survivors


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_share_that_is_lost_and_the_mean_that_is_kept(rate, dtype):
    torch.manual_seed(0)
    count = 400_000

    found = survivors((count // 100, 100), rate, dtype)

    lost = float((found == 0).double().mean())
    assert abs(lost - rate) < 4 * math.sqrt(rate * (1 - rate) / count) + 0.5 / LEVELS
    assert found.unique().numel() == 2
    assert found.dtype == dtype
    assert float(found.max()) == pytest.approx(1 / (1 - rate), rel=1e-4 if dtype == torch.float32 else 4e-3)


def test_elements_are_independent_of_each_other_and_of_the_four_that_share_a_draw():
    torch.manual_seed(1)
    rate, count = 0.3, 400_000
    lost = (survivors((count,), rate, torch.float32) == 0).double() - rate

    for distance in (1, 2, 3, 4, 5, 1000):
        together = float((lost[distance:] * lost[:-distance]).mean()) / (rate * (1 - rate))
        assert abs(together) < 4 / math.sqrt(count)
    by_place = lost.view(-1, 4).mean(0)
    assert float(by_place.abs().max()) < 4 * math.sqrt(rate * (1 - rate) * 4 / count)


def test_every_length_and_a_rate_too_small_to_lose_anything():
    for count in range(9):
        assert survivors((count,), 0.5, torch.float32).shape == (count,)
    assert torch.equal(survivors((64,), 1e-7, torch.float32), torch.ones(64))


def test_the_same_state_draws_the_same():
    torch.manual_seed(2)
    state = torch.get_rng_state()
    first = survivors((1000,), 0.2, torch.float32)
    other = survivors((1000,), 0.2, torch.float32)
    torch.set_rng_state(state)

    assert torch.equal(survivors((1000,), 0.2, torch.float32), first)
    assert not torch.equal(other, first)


def test_it_keeps_a_byte_an_element():
    kept = []
    with torch.autograd.graph.saved_tensors_hooks(lambda part: kept.append(part) or part, lambda part: part):
        Dropout(0.1).train()(torch.randn(4, 8, requires_grad=True))
    assert [(part.dtype, part.shape) for part in kept] == [(torch.bool, (4, 8))]


def test_it_scales_values_and_gradients_alike():
    torch.manual_seed(3)
    layer, values = Dropout(0.25), torch.randn(50, 40, requires_grad=True)

    found = layer(values)
    found.sum().backward()

    kept = found != 0
    assert 0.2 < float((~kept).double().mean()) < 0.3
    torch.testing.assert_close(found[kept], values[kept] / 0.75)
    torch.testing.assert_close(values.grad, kept / 0.75)


@pytest.mark.parametrize(("rate", "training"), [(0.5, False), (0.0, True)])
def test_without_anything_to_drop_values_pass(rate, training):
    values = torch.randn(3, 4)

    assert torch.equal(Dropout(rate).train(training)(values), values)


def test_all_is_dropped_at_a_rate_of_one():
    assert torch.equal(Dropout(1.0)(torch.ones(8)), torch.zeros(8))


def test_every_dropout_of_a_model_is_replaced_and_nothing_else():
    class Special(nn.Dropout):
        pass

    model = nn.Sequential(nn.Dropout(0.1), nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.2).eval()), Special(0.3))
    names = list(model.state_dict())

    lighten(model)

    assert [(type(part), part.p, part.training) for part in (model[0], model[1][1], model[2])] == [
        (Dropout, 0.1, True),
        (Dropout, 0.2, False),
        (Special, 0.3, True),
    ]
    assert list(model.state_dict()) == names
