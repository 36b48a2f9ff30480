import itertools
import math

import numpy as np
import pytest
import torch

from loanword.deploy.attribution import CLOSE, FEWEST, MOST, NOTHING, integrate, is_close, rollout


def weights(rng, *, layers, heads, seq):
    made = rng.random((layers, heads, seq, seq))
    return made / made.sum(-1, keepdims=True)


@pytest.mark.parametrize(("layers", "heads", "seq"), [(1, 1, 2), (2, 4, 5), (5, 3, 4)])
def test_rollout_is_the_sum_over_all_ways_through_the_layers(layers, heads, seq):
    """Oracle: every path of pieces from the top to the bottom, one by one; no matrix product."""
    made = weights(np.random.default_rng(layers), layers=layers, heads=heads, seq=seq)
    step = [made[n].mean(0) / 2 + np.eye(seq) / 2 for n in range(layers)]
    expected = np.zeros((seq, seq))
    for path in itertools.product(range(seq), repeat=layers + 1):  # path[0] is the input, path[-1] the last state
        share = math.prod(step[n][path[n + 1], path[n]] for n in range(layers))
        expected[path[-1], path[0]] += share
    found = rollout([torch.from_numpy(one) for one in made]).numpy()
    np.testing.assert_allclose(found, expected, atol=1e-12)
    np.testing.assert_allclose(found.sum(1), 1)


def test_rollout_by_hand():
    """Two pieces that look at the first alone: half stays, half comes from the first, layer by layer."""
    looks_left = torch.tensor([[[1.0, 0.0], [1.0, 0.0]]])
    assert rollout([looks_left]).tolist() == [[1.0, 0.0], [0.5, 0.5]]
    assert rollout([looks_left, looks_left]).tolist() == [[1.0, 0.0], [0.75, 0.25]]


class Path:
    """A function of vectors (seq, width) along the straight path from `start` to `end`; remembers its questions."""

    def __init__(self, function, start, end):
        self.function, self.start, self.end = function, start, end
        self.asked = []

    def __call__(self, places):
        self.asked.append(len(places))
        points = (self.start + places[:, None, None] * (self.end - self.start)).requires_grad_()
        scores = self.function(points)
        (gradient,) = torch.autograd.grad(scores.sum(), points)
        return scores.detach(), gradient


def path(function, *, seq=3, width=4, seed=0):
    draw = torch.Generator().manual_seed(seed)
    start, end = (torch.randn(seq, width, generator=draw, dtype=torch.float64) for _ in range(2))
    return Path(function, start, end)


def test_a_linear_score_is_shared_out_exactly():
    factor = torch.arange(12, dtype=torch.float64).view(3, 4)
    along = path(lambda points: (points * factor).sum((1, 2)))
    found = integrate(along, along.end - along.start)
    torch.testing.assert_close(found.parts, ((along.end - along.start) * factor).sum(-1))
    assert found.points == FEWEST
    assert abs(found.gap) < 1e-12


def test_contributions_are_the_integral():
    """Oracle: a product of two pieces, whose integrals are known; and the sum of 20,000 small steps."""
    along = path(lambda points: points[:, 0, 0] * points[:, 1, 0], width=1)
    (a0, b0, _), (a1, b1, _) = along.start[:, 0].tolist(), along.end[:, 0].tolist()
    found = integrate(along, along.end - along.start)
    expected = [(a1 - a0) * (b0 + b1) / 2, (b1 - b0) * (a0 + a1) / 2, 0.0]
    np.testing.assert_allclose(found.parts.numpy(), expected, atol=1e-12)

    along = path(lambda points: (3 * points[:, 0].sum(-1) * points[:, 1].sum(-1)).sin() + points[:, 2].norm(dim=-1))
    found = integrate(along, along.end - along.start)
    middles = (torch.arange(20000, dtype=torch.float64) + 0.5) / 20000
    mean = along(middles)[1].mean(0)
    np.testing.assert_allclose(found.parts.numpy(), (mean * (along.end - along.start)).sum(-1).numpy(), atol=1e-4)


def test_points_are_doubled_until_the_parts_make_up_the_difference():
    """A kink takes more points than a smooth score; the gap that is left is told."""
    along = path(lambda points: (4 * (points.sum((1, 2)) - points[:, 0, 0])).abs() ** 0.5)
    found = integrate(along, along.end - along.start)
    assert FEWEST < found.points <= MOST
    assert found.gap == pytest.approx(found.score - found.baseline - float(found.parts.sum()))
    assert found.close == is_close(found.gap, float(found.parts.abs().sum()))

    jump = path(lambda points: (50 * points.sum((1, 2))).floor() + 0 * points.sum((1, 2)))
    found = integrate(jump, jump.end - jump.start)
    assert found.points == MOST
    assert not found.close
    assert found.gap == pytest.approx(found.score - found.baseline)


def test_rows_at_a_time_change_nothing():
    make = lambda: path(lambda points: points.pow(3).sum((1, 2)))  # noqa: E731
    whole, parts = make(), make()
    one, two = (integrate(along, along.end - along.start, rows=rows) for along, rows in ((whole, 32), (parts, 5)))
    torch.testing.assert_close(one.parts, two.parts)
    assert parts.asked == [2, *[5] * 6, 2]
    assert whole.asked == [2, 32]


def test_what_is_close():
    assert is_close(CLOSE, 1.0)
    assert not is_close(2 * CLOSE, 1.0)
    assert is_close(-CLOSE * NOTHING, 0.0)
    assert not is_close(NOTHING, 0.0)
