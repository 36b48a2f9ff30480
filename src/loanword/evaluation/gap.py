"""The transfer gap: source score minus target score, only where the two are comparable.

Two test sets of different sentences differ in difficulty as well as in language. So a gap is given on parallel rows
(the same ids on both sides, paired), or else on rows with the same mix of labels, and otherwise not at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from loanword.data.families import linked
from loanword.data.records import Label, names_of
from loanword.evaluation.intervals import apart, bootstrap, difference
from loanword.evaluation.metrics import Metric
from loanword.evaluation.scores import Gap

ENOUGH = 50
"""Rows of either side below this number are too few to speak of a gap."""

AGREE = 0.9
"""Share of rows with one id that must have one label too: ids that only count rows mean no translations."""

SAME_MIX = 0.05
"""Total variation distance up to which two label mixes count as the same."""


def gap(
    source: np.ndarray,
    target: np.ndarray,
    metric: Metric,
    *,
    source_ids: Sequence[str],
    target_ids: Sequence[str],
    source_labels: Sequence[Label | None],
    target_labels: Sequence[Label | None],
    source_groups: Sequence[str],
    target_groups: Sequence[str],
    count: int = 1000,
    seed: int = 0,
) -> Gap:
    """Compare metric rows of a source and a target language.

    Labels of a kind that translations do not share (spans, none) say nothing; then ids are believed that are more than
    numbers.
    """
    here, there = _once(source_ids), _once(target_ids)
    shared = [(here[name], row) for name, row in there.items() if name in here]
    same_kind = all(
        isinstance(label, float) or names_of(label) is not None for label in (*source_labels, *target_labels)
    )
    agreed = [
        source_labels[ours] == target_labels[theirs] if same_kind else not source_ids[ours].isdecimal()
        for ours, theirs in shared
    ]
    if len(shared) >= ENOUGH and 2 * len(shared) >= len(target) and sum(agreed) >= AGREE * len(shared):
        ours, theirs = (np.asarray(side) for side in zip(*shared, strict=True))
        groups = _clusters([(source_groups[a], target_groups[b]) for a, b in shared])
        interval = difference(source[ours], target[theirs], metric, groups=groups, count=count, seed=seed)
        return Gap("parallel", interval, len(shared))
    if (
        same_kind
        and min(len(source), len(target)) >= ENOUGH
        and _mix_distance(source_labels, target_labels) <= SAME_MIX
    ):
        interval = apart(
            bootstrap(source, metric, groups=source_groups, count=count, seed=seed),
            bootstrap(target, metric, groups=target_groups, count=count, seed=seed),
        )
        return Gap("label-matched", interval, len(target))
    return Gap("not comparable")


def _clusters(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Name what each pair of rows belongs to: pairs that share a group on either side are one cluster."""
    keys = [
        [("row", number), *((side, name) for side, name in enumerate(pair) if name)]
        for number, pair in enumerate(pairs)
    ]
    return [f"cluster {number}" for number in linked(keys)]


def _once(ids: Sequence[str]) -> dict[str, int]:
    """The row of each id that only one row has."""
    counts = Counter(ids)
    return {name: row for row, name in enumerate(ids) if name and counts[name] == 1}


def _mix_distance(a: Sequence[Label | None], b: Sequence[Label | None]) -> float:
    left, right = Counter(a), Counter(b)
    return 0.5 * sum(abs(left[k] / max(1, len(a)) - right[k] / max(1, len(b))) for k in {*left, *right})
