"""Cut a table into parts by a seed, such as a development set off the training rows.

Rows of one group never part, since what is learnt from one of them is known about the others. Within that bound the
labels are spread in proportion: whole groups go, the largest first, to the part that they bring nearest to its due
(the greedy rule of Sechidis et al. 2011, stratification of multi-label data, applied to groups).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from loanword.data.records import Table
from loanword.errors import UsageError
from loanword.randomness import generator


def split_by_group(table: Table, *, fractions: Sequence[float], seed: int, stratify: bool = True) -> tuple[Table, ...]:
    """Return one table for each of `fractions`, rows in their old order, no group in two of them.

    Args:
        table: The rows; a row without a group is a group of its own.
        fractions: The share of rows of each part; positive, together 1.
        seed: The same seed gives the same parts.
        stratify: Whether each label is to be shared out like the rows as a whole.

    Raises:
        UsageError: the fractions do not fit, or there are fewer groups than parts.
    """
    if not fractions or min(fractions) <= 0 or not math.isclose(sum(fractions), 1.0, abs_tol=1e-6):
        raise UsageError(f"fractions are {list(fractions)}; they must be positive and sum to 1")
    groups = _groups(table)
    if len(groups) < len(fractions):
        raise UsageError(
            f"{len(groups)} groups cannot be split into {len(fractions)} parts; rows of a group stay together"
        )
    order = generator(seed, "split").permutation(len(groups))
    shuffled = sorted((groups[place] for place in order), key=len, reverse=True)
    counts = _counts(table, shuffled, stratify=stratify)
    parts = _share_out(shuffled, counts, np.asarray(fractions, dtype=float))
    return tuple(table.select(sorted(row for group in part for row in group)) for part in parts)


def _groups(table: Table) -> list[list[int]]:
    members: dict[tuple[str, int], list[int]] = {}
    for row, name in enumerate(table.group):
        members.setdefault((name, -1) if name else ("", row), []).append(row)
    return list(members.values())


def _counts(table: Table, groups: list[list[int]], *, stratify: bool) -> list[dict[int, float]]:
    """How much of each class a group holds: its labels, and its rows, weighted to count as one more label."""
    classes = [named or ("",) for named in table.named]
    names = sorted({name for row in classes for name in row}) if stratify else []
    place = {name: number for number, name in enumerate(names, start=1)}
    rows_weight = 1 / math.sqrt(max(len(names), 1))
    counts: list[dict[int, float]] = []
    for group in groups:
        labels = Counter(place[name] for row in group for name in classes[row]) if stratify else Counter()
        counts.append({0: len(group) * rows_weight, **labels})
    return counts


def _share_out(groups: list[list[int]], counts: list[dict[int, float]], fractions: np.ndarray) -> list[list[list[int]]]:
    """Give each group to the part where it lessens the squared distance to what is due the most."""
    width = 1 + max(place for count in counts for place in count)
    whole = np.zeros(width)
    for count in counts:
        whole[list(count)] += list(count.values())
    short = np.outer(fractions, whole)
    parts: list[list[list[int]]] = [[] for _ in fractions]
    for group, count in zip(groups, counts, strict=True):
        places, amounts = list(count), np.array(list(count.values()))
        gain = (amounts * (2 * short[:, places] - amounts)).sum(axis=1)
        best = int(gain.argmax())
        short[best, places] -= amounts
        parts[best].append(group)
    for part in parts:
        if not part:
            # Smallest groups come last, so this moves the least that it can.
            part.append(max(parts, key=len).pop())
    return parts
