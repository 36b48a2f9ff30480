"""The report's own questions: who is a target, who is worst, who collapsed."""

from dataclasses import FrozenInstanceError, replace
from statistics import fmean

import pytest
from report_cases import report


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


def test_without_targets_there_is_no_mean():
    found = report(languages=1)
    assert (found.targets, found.mean_target, found.worst_target, found.collapsed) == ([], None, None, [])


def test_a_source_may_collapse_too():
    assert report(languages=2, collapsed=("en",)).collapsed == ["en"]


def test_results_do_not_change():
    with pytest.raises(FrozenInstanceError):
        report(languages=1).seed = 3
