"""The report's own questions: who is a target, who is worst, who collapsed."""

from dataclasses import FrozenInstanceError, replace
from functools import reduce
from math import fsum
from operator import add
from statistics import fmean

import pytest
from report_cases import report

from loanword.evaluation.scores import Interval


def test_targets_are_what_is_no_source_worst_first():
    found = report(languages=12, collapsed=("da",))
    score = {tag: one.metrics["accuracy"].score for tag, one in found.languages.items()}
    assert found.targets == sorted((tag for tag in score if tag != "en"), key=score.get)
    assert found.worst_target == found.targets[0] == "da"
    assert found.mean_target == pytest.approx(fmean(score[tag] for tag in found.targets))
    assert found.collapsed == ["da"]


def test_the_main_metric_decides():
    found = report(languages=3)
    other = next(name for name in found.languages["en"].metrics if name != "accuracy")
    turned = {
        tag: replace(one, metrics={**one.metrics, other: replace(one.metrics[other], score=-place)})
        for place, (tag, one) in enumerate(found.languages.items())
    }
    found = replace(found, metric=other, languages=turned)
    assert found.targets == ["de", "nl"]
    assert found.mean_target == pytest.approx(-1.5)


def test_the_mean_does_not_depend_on_the_order_of_its_terms():
    """These 40 scores sum up to a hair more than their exact sum, and their mean stands on the edge of rounding."""
    scores = (80.5, 80.5, 78.5, 71.5, 71.5, 71, 70.5, 70, 69, 69, 69, 69, 67, 67, 67, 67, 67, 65.5, 65, 65, 64, 63)
    scores += (62.5, 62.5, 62, 61.5, 57.5, 57.5, 55, 54.5, 54.5, 53, 53, 52, 50.5, 49, 47, 46, 45, 39.5)
    found = report(languages=41)
    for tag, score in zip(found.targets, sorted(scores), strict=True):
        found.languages[tag].metrics["accuracy"] = Interval(score / 100, 0, 1)
    exact = fsum(score / 100 for score in scores) / 40
    assert found.mean_target == found.mean(reversed(found.targets)) == exact
    naive = reduce(add, (score / 100 for score in sorted(scores)))  # From Python 3.12 on, sum() compensates.
    assert f"{naive / 40:.1%}" != f"{exact:.1%}"


def test_without_targets_there_is_no_mean():
    found = report(languages=1)
    assert (found.targets, found.mean_target, found.worst_target, found.collapsed) == ([], None, None, [])


def test_a_source_may_collapse_too():
    assert report(languages=2, collapsed=("en",)).collapsed == ["en"]


def test_results_do_not_change():
    with pytest.raises(FrozenInstanceError):
        report(languages=1).seed = 3
