import numpy as np
import pytest
from scipy.stats import pearsonr, spearmanr

from loanword.evaluation.intervals import bootstrap
from loanword.evaluation.metrics import METRICS
from loanword.tasks.task import Prediction


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_they_are_scipys(seed, ties):
    rng = np.random.default_rng(seed)
    right = rng.normal(size=50)
    said = right + rng.normal(size=50)
    if ties:
        right, said = right.round(), said.round()
    predictions = [Prediction(float(value)) for value in said]
    for name, oracle in (("spearman", spearmanr), ("pearson", pearsonr)):
        metric = METRICS.get(name)
        assert metric.reduce(metric.rows(predictions, list(right))) == pytest.approx(oracle(said, right).statistic)


def test_what_never_changes_correlates_with_nothing():
    metric = METRICS.get("spearman")
    rows = metric.rows([Prediction(0.0)] * 5, [1.0, 2.0, 3.0, 4.0, 5.0])
    assert metric.reduce(rows) == 0


def test_the_interval_holds_the_score():
    rng = np.random.default_rng(0)
    right = rng.normal(size=80)
    metric = METRICS.get("spearman")
    rows = metric.rows([Prediction(float(v)) for v in right + rng.normal(size=80)], list(right))
    found = bootstrap(rows, metric, groups=[""] * 80, count=200)
    assert found.low < found.score < found.high
    assert found.high - found.low < 0.5
