from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from loanword.encoders.neighbours import COUNT, SHARPNESS, Neighbours


@pytest.fixture
def table():
    """Forty meanings in 64 dimensions, each with five noisy pieces; all share a strong common direction."""
    rng = torch.Generator().manual_seed(0)
    meanings = torch.randn(40, 64, generator=rng).repeat_interleave(5, dim=0)
    noise = torch.randn(200, 64, generator=rng)
    return meanings * torch.rand(200, 1, generator=rng).add(0.5) + 0.5 * noise + 7


def cosines(table):
    centred = table.double().numpy() - table.double().numpy().mean(0)
    unit = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return unit @ unit.T


def drawn(neighbours, piece, count=4000):
    numbers = torch.from_numpy(np.random.default_rng(1).random(count))
    return neighbours.exchange(torch.full((count,), piece), numbers)


def test_pieces_are_exchanged_within_their_meaning(table):
    neighbours = Neighbours(table, torch.arange(200), never=[])

    found = neighbours.exchange(torch.arange(200).repeat(50), torch.from_numpy(np.random.default_rng(0).random(10_000)))

    pieces = torch.arange(200).repeat(50)
    assert (found // 5 == pieces // 5).float().mean() > 0.98
    assert (found != pieces).all()


def test_they_are_drawn_as_brute_force_says(table):
    """Among the nearest `COUNT` above what chance gives, by the exponential of the cosine."""
    similar = cosines(table)
    np.fill_diagonal(similar, -1)
    least = math.sqrt(2 * math.log(200) / 64)
    neighbours = Neighbours(table, torch.tensor([3, 50, 111]), never=[])

    for piece in (3, 50, 111):
        nearest = [other for other in np.argsort(-similar[piece])[:COUNT] if similar[piece, other] > least]
        weights = np.exp(SHARPNESS * similar[piece, nearest])
        expected = dict(zip(nearest, weights / weights.sum(), strict=True))
        found, counts = drawn(neighbours, piece).unique(return_counts=True)
        assert len(expected) >= 3
        assert set(found.tolist()) <= set(expected)
        for other, count in zip(found.tolist(), counts.tolist(), strict=True):
            assert count / 4000 == pytest.approx(expected[other], abs=0.03)


def test_what_may_be_drawn_is_said_beforehand(table):
    neighbours = Neighbours(table, torch.arange(0, 200, 7), never=[])

    numbers = torch.from_numpy(np.random.default_rng(2).random(29 * 5000))
    found = neighbours.exchange(torch.arange(0, 200, 7).repeat(5000), numbers)

    assert set(found.tolist()) == set(neighbours.reached())


def test_forbidden_pieces_and_the_piece_itself_are_never_drawn(table):
    neighbours = Neighbours(table, torch.arange(5, 10), never=[6, 7])

    assert not {6, 7} & set(neighbours.reached())
    assert 5 not in drawn(neighbours, 5).tolist()


def test_a_piece_that_was_not_asked_for_stays(table):
    neighbours = Neighbours(table, torch.tensor([3]), never=[])

    found = neighbours.exchange(torch.tensor([9, 3, 9]), torch.tensor([0.1, 0.5, 0.9], dtype=torch.float64))

    assert found[[0, 2]].tolist() == [9, 9]
    assert found[1] != 3


@pytest.mark.parametrize(("size", "width"), [(5000, 32), (5000, 384), (20_000, 128)])
def test_a_table_that_was_never_trained_has_next_to_no_neighbours(size, width):
    table = torch.randn(size, width, generator=torch.Generator().manual_seed(width))
    ids = torch.arange(0, size, 25)

    neighbours = Neighbours(table, ids, never=[0])

    stays = neighbours.exchange(ids, torch.full((len(ids),), 0.5, dtype=torch.float64)) == ids
    assert stays.float().mean() > 0.9


def test_a_table_without_any_neighbour_leaves_all_as_it_is():
    neighbours = Neighbours(torch.eye(6), torch.arange(6), never=[])

    assert neighbours.reached() == []
    assert neighbours.exchange(torch.arange(6), torch.rand(6, dtype=torch.float64)).tolist() == list(range(6))


def test_half_precision_ranks_alike(table):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = Neighbours(table, torch.arange(200), never=[])
    whole = Neighbours(table, torch.arange(200), never=[])

    same = [
        len(set(a) & set(b)) / len(a)
        for a, b in zip(half.near[:, :4].tolist(), whole.near[:, :4].tolist(), strict=True)
    ]
    assert np.mean(same) > 0.95
