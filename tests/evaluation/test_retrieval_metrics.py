import pytest

from loanword.evaluation.metrics import METRICS
from loanword.tasks.retrieval import Found
from loanword.tasks.task import Prediction

FOUND = [Found("a", ranks=(0, 0)), Found("b", ranks=(0, 7)), Found("c", ranks=(3, 4)), Found("d", ranks=(9, 5))]


@pytest.mark.parametrize(("name", "expected"), [("retrieval-accuracy", 3 / 8), ("retrieval-at-5", 5 / 8)])
def test_searches_in_both_directions_count(name, expected):
    metric = METRICS.get(name)
    rows = metric.rows(FOUND, ["a"] * 4)
    assert metric.reduce(rows) == expected
    assert metric.reduce(rows[:1]) == 1


def test_a_prediction_that_found_nothing_counts_as_wrong():
    metric = METRICS.get("retrieval-accuracy")
    assert metric.reduce(metric.rows([Prediction("a")], ["a"])) == 0
