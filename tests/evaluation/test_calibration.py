"""Calibration against independent implementations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from loanword.evaluation.calibration import BINS, expected_error, reliability
from loanword.tasks.temperature import fit_temperature

CONFIDENCE = st.lists(
    st.tuples(st.floats(0, 1), st.booleans()) | st.tuples(st.sampled_from([0.0, 1 / 15, 1 / 3, 1.0]), st.booleans()),
    min_size=1,
    max_size=80,
)


def ece(confidence, right, bins=BINS):
    """Guo et al. 2017, one row at a time."""
    edges = [[] for _ in range(bins)]
    for one, hit in zip(confidence, right, strict=True):
        edges[min(int(one * bins), bins - 1)].append((one, hit))
    error = 0.0
    for inside in edges:
        if inside:
            error += abs(sum(hit for _, hit in inside) - sum(one for one, _ in inside)) / len(confidence)
    return error


@given(rows=CONFIDENCE)
def test_ece_is_the_one_computed_row_by_row(rows):
    confidence, right = np.asarray([a for a, _ in rows]), np.asarray([b for _, b in rows], dtype=float)
    bins = reliability(confidence, right)
    assert expected_error(bins) == pytest.approx(ece(confidence, right), abs=1e-9)
    assert sum(item.n for item in bins) == len(rows)
    assert [item.confidence for item in bins] == sorted(item.confidence for item in bins)


def test_no_answers_no_error():
    assert expected_error(()) == 0.0
    assert reliability(np.asarray([]), np.asarray([])) == ()


def test_calibrated_answers_have_a_small_error():
    confidence = np.random.default_rng(0).random(20_000)
    right = (np.random.default_rng(1).random(20_000) < confidence).astype(float)
    assert expected_error(reliability(confidence, right)) < 0.015
    assert expected_error(reliability(confidence, right[::-1])) > 0.2


def test_calibration_lowers_the_error_of_overconfident_answers():
    rng = np.random.default_rng(4)
    true = rng.normal(0, 2, size=(3000, 5))
    targets = np.asarray([rng.choice(5, p=row) for row in softmax(true, axis=1)])
    logits = (true * 3).astype(np.float32)

    def error(values):
        found = softmax(values.astype(float), axis=1)
        return expected_error(reliability(found.max(axis=1), (found.argmax(axis=1) == targets).astype(float)))

    assert error(logits / fit_temperature(logits, targets)) < 0.3 * error(logits)
