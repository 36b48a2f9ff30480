"""Rows of an embedding table from what stands together in translations: a start for an encoder with random weights.

Of every piece is told in which texts it stands, or in which translations of them, in any language; positive pointwise
mutual information, and its largest singular values. So pieces that translate one another begin alike: latent semantic
indexing across languages (Littman, Dumais and Landauer 1998; with an index of texts for columns Søgaard et al. 2015).
"""

from __future__ import annotations

from collections.abc import Container, Iterable

import numpy as np
import torch

LOUD = 3.0
"""How much longer rows are than those that they replace: so they are not lost among positions."""


def latent_rows(
    pairs: Iterable[tuple[np.ndarray, np.ndarray]], *, width: int, without: Container[int] = ()
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return pieces of `pairs`, (pieces,), and their vectors of length 1, (pieces, width), those `without` left out.

    A pair is the pieces of a text and those of its translation. Texts that are the same are one, whatever language
    they are translated into.
    """
    texts: dict[bytes, int] = {}
    rows, columns = [], []
    for one, other in pairs:
        column = texts.setdefault(one.tobytes(), len(texts))
        here = np.union1d(one, other).astype(np.int64)
        rows.append(here)
        columns.append(np.full(len(here), column))
    if not rows:
        return torch.zeros(0, dtype=torch.long), torch.zeros(0, width)
    where = np.unique(np.stack([np.concatenate(rows), np.concatenate(columns)]), axis=1)
    where = where[:, [piece not in without for piece in where[0].tolist()]]
    pieces, places = np.unique(where[0], return_inverse=True)
    found = factors(np.stack([places, where[1]]), np.ones(len(places)), (len(pieces), len(texts)), width=width)
    wide = torch.zeros(len(pieces), width)
    wide[:, : found.shape[1]] = found
    return torch.from_numpy(pieces), wide


def factors(where: np.ndarray, counts: np.ndarray, shape: tuple[int, int], *, width: int) -> torch.Tensor:
    """Return vectors of length 1 for the rows of a sparse matrix of `counts` at `where` (2, counts).

    They have `width` numbers, or as many as the matrix allows (Levy and Goldberg 2014).
    """
    total = counts.sum()
    by_row, by_column = (
        np.bincount(side, weights=counts, minlength=size) for side, size in zip(where, shape, strict=True)
    )
    information = np.log(counts * total / (by_row[where[0]] * by_column[where[1]]))
    kept = information > 0
    matrix = torch.sparse_coo_tensor(
        torch.from_numpy(where[:, kept].copy()),
        torch.from_numpy(information[kept]).float(),
        shape,
        check_invariants=True,
    ).coalesce()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        left, strength, _ = torch.svd_lowrank(matrix, q=min(width, *shape), niter=4)
    vectors: torch.Tensor = torch.nn.functional.normalize(left * strength.sqrt(), dim=1)
    return vectors
