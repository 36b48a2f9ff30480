from __future__ import annotations

import numpy as np
import pytest
import torch

from loanword.encoders.pooling import ACTIVATIONS, POOLINGS, Dense, Normalize, pool


@pytest.mark.parametrize("how", POOLINGS)
def test_pooling_by_hand(how):
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(4, 7, 5)).astype(np.float32)
    lengths = [7, 1, 3, 5]
    mask = np.asarray([[int(place < length) for place in range(7)] for length in lengths])

    found = pool(torch.from_numpy(hidden), torch.from_numpy(mask), how=how).numpy()

    for row, length in enumerate(lengths):
        pieces = hidden[row, :length]
        expected = {
            "mean": pieces.mean(0),
            "cls": pieces[0],
            "max": pieces.max(0),
            "mean_sqrt_len_tokens": pieces.sum(0) / length**0.5,
            "weightedmean": np.average(pieces, axis=0, weights=range(1, length + 1)),
            "lasttoken": pieces[-1],
        }[how]
        np.testing.assert_allclose(found[row], expected, atol=1e-6)


def test_pooling_is_done_in_fp32():
    hidden = torch.full((1, 4096, 2), 1.001, dtype=torch.bfloat16)

    found = pool(hidden, torch.ones(1, 4096), how="mean")

    assert found.dtype == torch.float32
    assert torch.equal(found, hidden[:, 0].float())  # Summed in bf16, ones beyond 256 would vanish.


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_dense_layer_is_made_again_from_what_it_says(activation):
    layer = Dense(4, 3, bias=activation == "Tanh", activation=activation)
    vectors = torch.randn(5, 4)
    bias = 0 if layer.linear.bias is None else layer.linear.bias
    expected = getattr(torch.nn, activation)()(vectors @ layer.linear.weight.T + bias)
    torch.testing.assert_close(layer(vectors), expected)
    assert layer.settings() == {
        "in_features": 4,
        "out_features": 3,
        "bias": activation == "Tanh",
        "activation_function": f"{getattr(torch.nn, activation).__module__}.{activation}",
    }


def test_normalized_vectors_have_length_one():
    found = Normalize()(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    torch.testing.assert_close(found, torch.tensor([[0.6, 0.8], [0.0, 0.0]]))
