"""The transfer gap against brute force, and when there is none."""

import numpy as np
import pytest

from loanword.evaluation.gap import AGREE, ENOUGH, gap
from loanword.evaluation.metrics import METRICS

ACCURACY = METRICS.get("accuracy")


def side(n, *, share, seed, labels=("a", "b"), start=0):
    rng = np.random.default_rng(seed)
    right = (rng.random(n) < share).astype(np.int8)
    return {
        "rows": np.stack([right, np.ones_like(right)], axis=1),
        "ids": [f"s{start + row}" for row in range(n)],
        "labels": [labels[(start + row) % len(labels)] for row in range(n)],
        "groups": [""] * n,
    }


def shuffled(one, *, seed):
    order = np.random.default_rng(seed).permutation(len(one["ids"]))
    return {name: value[order] if name == "rows" else [value[i] for i in order] for name, value in one.items()}


def compare(source, target, **options):
    return gap(
        source["rows"],
        target["rows"],
        ACCURACY,
        source_ids=source["ids"],
        target_ids=target["ids"],
        source_labels=source["labels"],
        target_labels=target["labels"],
        source_groups=source["groups"],
        target_groups=target["groups"],
        **options,
    )


def test_parallel_equals_brute_force():
    source, target = side(300, share=0.9, seed=0), shuffled(side(260, share=0.7, seed=1, start=40), seed=2)
    found = compare(source, target)
    right = {
        name: dict(zip(one["ids"], one["rows"][:, 0].tolist(), strict=True))
        for name, one in (("s", source), ("t", target))
    }
    shared = sorted(right["s"].keys() & right["t"].keys())
    differences = np.asarray([right["s"][name] - right["t"][name] for name in shared])
    assert (found.basis, found.n) == ("parallel", 260)
    assert found.interval.score == pytest.approx(differences.mean())
    half = 1.96 * differences.std(ddof=1) / len(differences) ** 0.5
    assert found.interval.low == pytest.approx(differences.mean() - half, abs=0.01)
    assert found.interval.high == pytest.approx(differences.mean() + half, abs=0.01)


def test_groups_of_either_side_are_kept_together():
    source, target = side(300, share=0.5, seed=4), side(300, share=0.5, seed=5)
    source["rows"][:, 0] = np.repeat(np.random.default_rng(6).integers(0, 2, 10), 30)
    tens = [f"g{row // 30}" for row in range(300)]

    def width(**groups):
        found = compare(
            {**source, "groups": groups.get("source", [""] * 300)},
            {**target, "groups": groups.get("target", [""] * 300)},
        )
        return found.interval.high - found.interval.low

    alone, ours, theirs, both = width(), width(source=tens), width(target=tens), width(source=tens, target=tens)
    assert ours > 2 * alone
    assert ours == pytest.approx(theirs, rel=0.1)
    assert both == pytest.approx(ours, rel=0.1)


def test_parallel_is_paired():
    """Two languages that fail on the same rows: little doubt that the gap is small, and a little there is."""
    source = side(200, share=0.8, seed=3)
    target = {**source, "rows": source["rows"].copy()}
    found = compare(source, target)
    assert found.basis == "parallel"
    assert -0.02 < found.interval.low < 0 < found.interval.high < 0.02


def test_groups_widen_the_parallel_interval():
    rng = np.random.default_rng(4)
    source, target = side(240, share=1.1, seed=5), side(240, share=1.0, seed=6)
    target["rows"][:, 0] = np.repeat(rng.random(12) < 0.6, 20)
    alone = compare(source, target).interval
    target["groups"] = [f"g{row // 20}" for row in range(240)]
    grouped = compare(source, target).interval
    assert (grouped.high - grouped.low) > 2 * (alone.high - alone.low)


def test_label_matched_where_ids_are_different():
    source, target = side(400, share=0.9, seed=7), side(200, share=0.6, seed=8, start=1000)
    found = compare(source, target)
    assert (found.basis, found.n) == ("label-matched", 200)
    expected = source["rows"][:, 0].mean() - target["rows"][:, 0].mean()
    assert found.interval.score == pytest.approx(expected)
    half = 1.96 * (0.9 * 0.1 / 400 + 0.6 * 0.4 / 200) ** 0.5
    assert found.interval.high - found.interval.low == pytest.approx(2 * half, rel=0.2)


def test_label_matched_sides_are_drawn_apart():
    """The same rows under other ids are two samples, so the gap is uncertain."""
    source = side(200, share=0.8, seed=3)
    found = compare(source, {**source, "ids": [f"other-{name}" for name in source["ids"]]})
    assert found.basis == "label-matched"
    assert found.interval.low < -0.04 < 0.04 < found.interval.high


