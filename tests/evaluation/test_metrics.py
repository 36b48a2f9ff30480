"""Metrics against scikit-learn, over any subset of rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score

from loanword.errors import UsageError
from loanword.evaluation.metrics import METRICS, Additive, Steady
from loanword.tasks.task import Prediction

ORACLES = {
    "accuracy": accuracy_score,
    "macro-f1": lambda right, predicted: f1_score(right, predicted, average="macro", zero_division=0),
}
# Labels 0-5 may be right, 2-8 may be predicted: some are only ever the one or the other.
PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(2, 8)), min_size=1, max_size=40)


def rows_of(name, pairs):
    right, predicted = [f"l{a}" for a, _ in pairs], [f"l{b}" for _, b in pairs]
    return METRICS.get(name).rows([Prediction(label, 1.0) for label in predicted], right), right, predicted


@pytest.mark.parametrize("name", sorted(ORACLES))
@given(pairs=PAIRS, data=st.data())
def test_score_of_any_subset_is_scikit_learns(name, pairs, data):
    metric = METRICS.get(name)
    rows, right, predicted = rows_of(name, pairs)
    assert metric.reduce(rows) == pytest.approx(ORACLES[name](right, predicted))
    subset = data.draw(st.lists(st.integers(0, len(pairs) - 1), min_size=1, max_size=60), label="with repetition")
    expected = ORACLES[name]([right[i] for i in subset], [predicted[i] for i in subset])
    assert metric.reduce(rows[subset]) == pytest.approx(expected)


@pytest.mark.parametrize("name", sorted(ORACLES))
@given(pairs=PAIRS, seed=st.integers(0, 9))
def test_sums_give_what_the_rows_give(name, pairs, seed):
    metric = METRICS.get(name)
    rows, *_ = rows_of(name, pairs)
    weights = np.random.default_rng(seed).integers(0, 3, size=(4, len(rows)))
    weights[:, 0] += 1
    assert isinstance(metric, Additive)
    expected = [metric.reduce(np.repeat(rows, weight, axis=0)) for weight in weights]
    assert metric.of_sums(weights @ rows.astype(float)) == pytest.approx(expected)


@given(pairs=PAIRS, data=st.data())
def test_in_a_resample_all_labels_of_the_whole_count(pairs, data):
    metric = METRICS.get("macro-f1")
    rows, right, predicted = rows_of("macro-f1", pairs)
    assert isinstance(metric, Steady)
    drawn = data.draw(st.lists(st.integers(0, len(pairs) - 1), min_size=1, max_size=60), label="with repetition")
    expected = f1_score(
        [right[i] for i in drawn],
        [predicted[i] for i in drawn],
        labels=sorted({*right, *predicted}),
        average="macro",
        zero_division=0,
    )
    assert metric.of_resamples(rows[drawn].sum(axis=0), rows.sum(axis=0)) == pytest.approx(expected)


def test_no_rows_score_nothing():
    assert {METRICS.get(name).reduce(rows_of(name, [])[0]) for name in METRICS.names()} == {0.0}


def test_a_label_by_hand():
    rows, *_ = rows_of("macro-f1", [(2, 2), (2, 3), (3, 3), (3, 3)])
    assert METRICS.get("macro-f1").reduce(rows) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_lengths_must_agree():
    for name in ORACLES:
        with pytest.raises(ValueError, match=r"shape|argument|shorter|longer"):
            METRICS.get(name).rows([Prediction("a", 1.0)], ["a", "b"])


def test_an_unknown_metric_names_the_known_ones():
    with pytest.raises(UsageError, match=r"unknown metric 'f1'; known: accuracy, answer-f1, .*macro-f1"):
        METRICS.get("f1")
