"""Metrics of label sets against scikit-learn, over any subset of rows."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, label_ranking_average_precision_score

from loanword.evaluation.metrics import METRICS, Additive, Steady
from loanword.tasks.task import Prediction

NAMES = list("abcdef")
NEW = "g"
"""A label that references have and the model does not know."""


def sample(seed, rows=40):
    """Scores, predictions and references, with equal scores, empty rows and a label nobody can say."""
    rng = np.random.default_rng(seed)
    right = rng.random((rows, 7)) < [0.5, 0.3, 0.2, 0.1, 0.05, 0.0, 0.1]
    scores = np.round(np.clip(rng.random((rows, 6)) * 0.7 + 0.3 * right[:, :6], 0, 1), 1)
    said = scores >= 0.6
    names = np.array([*NAMES, NEW])
    references = [tuple(names[row]) for row in right]
    predictions = [
        Prediction(tuple(names[:6][row]), 0.5, dict(zip(NAMES, values.tolist(), strict=True)))
        for row, values in zip(said, scores, strict=True)
    ]
    said = np.concatenate([said, np.zeros((rows, 1), bool)], axis=1)
    scores = np.concatenate([scores, np.full((rows, 1), -1.0)], axis=1)
    return predictions, references, said, right, scores


def macro(right, said, *, over):
    columns = (over[0] | over[1]).any(axis=0)
    return f1_score(right[:, columns], said[:, columns], average="macro", zero_division=0)


ORACLES = {
    "micro-f1": lambda right, said, scores: f1_score(right, said, average="micro", zero_division=0),
    "macro-label-f1": lambda right, said, scores: macro(right, said, over=(right, said)),
    "accuracy": lambda right, said, scores: accuracy_score(right, said),
    "label-ranking": lambda right, said, scores: label_ranking_average_precision_score(right, scores),
}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", sorted(ORACLES))
def test_score_of_any_subset_is_scikit_learns(name, seed):
    metric = METRICS.get(name)
    predictions, references, said, right, scores = sample(seed)
    rows = metric.rows(predictions, references)
    assert isinstance(metric, Additive)
    assert metric.reduce(rows) == pytest.approx(ORACLES[name](right, said, scores))
    rng = np.random.default_rng(seed)
    for size in (3, 15, 60):
        drawn = rng.integers(0, len(rows), size)
        expected = ORACLES[name](right[drawn], said[drawn], scores[drawn])
        assert metric.reduce(rows[drawn]) == pytest.approx(expected)
        assert metric.of_sums(rows[drawn].sum(axis=0)) == pytest.approx(expected)


def test_in_a_resample_all_labels_of_the_whole_count():
    metric = METRICS.get("macro-label-f1")
    assert isinstance(metric, Steady)
    predictions, references, said, right, _ = sample(0)
    rows = metric.rows(predictions, references)
    drawn = np.random.default_rng(0).integers(0, len(rows), 6)
    expected = macro(right[drawn], said[drawn], over=(right, said))
    assert metric.of_resamples(rows[drawn].sum(axis=0), rows.sum(axis=0)) == pytest.approx(expected)
    assert expected < macro(right[drawn], said[drawn], over=(right[drawn], said[drawn]))


def test_nothing_right_and_nothing_said_is_no_score_but_a_perfect_ranking():
    nothing = [Prediction((), 1.0, {"a": 0.1})]
    assert {name: METRICS.get(name).reduce(METRICS.get(name).rows(nothing, [()])) for name in ORACLES} == {
        "micro-f1": 0.0,
        "macro-label-f1": 0.0,
        "accuracy": 1.0,
        "label-ranking": 1.0,
    }


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_lengths_must_agree(name):
    with pytest.raises(ValueError, match=r"shorter|longer"):
        METRICS.get(name).rows([Prediction(("a",), 1.0, {"a": 1.0})], [("a",), ()])
