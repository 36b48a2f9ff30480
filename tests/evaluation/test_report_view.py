import math
from dataclasses import replace
from statistics import fmean

from report_cases import leaky, report

from loanword.evaluation.reading import comparable_gaps
from loanword.evaluation.report import summary
from loanword.evaluation.report_view import NUMBERS, view
from loanword.evaluation.scores import Confusion, Gap, Interval


def score(made, tag):
    return made.languages[tag].metrics["accuracy"].score


def test_headline_reading_and_weights_round_one_mean():
    """The scores of `test_scores`: another order of adding would round to 62.3."""
    scores = sorted(
        (80.5, 80.5, 78.5, 71.5, 71.5, 71, 70.5, 70, 69, 69, 69, 69, 67, 67, 67, 67, 67, 65.5, 65, 65, 64, 63)
    )
    scores += [62.5, 62.5, 62, 61.5, 57.5, 57.5, 55, 54.5, 54.5, 53, 53, 52, 50.5, 49, 47, 46, 45, 39.5]
    made = report(languages=41)
    for tag, one in zip(made.targets, sorted(scores), strict=True):
        interval = Interval(one / 100, 0, 1)
        made.languages[tag].metrics["accuracy"] = made.languages[tag].candidates["averaged"] = interval
    found = view(made)
    assert found.figures[0].value == found.weights[0].mean == "62.2%"
    assert "the mean is 62.2%" in " ".join(found.reading)


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


def test_the_figures_of_one_target_are_its_score():
    target, source, collapsed = view(report(languages=2)).figures
    assert (target.label, target.note) == ("Target language", "Dutch")
    assert (source.label, collapsed.label) == ("Source language", "Collapsed")


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
    assert view(made).footnote.startswith("–: not comparable")
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


def without(made, *tags):
    return replace(made, languages={tag: one for tag, one in made.languages.items() if tag not in tags})


def test_a_source_that_was_not_tested_is_the_reason_why_there_is_no_gap():
    made = without(report(languages=5, gap="not comparable"), "en")
    assert view(made).gap == ("No gap is shown: the source language was not tested. Test it too.",)
    assert view(report(languages=1)).gap == ("No gap is shown: no target language was tested.",)
    for one in (made, report(languages=5, gap="not comparable"), report(languages=5), report(languages=1)):
        assert view(one).footnote == ""
    assert "未测试源语言" in view(made, language="zh").gap[0]


def test_fertility_says_who_is_left_out_and_whether_any_is_named():
    said = view(report(languages=65)).fertility
    assert said[-1].startswith("Written without spaces, and so left out: ")
    assert "Thai" in said[-1]
    assert said[1] == "Named are the languages furthest from the trend."
    made = report(languages=6)
    for place, tag in enumerate(made.targets):
        made.languages[tag].metrics["accuracy"] = Interval(0.5, 0.4, 0.6)
        made.languages[tag] = replace(made.languages[tag], fertility=1.0 + place)
    assert len(view(made).fertility) == 1


def test_weights_that_are_the_same_say_so():
    made = report(languages=5)
    assert {one.same for one in view(made).weights} == {""}
    for scores in made.languages.values():
        scores.candidates["source-dev-best"] = scores.candidates["last"]
    assert [one.same for one in view(made).weights] == ["", "", "the same scores as last"]
    made.languages["en"].candidates["last"] = Interval(0.1, 0.0, 0.2)
    assert {one.same for one in view(made).weights} == {""}
    for scores in made.languages.values():
        scores.candidates["averaged"] = scores.candidates["last"]
    assert view(made).weights[0].same == "the same scores as last"


def test_a_model_before_training_is_no_step_of_it():
    made = report(languages=3)
    for scores in made.languages.values():
        scores.candidates["untrained"] = scores.candidates["last"]
    assert {one.name: one.same for one in view(made).weights}["before training"] == "the same scores as last"
    assert "step" not in " ".join(one.same for one in view(made).weights)


def test_a_model_that_was_trained_on_nothing():
    made = report(languages=3, sources=())
    for tag in made.languages:
        made.languages[tag] = replace(made.languages[tag], is_source=False, gap=Gap("not comparable"))
    found = view(made)
    assert found.title == "As it came, in 3 languages"
    assert found.reading[0] == "No labelled text was used: the model is as it came."
    assert found.gap == ("No gap is shown: no language is a source, since nothing was trained.",)
    assert "Trained on" not in dict(found.facts)
    assert "Gap:" not in summary(made)
    assert view(made, language="zh").title == "未经训练，3 种语言"


def test_what_is_missed_or_too_much_has_a_word():
    made = report(languages=1)
    wrong = (Confusion("sports", "", 3), Confusion("", "travel", 2))
    made.languages["en"] = replace(made.languages["en"], confusions=wrong)
    (row,) = view(made).rows
    assert row.worst == "sports → (none) (3), (none) → travel (2)"
    assert [(one.expected, one.predicted) for one in row.mistakes] == [("sports", "(none)"), ("(none)", "travel")]


def bare(**changes):
    """The report of a task that writes: no classes, nothing to calibrate, one ratio among its parts."""
    made = report(languages=4, labels=(), temperature=1.0, **changes)
    for tag, one in made.languages.items():
        made.languages[tag] = replace(
            one,
            confusions=(),
            reliability=(),
            ece=math.nan,
            ece_raw=math.nan,
            ece_noise=math.nan,
            breakdown={"right-language": 0.9, "length-to-that-of-the-references": 1.16},
        )
    return made


def test_columns_without_numbers_are_left_out_and_the_others_explained():
    everything = view(report(languages=3))
    assert everything.numbers == NUMBERS
    assert len(everything.glossary) == 4
    found = view(bare())
    assert found.numbers == ("trivial", "fertility", "unknown", "truncated", "windows")
    assert [line.split()[0] for line in found.glossary] == ["Trivial", "A"]
    unscaled = view(report(languages=3, temperature=1.0))
    assert (unscaled.scaled, set(NUMBERS) - set(unscaled.numbers)) == (False, {"ece_raw"})
    assert unscaled.calibration[0].startswith("Expected calibration error; no temperature was fitted")


def test_there_is_nothing_to_mix_up_without_classes():
    assert not view(bare()).classes
    assert view(report(languages=2)).classes
    assert view(bare(), language="zh").parts_lead[1].startswith("长度比")
    assert len(view(report(languages=2)).parts_lead) == 1


def test_a_row_says_what_leaked_and_what_was_trained_the_other_way():
    made = leaky(report(languages=3), nl=(7, 80))
    made = replace(made, sources=("en:de",))
    made.languages["de:en"] = replace(made.languages["de"], language="de:en")
    rows = view(made).rows
    assert {row.tag: row.leak for row in rows if row.leak} == {"nl": "leak: 7 of 80 rows"}
    assert [row.tag for row in rows if row.turned] == ["de:en"]
    assert "泄漏：7/80 条" in {row.leak for row in view(made, language="zh").rows}


def test_the_headline_of_one_target_tells_a_leak():
    made = leaky(report(languages=2), nl=(7, 80))
    first = view(made).figures[0]
    assert (first.note, first.alarm) == ("Dutch (leak: 7 of 80 rows)", True)
