from __future__ import annotations

from collections import Counter
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanword.batches.mixture import REACH, Mixture, Part, Rows, pass_tokens, shares, within
from loanword.batches.sampler import POOL
from loanword.tokens.encoded import Encoded


class Numbers:
    """Rows of random lengths."""

    def __init__(self, language, size):
        self.language, self.size = language, size

    def __len__(self):
        return self.size

    def lengths(self, numbers):
        return 5 + (numbers * 2654435761 % 97)

    def __getitem__(self, number):
        return Encoded(ids=[0] * int(self.lengths(np.array([number]))[0]), language=self.language, row=number)


def part(name="mlm", sizes=(1000, 100, 10), **options):
    options = {"batch_size": 4, **options}
    return Part(name, {tag: Numbers(tag, size) for tag, size in zip("abc", sizes, strict=False)}, **options)


def mixture(parts, *, steps=400, seed=1):
    return Mixture(parts, steps=steps, every=50, micro_tokens=200, seed=seed)


def numbers(steps):
    return [row for step in steps for micro in step.micro for row in micro]


def test_passes_suit_the_device():
    assert pass_tokens("cpu") == 1536
    assert pass_tokens("cuda") == pass_tokens("mps") == 16_384


def test_rows_come_in_order_each_once():
    found = numbers(mixture([part()]).steps(400))
    by_language = {}
    for row in found:
        by_language.setdefault(row // REACH, []).append(row % REACH)
    for rows in by_language.values():
        assert sorted(rows) == [*range(len(rows))]
    assert len(found) == 400 * 4


@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_languages_have_their_shares_at_every_moment(alpha):
    made = mixture([part(alpha=(alpha, alpha))])
    wanted = shares(np.array([1000, 100, 10]), alpha=alpha)
    expected = np.array([1000.0, 100.0, 10.0]) ** alpha
    assert wanted == pytest.approx(expected / expected.sum())
    total = np.zeros(3)
    for pool, rows in enumerate(islice(made.quotas(0), 25), start=1):
        total += rows
        assert rows.sum() == POOL * 4
        assert np.abs(total - wanted * pool * POOL * 4).max() < 1 + 1e-9


def test_alpha_changes_from_the_first_step_to_the_last():
    rows = [*islice(mixture([part(alpha=(1.0, 0.0))]).quotas(0), 25)]
    first, last = rows[0] / rows[0].sum(), rows[-1] / rows[-1].sum()
    assert first == pytest.approx(np.array([1000, 100, 10]) / 1110, abs=0.03)
    assert last == pytest.approx([1 / 3] * 3, abs=0.03)


def test_no_language_is_seen_more_often_than_its_cap():
    found = Counter(row // REACH for row in numbers(mixture([part(alpha=(0.0, 0.0), cap=3)]).steps(400)))
    assert found[2] == pytest.approx(30, abs=1)
    assert found[1] == pytest.approx(300, abs=2)
    assert sum(found.values()) == 1600


@pytest.mark.parametrize("alpha", [(1.0, 0.0), (0.0, 1.0), (0.3, 0.3)])
def test_nor_where_alpha_changes(alpha):
    """A small language that is kept for the end, or comes at the start, is not seen more often for that."""
    made = mixture([part(sizes=(20_000, 100), alpha=alpha, cap=2, batch_size=64)], steps=576)
    found = Counter(row // REACH for row in numbers(made.steps(576)))
    assert found[1] <= 201
    assert sum(found.values()) == 576 * 64


@given(
    st.lists(st.tuples(st.floats(0.01, 1e4), st.floats(0.01, 1e4)), min_size=1, max_size=8),
    st.integers(1, 5),
)
def test_caps_hold_and_the_rest_is_shared(pairs, pools):
    once, most = (np.array(values) for values in zip(*pairs, strict=True))
    wanted = np.stack([once] * pools)
    found = within(wanted, most)
    assert found.sum(1) == pytest.approx(wanted.sum(1))
    short = max(1.0, wanted.sum() / most.sum())  # Where all together are too few.
    had = found.sum(0)
    assert (had <= 1.002 * short * most).all()
    free = had < 0.9 * short * most
    if free.any():  # Those below their cap keep their proportions, and none of them loses.
        factors = had[free] / wanted.sum(0)[free]
        assert factors == pytest.approx(factors[0], rel=0.01)
        assert factors[0] >= 0.99


def test_objectives_have_their_shares_at_every_moment():
    parts = [part("mlm", weight=3), part("tlm", (500, 50), weight=1)]
    made = mixture(parts)
    seen = np.zeros(2)
    for number, step in enumerate(made.steps(400), start=1):
        which = {row // REACH >= 3 for micro in step.micro for row in micro}
        assert len(which) == 1
        seen[int(which.pop())] += 1
        assert np.abs(seen - number * np.array([0.75, 0.25])).max() <= 1
    assert [made.planned(0), made.planned(1)] == [300, 100]


@settings(max_examples=30)
@given(st.integers(0, 399))
def test_it_begins_at_any_step(start):
    parts = [part("mlm", weight=3, alpha=(1.0, 0.2)), part("tlm", (500, 50), weight=1)]
    whole = [*mixture(parts).steps(400)]
    assert [*mixture(parts).steps(400, start=start)] == whole[start:]


def test_steps_hold_rows_of_similar_length_within_the_budget():
    made = mixture([part(batch_size=8)])
    rows = Rows(made.parts)
    spread, whole = [], []
    for step in made.steps(64):
        lengths = [len(rows[row]) for micro in step.micro for row in micro]
        spread.append(max(lengths) - min(lengths))
        whole += lengths
        for micro in step.micro:
            assert len(micro) == 1 or len(micro) * max(len(rows[row]) for row in micro) <= 200
    assert np.mean(spread) < 0.15 * (max(whole) - min(whole))


def test_rows_know_their_part_and_language():
    parts = [part("mlm"), part("tlm", (5, 5))]
    rows = Rows(parts)
    assert [(rows[n * REACH + 7].table, rows[n * REACH + 7].language) for n in range(5)] == [
        *(("mlm", tag) for tag in "abc"),
        *(("tlm", tag) for tag in "ab"),
    ]
    assert len(rows) == 1120


def test_another_seed_is_another_order():
    one, other = (numbers(mixture([part()], seed=seed).steps(16)) for seed in (1, 2))
    assert one != other
    assert sorted(one) == sorted(other)


def test_what_is_dealt_is_what_comes():
    made = mixture([part("mlm", weight=100.0), part("nsp", weight=1.0), part("tlm", weight=40.0)], steps=30)
    came = Counter(step.micro[0][0] // REACH // 3 for step in made.steps(30))
    assert made.dealt().tolist() == [came[0], came[1], came[2]] == [21, 0, 9]
