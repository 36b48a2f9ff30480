"""Intervals: do they hold the truth as often as they say? Fixed seeds throughout."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import f1_score

from loanword.evaluation.intervals import (
    CELLS,
    apart,
    around,
    bootstrap,
    difference,
    memberships,
    samples,
    wilson,
    without_each,
)
from loanword.evaluation.metrics import METRICS
from loanword.evaluation.scores import Interval

ACCURACY = METRICS.get("accuracy")


def accuracy_rows(right):
    right = np.asarray(right, dtype=np.int8)
    return np.stack([right, np.ones_like(right)], axis=1)


class Median:
    """A metric that is no function of sums."""

    def rows(self, predictions, references):
        raise NotImplementedError

    def reduce(self, rows):
        return float(np.median(rows[:, 0]))


class Slow:
    """Accuracy without `of_sums`."""

    def rows(self, predictions, references):
        raise NotImplementedError

    def reduce(self, rows):
        return float(rows[:, 0].mean())


def coverage(draw, *, truth, groups, runs=400):
    """The share of simulated data sets whose interval holds the true score."""
    rng = np.random.default_rng(11)
    found = [bootstrap(accuracy_rows(draw(rng)), ACCURACY, groups=groups, count=300, seed=s) for s in range(runs)]
    return np.mean([interval.low <= truth <= interval.high for interval in found])


def clustered(rng, *, clusters=50, size=8):
    """Rows whose groups are easy or hard as a whole; the mean chance is 0.6."""
    chance = rng.beta(1.2, 0.8, size=clusters)
    return (rng.random((clusters, size)) < chance[:, None]).ravel()


CLUSTERS = [f"g{row // 8}" for row in range(400)]


def test_independent_rows_are_covered():
    assert 0.91 <= coverage(lambda rng: rng.random(150) < 0.7, truth=0.7, groups=[""] * 150) <= 0.98


def test_clustered_rows_are_covered_when_groups_are_known():
    assert 0.91 <= coverage(clustered, truth=0.6, groups=CLUSTERS) <= 0.98


def test_clustered_rows_are_not_covered_when_groups_are_ignored():
    assert coverage(clustered, truth=0.6, groups=[""] * 400) < 0.85


def test_macro_f1_of_the_whole_is_covered():
    """The truth is the score of a large population that the rows are drawn from."""
    rng = np.random.default_rng(5)
    metric = METRICS.get("macro-f1")
    right = rng.integers(0, 3, 40_000)
    predicted = np.where(rng.random(40_000) < 0.75, right, rng.integers(0, 3, 40_000))
    rows = np.zeros((40_000, 6), dtype=np.int8)
    every = np.arange(40_000)
    rows[every, right] = predicted == right
    rows[every, 3 + right] += 1
    rows[every, 3 + predicted] += 1
    truth = metric.reduce(rows)
    found = [
        bootstrap(rows[rng.integers(0, 40_000, 200)], metric, groups=[""] * 200, count=300, seed=s) for s in range(300)
    ]
    assert 0.91 <= np.mean([interval.low <= truth <= interval.high for interval in found]) <= 0.98


def macro_rows(right, predicted, labels):
    every, rows = np.arange(len(right)), np.zeros((len(right), 2 * labels), dtype=np.int8)
    rows[every, right] = predicted == right
    rows[every, labels + right] += 1
    rows[every, labels + predicted] += 1
    return rows


def confusion(labels, rng):
    """The chances of right and predicted label: the k-th label is 1/k as frequent as the first, and less often hit."""
    frequency, hit = 1 / np.arange(1, labels + 1), np.linspace(0.9, 0.5, labels)
    missed = rng.dirichlet(np.full(labels, 0.5), size=labels) * (1 - np.eye(labels))
    rows = missed * ((1 - hit) / missed.sum(axis=1))[:, None] + np.diag(hit)
    return rows * (frequency / frequency.sum())[:, None]


@pytest.mark.parametrize(("labels", "n"), [(7, 200), (30, 300)])
def test_macro_f1_over_rare_labels_is_covered(labels, n):
    """The truth is the macro-F1 of the chances; over many labels the percentiles alone miss it often."""
    metric, rng, groups = METRICS.get("macro-f1"), np.random.default_rng(1), [""] * n
    chances = confusion(labels, rng)
    truth = np.mean(2 * np.diag(chances) / (chances.sum(axis=0) + chances.sum(axis=1)))
    held, percentiles = [], []
    for seed in range(200):
        right, predicted = np.divmod(rng.choice(labels**2, size=n, p=chances.ravel()), labels)
        rows = macro_rows(right, predicted, labels)
        found = bootstrap(rows, metric, groups=groups, count=300, seed=seed)
        held.append(found.low <= truth <= found.high)
        low, high = np.quantile(samples(metric, rows, groups=groups, count=300, seed=seed), [0.025, 0.975])
        percentiles.append(low <= truth <= high)
    assert 0.91 <= np.mean(held) <= 0.99
    assert (np.mean(percentiles) < 0.8) == (labels == 30)


@pytest.mark.parametrize("groups", [[""] * 60, [f"g{row % 7}" for row in range(60)]])
def test_each_group_is_left_out_once(groups):
    rng = np.random.default_rng(12)
    right, predicted = rng.integers(0, 4, 60), rng.integers(0, 4, 60)
    member = memberships(groups)
    every = range(member.max() + 1)
    kept = [member != one for one in every]
    found = without_each(ACCURACY, accuracy_rows(right == predicted), groups=groups)
    assert found == pytest.approx([np.mean(right[rows] == predicted[rows]) for rows in kept])
    macro = without_each(METRICS.get("macro-f1"), macro_rows(right, predicted, 4), groups=groups)
    wanted = [f1_score(right[rows], predicted[rows], labels=range(4), average="macro") for rows in kept]
    assert macro == pytest.approx(wanted)
    assert len(without_each(Slow(), accuracy_rows(right == predicted), groups=groups)) == 0


def test_an_interval_is_moved_and_stretched_by_hand():
    """Resamples from 0.40 to 0.60 about 0.50, of a score of 0.55: what they lost is moved back twice."""
    found = np.linspace(0.40, 0.60, 201)
    moved = around(0.55, found, np.zeros(0), floor=0.0)
    assert (moved.low, moved.high) == pytest.approx((0.405 + 0.1, 0.595 + 0.1))
    omitted = np.asarray([0.5 - 0.2 / 3, 0.5 + 0.2 / 3] * 5)  # a jackknife of 10 groups that spreads by 0.2
    stretch = 0.2 / found.std()
    wide = around(0.55, found, omitted, floor=0.0)
    assert (wide.low, wide.high) == pytest.approx((0.6 - 0.095 * stretch, 0.6 + 0.095 * stretch))
    assert around(0.95, found + 0.4, omitted, floor=0.0).high == 1.0
    assert around(0.9, found, np.zeros(0), floor=0.0).low == 0.9
    assert around(3.0, np.full(10, 3.0), np.zeros(0), floor=0.0) == Interval(3.0, 3.0, 3.0)


def test_the_interval_of_a_mean_is_its_percentiles():
    """A mean has no bias, and the jackknife finds n / (n - 1) of the bootstrap's variance."""
    rows, groups = accuracy_rows(np.random.default_rng(13).random(150) < 0.7), [""] * 150
    found = samples(ACCURACY, rows, groups=groups, count=1000, seed=3)
    stretch = max(1.0, rows[:, 0].std(ddof=1) / 150**0.5 / found.std())
    low, high = np.quantile(found, [0.025, 0.975])
    interval = bootstrap(rows, ACCURACY, groups=groups, count=1000, seed=3)
    assert stretch < 1.05
    middle = found.mean()
    assert interval.low == pytest.approx(middle - stretch * (middle - low))
    assert interval.high == pytest.approx(middle + stretch * (high - middle))


