"""Calibration against independent implementations."""

import math
from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_cases import report
from scipy.special import softmax

from loanword.evaluation.calibration import BINS, calibration_errors, expected_error, expected_noise, reliability
from loanword.evaluation.scores import Bin
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
    assert math.isnan(expected_error(()))
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


@pytest.mark.parametrize("shape", [(2, 1), (5, 1), (8, 0.5)])
def test_the_noise_is_the_error_of_perfectly_calibrated_answers(shape):
    """200 answers, each right with the chance that it claims, many times over."""
    rng = np.random.default_rng(7)
    shown, foretold = [], []
    for _ in range(300):
        confidence = rng.beta(*shape, size=200)
        bins = reliability(confidence, (rng.random(200) < confidence).astype(float))
        shown.append(expected_error(bins))
        foretold.append(expected_noise(bins))
    assert fmean(foretold) == pytest.approx(fmean(shown), rel=0.05)
    assert fmean(foretold) > 0.02


def test_the_noise_of_two_bins_by_hand():
    """A share of 25 tosses of a coin spreads by 0.1, one of 100 with chance 0.2 by 0.04; sure answers do not spread."""
    bins = (Bin(0.5, 0.6, 25), Bin(0.2, 0.2, 100))
    by_hand = (25 * 0.1 + 100 * 0.04) / 125 * math.sqrt(2 / math.pi)
    assert expected_noise(bins) == pytest.approx(by_hand)
    assert expected_noise((Bin(1.0, 0.9, 50),)) == 0.0
    assert math.isnan(expected_noise(()))


def test_errors_of_a_report_are_means_over_its_targets():
    made = report(languages=6)
    before, after, noise = calibration_errors(made)
    targets = [made.languages[tag] for tag in made.targets]
    assert len(targets) == 5
    assert before == pytest.approx(fmean(one.ece_raw for one in targets))
    assert after == pytest.approx(fmean(one.ece for one in targets))
    assert noise == pytest.approx(0.02)
    alone = report(languages=1)
    assert calibration_errors(alone)[1] == alone.languages["en"].ece


def test_errors_that_were_not_measured_are_not_zero():
    made = report(languages=2)
    for tag in made.languages:
        made.languages[tag] = replace(made.languages[tag], ece=math.nan, ece_noise=math.nan)
    assert all(map(math.isnan, calibration_errors(made)))
    assert all(map(math.isnan, calibration_errors(report(languages=0))))
