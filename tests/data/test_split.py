from collections import Counter
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanword.data.records import Table
from loanword.data.split import split_by_group
from loanword.errors import UsageError

FRACTIONS = st.sampled_from([(0.9, 0.1), (0.5, 0.5), (0.8, 0.1, 0.1), (1.0,)])


def table(labels, groups=None):
    count = len(labels)
    return Table(
        "en", [f"t{row}" for row in range(count)], list(labels), group=groups or [], line=list(range(1, count + 1))
    )


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(["", "a", "b", "c", "d"])), min_size=1, max_size=40),
    FRACTIONS,
    st.integers(0, 2**40),
    st.booleans(),
)
def test_parts_are_a_partition_that_keeps_groups_and_order(rows, fractions, seed, stratify):
    whole = table([label for label, _ in rows], [group for _, group in rows])
    groups = len({group or row for row, (_, group) in enumerate(rows)})
    if groups < len(fractions):
        with pytest.raises(UsageError, match="stay together"):
            split_by_group(whole, fractions=fractions, seed=seed, stratify=stratify)
        return
    parts = split_by_group(whole, fractions=fractions, seed=seed, stratify=stratify)
    assert len(parts) == len(fractions)
    assert sorted(line for part in parts for line in part.line) == whole.line
    assert all(part.line == sorted(part.line) and len(part) for part in parts)
    where = Counter(group for part in parts for group in set(part.group) - {""})
    assert set(where.values()) <= {1}


def test_the_seed_decides():
    whole = table("xy" * 50)
    cuts = [split_by_group(whole, fractions=(0.8, 0.2), seed=seed)[1].text for seed in (1, 1, 2)]
    assert cuts[0] == cuts[1] != cuts[2]


@pytest.mark.parametrize("seed", range(5))
def test_single_rows_are_stratified_to_the_row(seed):
    labels = "x" * 700 + "y" * 200 + "z" * 95 + "w" * 5
    parts = split_by_group(table(labels), fractions=(0.8, 0.1, 0.1), seed=seed)
    for part, fraction in zip(parts, (0.8, 0.1, 0.1), strict=True):
        for label, count in Counter(part.label).items():
            assert abs(count - fraction * labels.count(label)) <= 1.5, label
        assert abs(len(part) - fraction * 1000) <= 3


def test_many_rare_labels_still_fill_the_small_parts():
    labels = [f"l{row % 60}" for row in range(180)]
    sizes = [len(part) for part in split_by_group(table(labels), fractions=(0.8, 0.1, 0.1), seed=3)]
    assert sizes[1] >= 12
    assert sizes[2] >= 12


def test_small_cases_are_near_the_best_there_is():
    """Against every assignment of groups to two parts: squared distance from the due label counts."""
    generator_labels = ["xxy", "xy", "yyy", "x", "yx", "xxxx", "y", "xy"]
    labels = "".join(generator_labels)
    groups = [f"g{number}" for number, rows in enumerate(generator_labels) for _ in rows]
    whole = table(labels, groups)
    due = {label: 0.7 * labels.count(label) for label in "xy"}

    def distance(counts):
        return sum((counts[label] - due[label]) ** 2 for label in "xy")

    best = min(
        distance(Counter("".join(rows for rows, first in zip(generator_labels, sides, strict=True) if first)))
        for sides in product((True, False), repeat=len(generator_labels))
    )
    found = [distance(Counter(split_by_group(whole, fractions=(0.7, 0.3), seed=seed)[0].label)) for seed in range(20)]
    assert max(found) <= best + 1


def test_every_row_is_as_likely_as_another_to_be_held_out():
    whole = table("xy" * 20)
    held = Counter(
        line for seed in range(400) for line in split_by_group(whole, fractions=(0.75, 0.25), seed=seed)[1].line
    )
    # Binomial(400, 0.25): mean 100, deviation 8.7; forty rows stay within four deviations.
    assert len(held) == 40
    assert max(abs(count - 100) for count in held.values()) < 35


def test_a_large_group_goes_where_it_fits():
    parts = split_by_group(table("x" * 100, ["big"] * 70 + [""] * 30), fractions=(0.75, 0.25), seed=0)
    assert [len(part) for part in parts] == [75, 25]
    assert set(parts[1].group) == {""}


def test_without_stratification_only_sizes_count():
    parts = split_by_group(table("x" * 30 + "y" * 10), fractions=(0.5, 0.5), seed=0, stratify=False)
    assert [len(part) for part in parts] == [20, 20]


@pytest.mark.parametrize("fractions", [(), (0.5, 0.6), (1.0, 0.0), (1.5, -0.5), (float("nan"), 0.5), (0.5,)])
def test_fractions_that_do_not_fit(fractions):
    with pytest.raises(UsageError, match="sum to 1"):
        split_by_group(table("xyxyxy"), fractions=fractions, seed=0)


def test_an_empty_table_cannot_be_split():
    with pytest.raises(UsageError, match="0 groups"):
        split_by_group(table([]), fractions=(0.5, 0.5), seed=0)
