import math
import random
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from report_cases import leaky, report

from loanword.evaluation.calibration import BINS, reliability
from loanword.evaluation.chart_data import (
    SIDES,
    beside,
    by_fertility,
    calibrated,
    colours,
    comparable,
    extent,
    has_gaps,
    language_rows,
    outliers,
    plain,
    pooled,
    roomy,
    titles,
    trend,
    trend_ends,
)
from loanword.evaluation.chart_theme import PALETTE
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


def test_the_trend_is_the_least_squares_line():
    chance = np.random.default_rng(4)
    x, y = chance.uniform(1, 3, 30), chance.uniform(0, 1, 30)
    assert trend(list(zip(x, y, strict=True))) == pytest.approx(np.polyfit(x, y, 1))
    assert trend([(2, 1), (2, 3)]) == (0.0, 2.0)


def test_the_trend_is_that_of_the_targets_and_stays_inside():
    made = report(languages=8)
    made.languages["en"] = replace(made.languages["en"], fertility=9.0)
    rows, _ = by_fertility(made, Words("en"))
    points = [(made.languages[tag].fertility, made.languages[tag].metrics["accuracy"].score) for tag in made.targets]
    slope, base = np.polyfit(*zip(*points, strict=True), 1)
    ends = trend_ends(rows)
    assert [x for x, _ in ends] == [min(points)[0], max(points)[0]]
    assert [y for _, y in ends] == pytest.approx([base + slope * x for x, _ in ends])
    span = extent(rows)
    assert all(span["score"][0] < y < span["score"][1] for _, y in ends)
    assert span["fertility"][1] > 9.0
    assert trend_ends([row for row in rows if row["is_source"]]) == []


def test_an_axis_leaves_room():
    low, high = roomy([2.0, 3.0])
    assert (2 - low, high - 3) == pytest.approx((0.06, 0.06))
    low, high = roomy([2.0])
    assert low < 2 < high
    assert roomy([])[0] < roomy([])[1]


def test_languages_without_spaces_are_named_and_not_shown():
    made, words = report(languages=65), Words("en")
    rows, apart = by_fertility(made, words)
    left_out = set(made.languages) - {row["tag"] for row in rows}
    assert left_out == {"th", "ja", "zh-CN", "zh-TW", "km", "my"} & set(made.languages)
    assert len(left_out) > 4
    assert sorted(apart) == sorted(words.name(tag) for tag in left_out)
    assert next(row for row in rows if row["is_source"])["name"] == "English"


def drawn(dot, name, side, width, height=320):
    """Where the text of a name stands, about as Vega draws it: left, right, middle."""
    align, dx, dy = SIDES[side]
    reach = 6 * len(name)
    left = dot[0] * width + dx - {"left": 0, "center": reach / 2, "right": reach}[align]
    return left, left + reach, (1 - dot[1]) * height + dy


def test_no_name_lies_over_a_dot_nor_over_another_name():
    chance = random.Random(5)
    placed = 0
    for _ in range(40):
        dots = [(chance.random(), chance.random()) for _ in range(40)]
        sides = beside(dots, dict.fromkeys(range(6), "Luxembourgish"))
        placed += len(sides)
        for width in (260, 300, 340, 480):
            boxes = [drawn(dots[dot], "Luxembourgish", side, width) for dot, side in sides.items()]
            for left, right, middle in boxes:
                assert not any(left <= x * width <= right and abs((1 - y) * 320 - middle) < 7 for x, y in dots)
            for one, other in combinations(boxes, 2):
                assert one[1] <= other[0] or other[1] <= one[0] or abs(one[2] - other[2]) > 10
    assert placed > 100


def test_a_name_stands_where_there_is_room():
    assert beside([(0.5, 0.5)], {0: "Dutch"}) == {0: "right"}
    assert beside([(0.5, 0.5), (0.55, 0.5)], {0: "Dutch"}) == {0: "left"}
    assert beside([(0.99, 0.5)], {0: "Dutch"}) == {0: "left"}
    crowd = [(0.5 + x / 40, 0.5 + y / 40) for x in range(-4, 5) for y in range(-4, 5)]
    assert beside([(0.5, 0.5), *crowd], {0: "Dutch"}) == {}


def test_every_script_has_the_same_colour_in_every_report():
    names = colours(Words("en"))
    assert names == ["Latin", "Cyrillic", "Arabic", "Devanagari", "Chinese and Japanese", "other scripts"]
    assert len(names) == len(PALETTE)
    rows = {row["tag"]: row["colour"] for row in language_rows(report(languages=65), Words("en"))}
    assert {rows[tag] for tag in ("zh-CN", "zh-TW", "ja")} == {"Chinese and Japanese"}
    assert (rows["fa"], rows["ne"], rows["mn"], rows["th"], rows["sr-Latn"]) == (
        "Arabic",
        "Devanagari",
        "Cyrillic",
        "other scripts",
        "Latin",
    )
    assert colours(Words("zh"))[4] == "汉字与日文"


def test_a_gap_is_spoken_of_only_where_there_are_gaps():
    words = Words("en")
    assert has_gaps(report(languages=3))
    assert "gap_text" in titles(report(languages=3), words)
    without = report(languages=3, gap="not comparable")
    assert not has_gaps(without)
    assert "gap_text" not in titles(without, words)
    rows = {row["tag"]: row for row in language_rows(report(languages=3), words)}
    assert rows["en"]["gap_text"] == "–"
    assert rows["nl"]["gap_text"].endswith("points")


def test_outliers_need_a_trend_and_stay_few():
    assert outliers([]) == []
    assert outliers([(1, 1), (2, 5)]) == [False, False]
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


@pytest.mark.parametrize(
    ("values", "ends"),
    [([0.97, 0.98], (0.9, 1.0)), ([0.5], (0.45, 0.55)), ([0.01, 0.02], (0.0, 0.1)), ([0.2, 0.8], (0.2, 0.8))],
)
def test_an_axis_spans_something_and_stays_where_scores_are(values, ends):
    room = 0.06 * (ends[1] - ends[0])
    assert roomy(values, least=0.1) == pytest.approx([ends[0] - room, ends[1] + room])


def test_an_error_that_scaling_left_alone_is_written_once():
    one = report(languages=2).languages["nl"]
    assert calibrated(replace(one, ece=0.05, ece_raw=0.1)) == "10.0% → 5.0%"
    assert calibrated(replace(one, ece=0.05, ece_raw=0.05)) == "5.0%"
    assert titles(report(languages=2, temperature=1.0), Words("en"))["ece_text"] == "ECE"


def test_the_name_beside_a_bar_says_that_rows_leaked():
    made = leaky(report(languages=2), nl=(1, 2))
    assert {one["label"] for one in language_rows(made, Words("en"))} == {"English · en", "Dutch · nl · leak"}
    assert "荷兰语 · nl · 泄漏" in {one["label"] for one in language_rows(made, Words("zh"))}
