"""The alarm: how often it rings when it should, and when it should not. Fixed seeds."""

import numpy as np
import pytest

from loanword.data.records import Record
from loanword.evaluation.collapse import collapsed
from loanword.evaluation.metrics import METRICS
from loanword.tasks.classification import Classification
from loanword.tasks.task import Prediction

LABELS = ("a", "b", "c", "d")
TASK = Classification(labels=LABELS)


def alarm(right, predicted, *, metric="accuracy", groups=None, seed=0):
    measure = METRICS.get(metric)
    trivial = TASK.trivial([Record("x", "en", label) for label in right])
    return collapsed(
        measure.rows([Prediction(label, 1.0) for label in predicted], right),
        measure.rows(trivial, right),
        measure,
        groups=groups or [""] * len(right),
        count=300,
        seed=seed,
    )


def rate(predict, *, n=120, runs=200, metric="accuracy"):
    rng = np.random.default_rng(21)
    found = []
    for seed in range(runs):
        right = rng.choice(LABELS, n, p=[0.4, 0.3, 0.2, 0.1]).tolist()
        found.append(alarm(right, predict(rng, right), metric=metric, seed=seed))
    return np.mean(found)


def guess(rng, right):
    return rng.choice(LABELS, len(right)).tolist()


def good(rng, right, share=0.75):
    return [label if rng.random() < share else other for label, other in zip(right, guess(rng, right), strict=True)]


@pytest.mark.parametrize("metric", ["accuracy", "macro-f1"])
def test_the_majority_always_rings(metric):
    def majority(rng, right):
        return [max(LABELS, key=right.count)] * len(right)

    assert rate(majority, metric=metric, runs=60) == 1.0


def test_chance_rings():
    assert rate(guess) >= 0.95


def test_the_wrong_constant_rings():
    assert rate(lambda rng, right: ["d"] * len(right), runs=60) == 1.0


def test_barely_the_trivial_score_rings():
    """As often right as the best constant, but on other rows: no better than trivial."""
    assert rate(lambda rng, right: good(rng, right, share=0.2)) >= 0.95


@pytest.mark.parametrize("metric", ["accuracy", "macro-f1"])
def test_a_good_model_does_not_ring(metric):
    assert rate(good, metric=metric) <= 0.02


def test_few_groups_are_no_evidence():
    """Eighty rows that are right, but from two documents."""
    right = ["a", "b"] * 20
    predicted = ["a", "b"] * 10 + ["a"] * 20
    assert not alarm(right, predicted)
    assert alarm(right, predicted, groups=[f"g{row // 20}" for row in range(40)])


def test_a_test_set_with_one_label_raises_no_alarm_unless_it_is_missed():
    """Nothing can beat the trivial prediction there; only a wrong answer says something."""
    assert not alarm(["a"] * 30, ["a"] * 30)
    assert alarm(["a"] * 20 + ["b"] * 10, ["a"] * 30)
