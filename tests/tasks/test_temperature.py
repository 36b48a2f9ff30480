"""The temperature against scipy's minimiser."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from loanword.tasks.temperature import SPREAD, fit_temperature


def logits_of(n, *, scale, seed, classes=5):
    """Logits whose softmax is the true distribution of the answer, then scaled."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, size=(n, classes))
    targets = np.asarray([rng.choice(classes, p=row) for row in softmax(logits, axis=1)])
    return (logits * scale).astype(np.float32), targets


@pytest.mark.parametrize("scale", [1 / 3, 1.0, 3.0])
def test_temperature_is_recovered(scale):
    logits, targets = logits_of(4000, scale=scale, seed=2)
    assert fit_temperature(logits, targets) == pytest.approx(scale, rel=0.08)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.3, 5), n=st.integers(5, 1500))
def test_temperature_is_scipys(seed, scale, n):
    logits, targets = logits_of(n, scale=scale, seed=seed)
    left_over = 1 / (n + 2)

    def smoothed(log_temperature):
        rows = log_softmax(logits.astype(float) / np.exp(log_temperature), axis=1)
        right = rows[np.arange(n), targets]
        fit = -((1 - left_over) * right + left_over * (rows.sum(axis=1) - right) / 4).sum()
        return fit + log_temperature**2 / (2 * SPREAD**2)

    expected = np.exp(minimize_scalar(smoothed, bounds=(np.log(0.01), np.log(100)), method="bounded").x)
    found = fit_temperature(logits, targets)
    assert found == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("n", [20, 200, 2000])
def test_a_perfect_dev_set_does_not_ask_for_certainty(n):
    """All n dev answers right: the mean confidence comes out near (n + 1) / (n + 2), not at 1."""
    rng = np.random.default_rng(5)
    targets = rng.integers(0, 4, n)
    logits = rng.normal(0, 0.3, size=(n, 4))
    logits[np.arange(n), targets] += 4
    temperature = fit_temperature(logits, targets)
    assert temperature > 0.15
    confidence = softmax(logits / temperature, axis=1).max(axis=1)
    assert 1 - 3 / n < confidence.mean() < 1 - 0.2 / n


def test_the_temperature_is_bounded():
    targets = np.zeros(5000, dtype=int)
    against = np.tile([-9.0, 9.0], (5000, 1))
    assert fit_temperature(against, targets) == pytest.approx(100, rel=0.01)
    assert np.isfinite(fit_temperature(np.full((50, 3), 1e4), targets[:50]))


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("n", [1, 5])
def test_a_handful_of_rows_does_not_move_it_far(n, right):
    logits = np.tile([6.0 if right else -6.0, 0.0, 0.0], (n, 1))
    assert 0.9 < fit_temperature(logits, np.zeros(n, dtype=int)) < 2.1


def test_few_rows_do_not_spoil_probabilities_that_are_right():
    """Over many dev sets of 10 to 50 rows, the fitted temperature costs next to nothing where 1 is the right one."""
    whole, answers = logits_of(4000, scale=1.0, seed=7)

    def loss(temperature):
        rows = log_softmax(whole / temperature, axis=1)
        return -rows[np.arange(len(answers)), answers].mean()

    for n in (10, 20, 50):
        found = [fit_temperature(*logits_of(n, scale=1.0, seed=seed)) for seed in range(30)]
        assert np.mean([loss(temperature) for temperature in found]) - loss(1.0) < 0.01
