"""The best one-to-one renaming of labels: the linear assignment problem."""

from __future__ import annotations

import numpy as np


def best_permutation(gain: np.ndarray) -> list[int]:
    """Return for each row of the square matrix `gain` its column, one to one, so that the sum of gains is largest.

    The Hungarian method with potentials and shortest augmenting paths, O(n^3) (Kuhn 1955; Jonker and Volgenant 1987).
    """
    size = len(gain)
    cost = gain.max() - gain if size else gain
    rows, columns = np.zeros(size + 1), np.zeros(size + 1)
    match = np.full(size + 1, size, dtype=int)  # row of each column; the last column is the free start
    for row in range(size):
        match[size] = row
        column = size
        slack = np.full(size, np.inf)
        back = np.full(size, size, dtype=int)
        done = np.zeros(size + 1, dtype=bool)
        while True:
            done[column] = True
            reduced = cost[match[column]] - rows[match[column]] - columns[:size]
            better = ~done[:size] & (reduced < slack)
            slack[better] = reduced[better]
            back[better] = column
            target = int(np.where(done[:size], np.inf, slack).argmin())
            step = slack[target]
            rows[match[done]] += step
            columns[done] -= step
            slack[~done[:size]] -= step
            column = target
            if match[column] == size:
                break
        while column != size:
            match[column] = match[back[column]]
            column = int(back[column])
    chosen = [0] * size
    for column in range(size):
        chosen[match[column]] = column
    return chosen
