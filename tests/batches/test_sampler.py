from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanword.batches.sampler import POOL, Sampler, by_tokens, pass_tokens

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=150)
SAMPLERS = st.builds(
    Sampler, LENGTHS, batch_size=st.integers(1, 12), micro_tokens=st.integers(16, 200), seed=st.integers(0, 2**40)
)


def cost(lengths: list[int], group: list[int] | tuple[int, ...]) -> int:
    return len(group) * max(lengths[row] for row in group)


@given(SAMPLERS, st.integers(0, 5))
def test_every_row_is_in_an_epoch_exactly_once(sampler, epoch):
    steps = sampler.epoch(epoch)

    assert len(steps) == sampler.steps_per_epoch
    assert {step.epoch for step in steps} == {epoch}
    rows = Counter(row for step in steps for part in step.micro for row in part)
    assert rows == Counter(range(len(sampler.lengths)))
    assert sum(step.rows for step in steps) == len(sampler.lengths)
    # All steps are full, but for one that takes what is left.
    assert sorted(step.rows for step in steps)[1:] == [sampler.batch_size] * (len(steps) - 1)


@given(SAMPLERS)
def test_no_micro_batch_is_over_the_budget_unless_it_is_one_row(sampler):
    parts = [part for step in sampler.epoch(0) for part in step.micro]

    assert parts
    assert all(cost(sampler.lengths, part) <= sampler.micro_tokens or len(part) == 1 for part in parts)


@given(SAMPLERS, st.integers(1, 40), st.data())
def test_resuming_at_any_step_gives_the_tail_of_the_whole_sequence(sampler, count, data):
    start = data.draw(st.integers(0, count))
    again = Sampler(
        sampler.lengths, batch_size=sampler.batch_size, micro_tokens=sampler.micro_tokens, seed=sampler.seed
    )

    whole = list(sampler.steps(count))

    assert len(whole) == count
    assert list(again.steps(count, start=start)) == whole[start:]
    assert [step.epoch for step in whole] == [number // sampler.steps_per_epoch for number in range(count)]


def test_the_order_depends_on_seed_and_epoch():
    def order(seed: int, epoch: int) -> tuple[int, ...]:
        steps = Sampler(list(range(1, 65)), batch_size=4, micro_tokens=1000, seed=seed).epoch(epoch)
        return tuple(row for step in steps for part in step.micro for row in part)

    assert order(1, 0) == order(1, 0)
    assert len({order(seed, epoch) for seed in (1, 2) for epoch in (0, 1)}) == 4


def test_rows_of_a_step_have_similar_lengths():
    lengths = [1 + (number * 37) % 64 for number in range(4 * POOL)]

    spread = [
        max(lengths[row] for part in step.micro for row in part)
        - min(lengths[row] for part in step.micro for row in part)
        for step in Sampler(lengths, batch_size=4, micro_tokens=1000, seed=0).epoch(0)
    ]

    assert len(spread) == POOL
    assert max(spread) <= 4  # One pool holds all rows, so a step is four neighbours in order of length.


def test_long_rows_do_not_come_last_or_first():
    sampler = Sampler([1] * 32 + [50] * 32, batch_size=4, micro_tokens=1000, seed=0)

    kinds = [sampler.lengths[step.micro[0][0]] for step in sampler.epoch(0)]

    assert kinds != sorted(kinds)
    assert kinds != sorted(kinds, reverse=True)


def fewest_groups(lengths: list[int], budget: int) -> int:
    """The least number of neighbouring groups within the budget, by trying all cuts."""
    best = [0] + [len(lengths)] * len(lengths)
    for end in range(1, len(lengths) + 1):
        for start in range(end):
            group = lengths[start:end]
            if len(group) == 1 or len(group) * max(group) <= budget:
                best[end] = min(best[end], best[start] + 1)
    return best[-1]


@settings(max_examples=200)
@given(st.lists(st.integers(1, 20), max_size=14), st.integers(1, 60))
def test_by_tokens_keeps_the_order_and_makes_the_fewest_groups(lengths, budget):
    groups = by_tokens(lengths, budget=budget)

    assert [index for group in groups for index in group] == list(range(len(lengths)))
    assert all(len(group) == 1 or cost(lengths, group) <= budget for group in groups)
    assert len(groups) == fewest_groups(lengths, budget)


@pytest.mark.parametrize(("rows", "batch", "steps"), [(1, 8, 1), (8, 8, 1), (9, 8, 2), (129, 8, 17)])
def test_steps_per_epoch_is_the_ceiling(rows, batch, steps):
    sampler = Sampler([3] * rows, batch_size=batch, micro_tokens=100, seed=0)

    assert sampler.steps_per_epoch == steps == len(sampler.epoch(0))


def test_a_pass_is_as_large_as_suits_the_device():
    assert pass_tokens("cpu") == 1024
    assert pass_tokens("cuda") == pass_tokens("mps") == 16_384
