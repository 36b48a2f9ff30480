import math
from dataclasses import replace
from statistics import fmean, median

import pytest
from report_cases import report

from loanword.evaluation.report_view import calibration_errors, comparable_gaps, memory, reading, view
from loanword.evaluation.scores import Interval


def score(made, tag):
    return made.languages[tag].metrics["accuracy"].score


def test_the_reading_says_what_the_numbers_say():
    made = report(languages=9)
    text = " ".join(reading(made))
    scores = [score(made, tag) for tag in made.languages if tag != "en"]
    assert f"Across 8 languages it was not trained on, the mean is {fmean(scores):.1%}" in text
    assert f"{max(scores):.1%}, " in text
    assert f"worst with {min(scores):.1%}, and half of them score {median(scores):.1%}" in text
    assert "No language has collapsed" in text
    assert f"the source leads by {100 * fmean(0.93 - one for one in scores):.1f} points on average over 8" in text
    errors = [(made.languages[tag].ece_raw, made.languages[tag].ece) for tag in made.targets]
    after, before = fmean(error for _, error in errors), fmean(raw for raw, _ in errors)
    assert f"off by {after:.1%} on average, {before:.1%} without it" in text


def test_the_reading_names_collapsed_languages():
    assert "In Dutch the score cannot be told apart" in " ".join(reading(report(languages=5, collapsed=("nl",))))
    assert "荷兰语的得分与平凡基线无法区分" in "".join(reading(report(languages=5, collapsed=("nl",)), language="zh"))


def test_the_reading_of_one_target_of_none_and_of_an_empty_run():
    assert "In the one language it was not trained on, Dutch" in " ".join(reading(report(languages=2)))
    assert "nothing can be said about transfer" in " ".join(reading(report(languages=1)))
    assert "no rows of it were kept" in " ".join(reading(report(languages=0)))


def test_a_run_that_was_not_calibrated_does_not_claim_it():
    assert "it was not calibrated" in " ".join(reading(report(languages=3, temperature=1.0)))


def test_headline_figures():
    made = report(languages=7, collapsed=("de",))
    mean, source, worst, collapsed = view(made).figures
    assert mean.value == f"{fmean(score(made, tag) for tag in made.targets):.1%}"
    assert mean.note == f"{score(made, made.targets[0]):.1%} to {score(made, made.targets[-1]):.1%}"
    assert (source.value, source.note) == ("93.0%", "English")
    assert (worst.value, worst.note) == ("24.0%", "German")
    assert (collapsed.value, collapsed.alarm) == ("1", True)
    assert not view(report(languages=7)).figures[-1].alarm
    assert view(report(languages=0)).figures == ()


def test_rows_are_best_first_and_scores_that_are_no_numbers_last():
    made = report(languages=6)
    made.languages["nl"].metrics["accuracy"] = Interval(math.nan, math.nan, math.nan)
    rows = view(made).rows
    assert len(rows) == 6
    assert rows[-1].tag == "nl"
    assert (rows[-1].score, rows[-1].interval) == ("–", "–")
    assert [row.score for row in rows[:-1]] == sorted((row.score for row in rows[:-1]), reverse=True)


def test_gap_says_why_there_is_none():
    assert view(report(languages=4, gap="not comparable")).gap[0].startswith("No gap is shown.")
    made = report(languages=4)
    made.languages["nl"] = report(languages=4, gap="not comparable").languages["nl"]
    assert view(made).gap[1:] == (
        "Measured on parallel rows: 2 languages.",
        "Not comparable, and therefore without a gap: Dutch.",
    )
    rows = {row.tag: row for row in view(made).rows}
    assert (rows["nl"].gap, rows["nl"].basis) == ("–", "not comparable")
    assert (rows["en"].gap, rows["en"].basis) == ("–", "")
    assert rows["de"].gap == f"{93 - 100 * score(made, 'de'):.1f}".replace("-", "−")
    assert len(comparable_gaps(made)) == 2


def test_weights_are_compared_over_the_same_languages():
    made = report(languages=5)
    del made.languages["de"].candidates["last"]
    found = view(made)
    common = [tag for tag in made.targets if tag != "de"]
    assert len(common) == 3
    assert [one.mean for one in found.weights] == [
        f"{fmean(made.languages[tag].candidates[name].score for tag in common):.1%}"
        for name in ("averaged", "last", "source-dev-best")
    ]
    assert [one.kept for one in found.weights] == [True, False, False]
    assert len(found.candidate_rows) == 3


def test_mistakes_carry_their_share():
    made = report(languages=3)
    (row, *_) = view(made).rows
    first = made.languages[row.tag].confusions[0]
    assert row.mistakes[0].share == f"{first.count / made.languages[row.tag].n:.1%}"
    assert view(made).weakest_first[0].tag == view(made).rows[-1].tag


def test_calibration_errors_without_any_are_not_zero():
    made = report(languages=2)
    for tag in made.languages:
        made.languages[tag] = replace(made.languages[tag], ece=math.nan)
    assert all(map(math.isnan, calibration_errors(made)))
    assert all(map(math.isnan, calibration_errors(report(languages=0))))


@pytest.mark.parametrize(("size", "text"), [(0, "–"), (3 * 2**30, "3.00 GiB")])
def test_memory(size, text):
    assert memory(size) == text