@given(right=st.integers(0, 60), n=st.integers(1, 60))
def test_wilson_is_scipys(right, n):
    right = min(right, n)
    expected = binomtest(right, n).proportion_ci(0.95, method="wilson")
    assert wilson(right / n, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_all_right_is_not_certainty():
    found = bootstrap(accuracy_rows([1] * 40), ACCURACY, groups=[""] * 40)
    assert (found.score, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(wilson(1.0, 40)[0])
    assert 0.9 < found.low < 0.95
    fewer = bootstrap(accuracy_rows([1] * 40), ACCURACY, groups=[f"g{i // 10}" for i in range(40)])
    assert fewer.low == pytest.approx(wilson(1.0, 4)[0])
    assert bootstrap(accuracy_rows([0] * 40), ACCURACY, groups=[""] * 40).low == 0.0


def test_one_row_and_one_group():
    assert bootstrap(accuracy_rows([1]), ACCURACY, groups=[""]).low < 0.3
    one_group = bootstrap(accuracy_rows([1, 0, 1]), ACCURACY, groups=["g"] * 3)
    assert one_group.low < 0.2
    assert one_group.high > 0.9


def test_paired_difference_is_narrower_than_unpaired():
    rng = np.random.default_rng(2)
    hard = rng.random(300)
    a, b = accuracy_rows(hard < 0.8), accuracy_rows(hard < 0.75)
    groups = [""] * 300
    paired = difference(a, b, ACCURACY, groups=groups, seed=1)
    apart = samples(ACCURACY, a, groups=groups, count=1000, seed=1) - samples(
        ACCURACY, b, groups=groups, count=1000, seed=2
    )
    low, high = np.quantile(apart, [0.025, 0.975])
    assert paired.score == pytest.approx(ACCURACY.reduce(a) - ACCURACY.reduce(b))
    assert paired.low > 0
    assert (paired.high - paired.low) < 0.6 * (high - low)


def test_where_no_row_disagrees_some_may():
    """The share of rows that disagree is at most Wilson's upper end for none of 80, and so is the difference."""
    rows = accuracy_rows(np.random.default_rng(3).random(80) < 0.5)
    reach = binomtest(0, 80).proportion_ci(method="wilson").high
    found = difference(rows, rows, ACCURACY, groups=[""] * 80)
    assert (found.score, found.low, found.high) == pytest.approx((0.0, -reach, reach))
    right, wrong = accuracy_rows([1] * 80), accuracy_rows([0] * 80)
    all_apart = difference(right, wrong, ACCURACY, groups=[""] * 80)
    assert (all_apart.score, all_apart.low, all_apart.high) == pytest.approx((1.0, 1 - reach, 1.0))
    clustered = difference(rows, rows, ACCURACY, groups=["one"] * 80)
    assert clustered.high > 0.7


@pytest.mark.parametrize(("ours", "theirs"), [(56, 48), (9, 3), (10, 0), (0, 0)])
def test_apart_is_newcombes_tenth_method(ours, theirs):
    """56/70 against 48/80, 9/10 against 3/10 and 10/10 against 0/20 stand in his paper with these ends."""
    of = {56: (70, 80), 9: (10, 10), 10: (10, 20), 0: (10, 10)}[ours]
    printed = {56: (0.0524, 0.3339), 9: (0.1705, 0.8090), 10: (0.6791, 1.0), 0: (-0.2775, 0.2775)}[ours]
    found = apart(*(Interval(x / n, *wilson(x / n, n)) for x, n in zip((ours, theirs), of, strict=True)))
    assert (found.low, found.high) == pytest.approx(printed, abs=6e-5)


def test_the_seed_decides():
    rows, groups = accuracy_rows(np.random.default_rng(4).random(90) < 0.5), [""] * 90
    assert bootstrap(rows, ACCURACY, groups=groups, seed=7) == bootstrap(rows, ACCURACY, groups=groups, seed=7)
    assert bootstrap(rows, ACCURACY, groups=groups, seed=7) != bootstrap(rows, ACCURACY, groups=groups, seed=8)


@pytest.mark.parametrize("groups", [[""] * 60, [f"g{row % 7}" for row in range(60)]])
def test_metrics_without_sums_get_the_same_interval(groups):
    rows = accuracy_rows(np.random.default_rng(6).random(60) < 0.6)
    slow = samples(Slow(), rows, groups=groups, count=200, seed=0)
    assert samples(ACCURACY, rows, groups=groups, count=200, seed=0) == pytest.approx(slow)


def test_any_reduction_will_do():
    values = np.random.default_rng(8).normal(3, 1, size=(200, 1))
    found = bootstrap(values, Median(), groups=[""] * 200, count=400)
    assert found.low < found.score < found.high
    assert 0.15 < found.high - found.low < 0.6  # 1.2533 x 2 x 1.96 / sqrt(200) = 0.35 for a normal median.


def test_rows_of_a_group_stay_together():
    """Groups of equal rows: every resampled mean is a multiple of one group's weight."""
    rows = accuracy_rows(np.repeat([1, 0, 1, 0, 1], 4))
    found = samples(ACCURACY, rows, groups=[f"g{row // 4}" for row in range(20)], count=300, seed=0)
    assert set(np.round(found * 5, 9)) <= set(range(6))
    assert len(set(np.round(found * 5))) >= 4


def test_memberships_number_groups_and_keep_single_rows_apart():
    assert memberships(["a", "", "b", "a", "", "0"]).tolist() == [0, 1, 2, 0, 3, 4]


def test_resamples_are_uniform():
    """A row is left out of a bootstrap sample with chance (1 - 1/n)^n."""
    rows = accuracy_rows([1] + [0] * 49)
    found = samples(ACCURACY, rows, groups=[""] * 50, count=20_000, seed=3)
    assert np.mean(found == 0) == pytest.approx((1 - 1 / 50) ** 50, abs=0.012)
    assert found.mean() == pytest.approx(1 / 50, abs=0.001)
    assert found.var() == pytest.approx(1 / 50 * (49 / 50) / 50, rel=0.05)


def test_many_rows_come_in_chunks_that_fit_memory():
    n = CELLS // 16
    rows = accuracy_rows(np.random.default_rng(9).random(n) < 0.5)
    found = samples(ACCURACY, rows, groups=[""] * n, count=40, seed=0)
    assert found.shape == (40,)
    assert len(set(found)) > 30
    assert found.std() == pytest.approx(0.5 / n**0.5, rel=0.4)


def test_sixty_languages_take_seconds():
    rows = METRICS.get("macro-f1")
    rng = np.random.default_rng(1)
    table = np.zeros((200, 80), dtype=np.int8)
    table[np.arange(200), rng.integers(0, 40, 200)] = 1
    table[np.arange(200), 40 + rng.integers(0, 40, 200)] += 2
    groups = [f"g{row // 3}" for row in range(200)]
    began = time.process_time()
    for _ in range(60):
        bootstrap(table, rows, groups=groups)
    assert time.process_time() - began < 4
