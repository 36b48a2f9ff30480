from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from loanword.objectives.linear_loss import linear_loss


def drawn(positions, pieces, *, width=8, dtype=torch.float32, bias=True):
    torch.manual_seed(positions * 1000 + pieces)
    hidden = torch.randn(positions, width, dtype=dtype, requires_grad=True)
    weight = torch.randn(pieces, width, dtype=dtype, requires_grad=True)
    more = torch.randn(pieces, dtype=dtype, requires_grad=True) if bias else None
    return hidden, weight, more, torch.randint(0, pieces, (positions,)), torch.randn(positions, dtype=dtype)


def gradients(losses, share, tensors):
    for tensor in tensors:
        tensor.grad = None
    (losses * share).sum().backward()
    return [tensor.grad.clone() for tensor in tensors]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 40), st.integers(2, 120), st.integers(1, 130), st.booleans())
def test_values_and_gradients_are_those_of_the_dense_loss(positions, pieces, chunk, bias):
    hidden, weight, more, targets, share = drawn(positions, pieces, bias=bias)
    tensors = [tensor for tensor in (hidden, weight, more) if tensor is not None]
    ours = linear_loss(hidden, weight, more, targets, chunk=chunk)
    mine = gradients(ours, share, tensors)
    scores = hidden @ weight.T
    theirs = cross_entropy(scores if more is None else scores + more, targets, reduction="none")
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    for one, other in zip(mine, gradients(theirs, share, tensors), strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=1e-4)


def test_large_scores_overflow_nothing():
    hidden, weight, more, targets, share = drawn(9, 50)
    big = (hidden * 100).detach().requires_grad_()
    ours = linear_loss(big, weight, more, targets, chunk=7)
    theirs = cross_entropy(big @ weight.T + more, targets, reduction="none")
    torch.testing.assert_close(ours, theirs, atol=1e-2, rtol=1e-5)
    assert all(grad.isfinite().all() for grad in gradients(ours, share, [big, weight]))


def test_what_needs_no_gradient_gets_none():
    hidden, weight, more, targets, share = drawn(5, 20)
    weight.requires_grad_(False)
    (grad,) = gradients(linear_loss(hidden, weight, more.detach(), targets), share, [hidden])
    assert weight.grad is None
    theirs = cross_entropy(hidden @ weight.T + more.detach(), targets, reduction="none")
    (expected,) = gradients(theirs, share, [hidden])
    torch.testing.assert_close(grad, expected, atol=1e-5, rtol=1e-4)


def test_no_positions_are_no_loss():
    _, weight, more, _, _ = drawn(1, 20)
    found = linear_loss(torch.zeros(0, 8), weight, more, torch.zeros(0, dtype=torch.long))
    assert found.shape == (0,)


def test_under_autocast_products_are_in_its_type():
    hidden, weight, more, targets, share = drawn(64, 500, width=32)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        ours = linear_loss(hidden, weight, more, targets, chunk=100)
        dense = cross_entropy((torch.nn.functional.linear(hidden, weight)).float() + more, targets, reduction="none")
    assert ours.dtype == torch.float32
    torch.testing.assert_close(ours, dense, atol=2e-2, rtol=2e-2)
    exact = cross_entropy(hidden @ weight.T + more, targets, reduction="none")
    assert 1e-6 < float((ours - exact).detach().abs().max()) < 0.2
    assert all(grad.dtype == torch.float32 for grad in gradients(ours, share, [hidden, weight, more]))


@pytest.mark.parametrize("pieces", [20_000, 80_000])
def test_memory_does_not_grow_with_the_vocabulary(pieces):
    """The largest tensor that is made, but for the weight's own gradient, has as many scores whatever there are."""
    hidden, weight, more, targets, _ = drawn(256, pieces, width=4)
    made = []

    class Watch(torch.utils._python_dispatch.TorchDispatchMode):
        def __torch_dispatch__(self, function, types, args=(), kwargs=None):
            found = function(*args, **(kwargs or {}))
            if isinstance(found, torch.Tensor) and found.shape[:1] == (256,):
                made.append(found.numel())
            return found

    with Watch():
        linear_loss(hidden, weight, more, targets).sum().backward()
    assert max(made) <= 2**21
