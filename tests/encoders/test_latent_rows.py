from __future__ import annotations

import numpy as np
import torch

from loanword.encoders.latent_rows import factors, latent_rows


def corpus(seed=0, size=400):
    """Texts of five words out of forty, and a translation of each, word by word: 40 more is the same."""
    rng = np.random.default_rng(seed)
    for _ in range(size):
        text = rng.choice(40, 5, replace=False)
        yield text, rng.permutation(text + 40)


def test_pieces_that_translate_one_another_begin_alike():
    pieces, rows = latent_rows(corpus(), width=32)
    assert pieces.tolist() == [*range(80)]
    assert torch.allclose(rows.norm(dim=1), torch.ones(80), atol=1e-5)
    near = (rows[:40] @ rows[40:].T).argmax(1)
    assert (near == torch.arange(40)).float().mean() > 0.95


def test_the_same_again_and_some_left_out():
    one, other = (latent_rows(corpus(), width=16, without={3, 50}) for _ in range(2))
    assert torch.equal(one[0], other[0])
    assert torch.allclose(one[1] @ one[1].T, other[1] @ other[1].T, atol=1e-3)
    assert {*one[0].tolist()} == {*range(80)} - {3, 50}


def test_fewer_texts_than_numbers_leave_noughts():
    pieces, rows = latent_rows(corpus(size=4), width=16)
    assert rows.shape == (len(pieces), 16)
    assert not rows[:, 4:].any()
    nothing, none = latent_rows([], width=16)
    assert len(nothing) == len(none) == 0


def test_factors_are_those_of_a_dense_matrix():
    rng = np.random.default_rng(1)
    dense = rng.integers(0, 3, (12, 9)).astype(float)
    dense[:, 0] += 1
    where = np.stack(np.nonzero(dense))
    found = factors(where, dense[dense > 0], dense.shape, width=9)
    with np.errstate(divide="ignore"):
        information = np.log(dense * dense.sum() / np.outer(dense.sum(1), dense.sum(0)))
    left, strength, _ = np.linalg.svd(np.maximum(information, 0), full_matrices=False)
    expected = left * np.sqrt(strength)
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.allclose((found @ found.T).numpy(), expected @ expected.T, atol=1e-3)
