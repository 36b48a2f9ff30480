"""What the numbers mean, said in sentences: each when it is due, none when it is not."""

import math
from dataclasses import replace
from statistics import fmean, median

import pytest
from report_cases import leaky, report

from loanword.evaluation.reading import advice, reading
from loanword.evaluation.report_view import view


def score(made, tag):
    return made.languages[tag].metrics["accuracy"].score


def test_the_reading_says_what_the_numbers_say():
    made = report(languages=9)
    text = " ".join(reading(made))
    scores = [score(made, tag) for tag in made.languages if tag != "en"]
    assert f"Across 8 languages it was not trained on, the mean is {fmean(scores):.1%}" in text
    assert f"{max(scores):.1%}, " in text
    assert f"worst with {min(scores):.1%}. Half of them score {median(scores):.1%} or more." in text
    assert "No language raises the collapse alarm." in text
    assert f"the source leads by {100 * fmean(0.93 - one for one in scores):.1f} points on average over 8" in text
    errors = [(made.languages[tag].ece_raw, made.languages[tag].ece) for tag in made.targets]
    after, before = fmean(error for _, error in errors), fmean(raw for raw, _ in errors)
    assert f"off by {after:.1%} on average, {before:.1%} without it. About 2.0% would show on this many rows" in text


@pytest.mark.parametrize(("languages", "said"), [(3, False), (4, False), (5, True)])
def test_halves_are_spoken_of_where_there_are_some(languages, said):
    assert ("Half of them" in " ".join(reading(report(languages=languages)))) is said


def test_the_reading_does_not_speak_of_noise_that_is_not_known():
    made = report(languages=4)
    for tag in made.languages:
        made.languages[tag] = replace(made.languages[tag], ece_noise=math.nan)
    assert "would show" not in " ".join(reading(made))
    assert len(view(made).calibration) == 1
    assert len(view(report(languages=4)).calibration) == 2


def test_the_reading_names_collapsed_languages():
    made = report(languages=5, collapsed=("nl",))
    assert "In Dutch the score is no better than the trivial prediction. Check the labels" in " ".join(reading(made))
    assert "荷兰语的得分不优于常数基线。请先检查测试数据的标签" in "".join(reading(made, language="zh"))


def test_the_reading_of_one_target_of_none_and_of_an_empty_run():
    assert "In the one language it was not trained on, Dutch" in " ".join(reading(report(languages=2)))
    assert "nothing can be said about transfer" in " ".join(reading(report(languages=1)))
    assert "how well it does there was not tested" in " ".join(reading(report(languages=0)))


def test_a_run_that_was_not_calibrated_does_not_claim_it():
    assert "it was not calibrated" in " ".join(reading(report(languages=3, temperature=1.0)))


def changed(made, **changes):
    """The report with every language changed so."""
    return replace(made, languages={tag: replace(one, **changes) for tag, one in made.languages.items()})


def pairs(*, tested, sources, collapsed=()):
    """A report of pairs of languages."""
    one = report(languages=2).languages["nl"]
    made = report(languages=0, sources=sources, metric="accuracy")
    for tag in tested:
        alarm = tag in collapsed
        made.languages[tag] = replace(one, language=tag, is_source=tag in sources, collapsed=alarm)
    return made


def test_a_score_is_that_of_the_sources_that_were_tested():
    made = pairs(tested=["en:de"], sources=("en:de", "en:fr"), collapsed=("en:de",))
    text = " ".join(reading(made))
    assert text.startswith(
        "The model was trained on English → German and English → French. "
        f"Of these, it was tested on English → German only, where it reaches {score(made, 'en:de'):.1%} accuracy. "
    )
    assert "In English → German the score is no better than the trivial prediction. The model does no better" in text
    assert "其中只测试了英语 → 德语，准确率为" in "".join(reading(made, language="zh"))
    assert "Of these" not in " ".join(reading(pairs(tested=["en:de"], sources=("en:de",))))


def test_a_pair_that_was_trained_the_other_way_is_no_new_language():
    text = " ".join(reading(pairs(tested=["de:en"], sources=("en:de",))))
    assert "In the one direction it was not trained on, German → English, it reaches" in text
    assert "Training saw German → English in the other direction" in text
    text = " ".join(reading(pairs(tested=["de:en", "fr:en"], sources=("en:de",))))
    assert "Training saw German → English in the other direction" in text
    assert "other direction" not in " ".join(reading(pairs(tested=["fr:en"], sources=("en:de",))))
    assert "反方向" in "".join(reading(pairs(tested=["de:en"], sources=("en:de",)), language="zh"))


def test_a_leak_is_said_with_the_score():
    made = leaky(report(languages=3), nl=(80, 80))
    assert "Dutch: 80 test rows stand in the training or dev data, of 80 rows, so this score" in " ".join(reading(made))
    assert "荷兰语：80 条测试数据中有 80 条" in "".join(reading(made, language="zh"))


def test_the_advice_for_one_odd_language_and_for_a_model_that_learnt_nothing():
    odd = advice(report(languages=5, collapsed=("nl",)))
    assert odd.startswith("Check the labels of the test rows")
    assert advice(report(languages=3, collapsed=("nl", "de"))) == odd  # The source is well: it did not transfer.
    with_source = advice(report(languages=5, collapsed=("en", "nl")))
    assert with_source.startswith("The model does no better on a language that it was trained on")
    assert "test the source" not in with_source
    made = report(languages=3, collapsed=("nl", "de"))
    del made.languages["en"]
    assert "test the source language too, train longer" in advice(made)
    assert "nothing was trained" in advice(replace(made, sources=()))
    assert "请一并测试源语言" in advice(made, language="zh")


def test_languages_that_the_temperature_makes_worse_are_named():
    made = changed(report(languages=3), ece=0.05, ece_raw=0.05)
    assert "worse" not in " ".join(reading(made)).split("on average,")[1]
    made.languages["nl"] = replace(made.languages["nl"], ece=0.08)
    assert reading(made)[-1] == "In Dutch the temperature makes it worse."
    assert reading(made, language="zh")[-1] == "在荷兰语上，温度缩放反而增大了误差。"
    made.languages["nl"] = replace(made.languages["nl"], ece=0.054)
    assert "temperature makes" not in " ".join(reading(made))