@pytest.mark.parametrize(("here", "there"), [(2, 2), (ENOUGH - 1, 400), (400, ENOUGH - 1)])
def test_few_rows_are_not_comparable(here, there):
    source, target = side(here, share=1.1, seed=0), side(there, share=1.1, seed=1, start=1000)
    assert compare(source, target).basis == "not comparable"


@pytest.mark.parametrize("share", [1.1, 0.8])
def test_perfect_scores_do_not_make_a_gap_certain(share):
    source, target = side(ENOUGH, share=1.1, seed=0), side(ENOUGH, share=share, seed=1, start=1000)
    found = compare(source, target)
    assert found.basis == "label-matched"
    score = 1 - target["rows"][:, 0].mean()
    low, high = newcombe(1.0, ENOUGH, 1 - score, ENOUGH)
    assert found.interval.score == pytest.approx(score)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=0.03)


def newcombe(p1, n1, p2, n2):
    """Method 10 of Newcombe 1998 as it is printed: roots of |x - p| = z * sqrt(x * (1 - x) / n)."""
    z = 1.96

    def roots(p, n):
        return np.sort(np.roots([1 + z * z / n, -(2 * p + z * z / n), p * p]).real)

    (l1, u1), (l2, u2) = roots(p1, n1), roots(p2, n2)
    low = p1 - p2 - z * np.sqrt(l1 * (1 - l1) / n1 + u2 * (1 - u2) / n2)
    return low, p1 - p2 + z * np.sqrt(u1 * (1 - u1) / n1 + l2 * (1 - l2) / n2)


def test_not_comparable_where_the_labels_differ():
    source = side(200, share=0.9, seed=0)
    target = side(200, share=0.6, seed=1, start=1000, labels=("a", "b", "b"))
    found = compare(source, target)
    assert (found.basis, found.interval, found.n) == ("not comparable", None, 0)


@pytest.mark.parametrize(("shared", "basis"), [(ENOUGH - 1, "label-matched"), (ENOUGH, "parallel")])
def test_few_shared_ids_are_no_basis(shared, basis):
    source, target = side(ENOUGH + 10, share=0.9, seed=0), side(ENOUGH + 10, share=0.9, seed=1)
    target["ids"] = [name if row < shared else f"own-{row}" for row, name in enumerate(target["ids"])]
    assert compare(source, target).basis == basis


def test_a_small_share_of_shared_ids_is_no_basis():
    source, target = side(400, share=0.9, seed=0), side(400, share=0.9, seed=1, start=300)
    assert compare(source, target).basis == "label-matched"


def test_empty_and_repeated_ids_pair_nothing():
    source, target = side(200, share=0.9, seed=0), side(200, share=0.9, seed=1)
    for names in ([""] * 200, ["same"] * 200, [f"s{row // 2}" for row in range(200)]):
        assert compare({**source, "ids": names}, {**target, "ids": names}).basis == "label-matched"


def test_ids_that_only_count_rows_pair_nothing():
    """Row numbers are equal in every file; labels tell that the rows are no translations."""
    source, target = side(200, share=0.9, seed=0), side(200, share=0.9, seed=1)
    labels = np.random.default_rng(2).permutation(target["labels"]).tolist()
    assert compare(source, {**target, "labels": labels}).basis == "label-matched"
    few = [("x" if row < 200 * (1 - AGREE) else label) for row, label in enumerate(target["labels"])]
    assert compare(source, {**target, "labels": few}).basis == "parallel"


def test_the_seed_decides():
    source, target = side(100, share=0.9, seed=0), side(100, share=0.7, seed=1, start=500)
    assert compare(source, target, seed=1) == compare(source, target, seed=1)
    assert compare(source, target, seed=1) != compare(source, target, seed=2)


def test_sets_of_labels_are_labels_that_translations_share():
    """Numbers as ids are believed where the sets agree, and not where they do not; equal mixes of sets compare."""
    source, target = (side(200, share=0.8, seed=seed, labels=(("a",), ("a", "b"), ())) for seed in (0, 1))
    for one in (source, target):
        one["ids"] = [name.removeprefix("s") for name in one["ids"]]
    assert compare(source, target).basis == "parallel"
    turned = {**target, "labels": target["labels"][1:] + target["labels"][:1]}
    assert compare(source, turned).basis == "label-matched"
    other = {**target, "labels": [("c",)] * 200}
    assert compare(source, other).basis == "not comparable"
