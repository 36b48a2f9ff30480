import math
import random

import numpy as np
from report_cases import report

from loanword.evaluation.calibration import BINS, reliability
from loanword.evaluation.chart_data import comparable, language_rows, outliers, plain, pooled
from loanword.evaluation.scores import Bin
from loanword.evaluation.words import Words


def test_rows_are_sorted_and_leave_out_what_has_no_score():
    made = report(languages=12)
    made.languages["nl"].metrics["accuracy"] = made.languages["nl"].metrics["accuracy"].__class__(math.nan, 0, 0)
    rows = language_rows(made, Words("en"))
    assert [row["tag"] for row in rows] == sorted(
        (tag for tag in made.languages if tag != "nl"),
        key=lambda tag: -made.languages[tag].metrics["accuracy"].score,
    )
    assert len(rows) == 11
    best = rows[0]
    assert best["score_text"] == f"{best['score']:.1%}"
    assert best["low"] <= best["score"] <= best["high"]


def test_an_interval_that_is_no_number_becomes_a_point():
    made = report(languages=2)
    interval = made.languages["nl"].metrics["accuracy"]
    made.languages["nl"].metrics["accuracy"] = interval.__class__(interval.score, math.nan, math.inf)
    row = next(row for row in language_rows(made, Words("en")) if row["tag"] == "nl")
    assert row["low"] == row["high"] == interval.score


def test_pooled_reliability_is_that_of_all_rows_together():
    chance = np.random.default_rng(3)
    parts = []
    for n in (50, 400, 3):
        confidence = chance.uniform(0.2, 1.0, n)
        parts.append((confidence, (chance.uniform(size=n) < confidence).astype(float)))
    want = reliability(np.concatenate([c for c, _ in parts]), np.concatenate([r for _, r in parts]))
    got = pooled([reliability(confidence, right) for confidence, right in parts])
    assert [one.n for one in got] == [one.n for one in want]
    assert len(got) > BINS // 2
    np.testing.assert_allclose(
        [(one.confidence, one.accuracy) for one in got], [(one.confidence, one.accuracy) for one in want]
    )


def test_pooling_skips_empty_bins():
    assert pooled([[Bin(math.nan, math.nan, 0)], []]) == []
    assert pooled([[Bin(1.0, 0.5, 2)]]) == [Bin(1.0, 0.5, 2)]


def test_outliers_are_the_points_furthest_from_the_line():
    chance = random.Random(0)
    points = [(x / 10, 1 - x / 20 + chance.uniform(-0.001, 0.001)) for x in range(20)]
    points[7] = (0.7, 0.1)
    assert [place for place, named in enumerate(outliers(points)) if named] == [7]


def test_outliers_need_a_trend_and_stay_few():
    assert outliers([]) == []
    assert outliers([(1, 1), (2, 5)]) == [True, True]
    assert outliers([(1, 1), (1, 1), (1, 1)]) == [False, False, False]
    spread = [(x, 100 * (x % 10 == 0)) for x in range(100)]
    assert sum(outliers(spread)) == 5


def test_candidates_are_compared_on_the_languages_that_have_all_of_them():
    made = report(languages=5)
    assert comparable(made)[0] == ["averaged", "last", "source-dev-best"]
    assert comparable(made)[1] == made.targets
    del made.languages["de"].candidates["last"]
    assert "de" not in comparable(made)[1]
    assert len(comparable(made)[1]) == 3


def test_what_json_cannot_say_is_null():
    assert [plain(value) for value in (math.nan, math.inf, 1.5, "a", 3, None)] == [None, None, 1.5, "a", 3, None]
