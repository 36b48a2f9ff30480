import copy
import json
import re
from dataclasses import replace
from html import unescape

import pytest
from report_cases import report

from loanword.errors import MissingExtra
from loanword.evaluation import plots
from loanword.evaluation.scores import Interval
from loanword.evaluation.words import Words

pytest.importorskip("vl_convert")

PER_LANGUAGE = ("bars", "gaps", "calibration")


def texts(svg):
    return [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def marks(svg, role):
    """Count the items that screen readers are told of as `role`."""
    return len(re.findall(f'aria-roledescription="{role}"', svg))


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", plots.CHARTS)
def test_every_chart_draws(name, language):
    made = report(languages=14, collapsed=("nl",))
    spec = plots.CHARTS[name](made, language=language)
    svg = plots.to_svg(spec)
    assert svg.startswith("<svg")
    assert "NaN" not in svg
    assert "undefined" not in svg
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    assert len(texts(svg)) > 5


@pytest.mark.parametrize("name", PER_LANGUAGE)
@pytest.mark.parametrize("languages", [2, 65])
def test_every_language_has_its_line(name, languages):
    made = report(languages=languages)
    svg = plots.to_svg(plots.CHARTS[name](made))
    wanted = made.targets if name == "gaps" else list(made.languages)
    assert wanted
    named = [f"{Words('en').name(tag)} · {tag}" for tag in wanted]
    assert {name for name in named if name not in texts(svg)} == set()


def test_bars_are_sorted_and_carry_their_numbers():
    made = report(languages=20, collapsed=("de",))
    svg = plots.to_svg(plots.bars(made))
    scores = sorted((f"{one.metrics['accuracy'].score:.1%}" for one in made.languages.values()), reverse=True)
    assert len(scores) == 20
    numbers = [text for text in texts(svg) if re.fullmatch(r"\d+\.\d%", text)]
    assert sorted(numbers, reverse=True) == scores
    # 20 bars and the outline of the source's.
    assert marks(svg, "bar") == 21
    red = plots.THEME["style"]["alarm"]["color"]
    assert len(re.findall(f'<text[^>]*fill="{red}"', svg)) == 1


def test_bars_grow_with_the_languages():
    heights = [plots.bars(report(languages=n))["height"] for n in (1, 65)]
    assert heights == [plots.STEP, 65 * plots.STEP]


def test_scores_outside_the_unit_range_stay_in_the_picture():
    made = report(languages=3)
    made.languages["nl"].metrics["accuracy"] = Interval(-0.2, -0.3, -0.1)
    made.languages["de"].metrics["accuracy"] = Interval(1.4, 1.2, 1.5)
    first = plots.bars(made)["layer"][0]
    assert first["encoding"]["x"]["scale"]["domain"] == [-0.3, 1.5]


def only(made, *tags):
    return replace(made, languages={tag: made.languages[tag] for tag in tags})


def fills(svg):
    """The colours of the bars, from the top down."""
    return re.findall(r'aria-roledescription="bar"[^>]*fill="(#[0-9A-Fa-f]{6})"', svg)


def test_scripts_keep_their_colours_whatever_else_there_is():
    made = report(languages=65)
    assert plots.scripts(plots.bars(only(made, "en", "de"))) == [(1, "Latin")]
    assert plots.scripts(plots.bars(only(made, "ja", "ru", "th"))) == [
        (2, "Cyrillic"),
        (5, "Chinese and Japanese"),
        (6, "other scripts"),
    ]
    assert [place for place, _ in plots.scripts(plots.bars(made))] == [1, 2, 3, 4, 5, 6]
    for tag, place in (("ru", 1), ("fa", 2), ("hi", 3), ("zh-TW", 4), ("ja", 4), ("th", 5)):
        (found,) = fills(plots.to_svg(plots.bars(only(made, tag))))
        assert found == plots.THEME["range"]["category"][place], tag


def test_the_key_of_a_picture_names_the_scripts_that_are_there():
    svg = plots.to_svg(plots.bars(only(report(languages=65), "en", "ru", "hi")))
    assert {"Latin", "Cyrillic", "Devanagari"} <= set(texts(svg))
    assert {"Arabic", "Chinese", "other scripts"} & set(texts(svg)) == set()


def test_the_bar_of_a_collapsed_language_is_red():
    svg = plots.to_svg(plots.bars(report(languages=6, collapsed=("de",))))
    alarm = plots.THEME["style"]["alarm"]["color"]
    assert fills(svg).count(alarm) == 1
    assert fills(plots.to_svg(plots.bars(report(languages=6)))).count(alarm) == 0


def test_families_leave_the_source_out_and_name_the_branch_alone():
    made = report(languages=10)
    spec = plots.families(made)
    assert sorted(row["tag"] for row in spec["data"]["values"]) == sorted(made.targets)
    assert sorted(spec["encoding"]["y"]["scale"]["domain"]) == ["Germanic", "Romance"]
    assert "Indo-European · Germanic" in {row["family"] for row in spec["data"]["values"]}


def test_families_that_only_repeat_the_bars_are_not_drawn():
    made = report(languages=65)
    assert plots.families(only(made, "en", "de", "nl", "fr", "es", "ru")) is None
    assert plots.families(only(made, "en", "de", "nl", "fr", "es", "ru", "hi")) is not None
    assert plots.families(only(made, "en", "de", "fr", "ru", "hi", "fi", "tr", "ja")) is None


def test_fertility_needs_four_targets_that_have_one_and_shows_their_trend():
    made = report(languages=6)
    spec = plots.fertility(made)
    assert len(spec["data"]["values"]) == 6
    assert marks(plots.to_svg(spec), "line mark") == 1
    made.languages["nl"] = replace(made.languages["nl"], fertility=float("nan"))
    assert len(plots.fertility(made)["data"]["values"]) == 5
    made.languages["sv"] = replace(made.languages["sv"], fertility=float("nan"))
    assert plots.fertility(made) is None
    assert plots.fertility(only(report(languages=65), "en", "th", "ja", "zh-CN", "zh-TW", "de")) is None


def test_fertility_names_what_is_far_from_the_trend_and_the_source():
    made = report(languages=30)
    spec = plots.fertility(made)
    named = {row["name"] for row in spec["data"]["values"] if row["align"]}
    assert "English" in named
    assert 1 < len(named) <= 6
    shown = texts(plots.to_svg(spec))
    assert {name for name in named if shown.count(name) != 2} == set()  # once as a halo
    assert not any(row["name"] in shown for row in spec["data"]["values"] if not row["align"])


def test_dots_stay_off_the_edge():
    for spec in (plots.families(report(languages=12)), plots.candidates(report(languages=3))):
        low, high = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
        scores = [row["score"] for row in spec["data"]["values"]]
        assert low < min(scores) < max(scores) < high


def test_calibration_has_a_tick_where_the_noise_is_known():
    made = report(languages=4)
    assert marks(plots.to_svg(plots.calibration(made)), "tick") == 4
    for tag in made.languages:
        made.languages[tag] = replace(made.languages[tag], ece_noise=float("nan"))
    assert marks(plots.to_svg(plots.calibration(made)), "tick") == 0


def test_gaps_only_where_comparable():
    made = report(languages=6)
    other = report(languages=6, gap="not comparable")
    made.languages["nl"] = other.languages["nl"]
    rows = plots.gaps(made)["data"]["values"]
    assert sorted(row["tag"] for row in rows) == sorted(set(made.targets) - {"nl"})
    assert [row["gap"] for row in rows] == sorted((row["gap"] for row in rows), reverse=True)
    assert plots.gaps(other) is None


def test_reliability_shows_the_targets_together_first():
    made = report(languages=4)
    spec = plots.reliability(made)
    (menu,) = spec["params"]
    assert menu["value"] == ""
    assert sorted(menu["bind"]["options"]) == sorted(["", *made.languages])
    together = [row for row in spec["data"]["values"] if row["series"] == ""]
    assert sum(row["n"] for row in together) == sum(
        one.n for tag in made.targets for one in made.languages[tag].reliability
    )
    alone = plots.reliability(report(languages=1))
    assert alone["params"][0]["value"] == "en"


def test_candidates_have_a_dot_for_each_language():
    made = report(languages=8)
    rows = plots.candidates(made)["data"]["values"]
    assert len(rows) == 3 * 7
    by_tag = {row["tag"]: row["score"] for row in rows if row["candidate"] == "last"}
    assert by_tag == {tag: made.languages[tag].candidates["last"].score for tag in made.targets}


def test_nothing_to_draw_is_none():
    assert {name: chart(report(languages=0)) for name, chart in plots.CHARTS.items()} == dict.fromkeys(plots.CHARTS)
    alone = {name for name, chart in plots.CHARTS.items() if chart(report(languages=1)) is not None}
    assert alone == {"bars", "calibration", "parts", "reliability"}


@pytest.mark.parametrize("name", plots.CHARTS)
def test_charts_are_pure(name):
    made = report(languages=9)
    before = copy.deepcopy(made)
    first, second = plots.CHARTS[name](made), plots.CHARTS[name](made)
    assert first == second
    assert made == before
    assert plots.to_svg(first) == plots.to_svg(second)


def test_a_png_is_a_png():
    png = plots.to_png(plots.bars(report(languages=2)), width=300, scale=1)
    assert png.startswith(b"\x89PNG")


def test_without_the_extra_the_error_is_the_line_that_installs_it(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "vl_convert", None)
    with pytest.raises(MissingExtra, match=r"loanword\[report\]"):
        plots.to_svg(plots.bars(report(languages=2)))


def test_a_ratio_is_no_score_and_is_not_drawn_among_them():
    made = report(languages=3)
    for tag, one in made.languages.items():
        parts = {"right-language": 0.98, "length-to-that-of-the-references": 1.16}
        made.languages[tag] = replace(one, breakdown=parts)
    spec = plots.parts(made)
    assert spec["encoding"]["y"]["scale"]["domain"] == ["in the right language"]
    assert {row["score"] for row in spec["data"]["values"]} == {0.98}
    for tag, one in made.languages.items():
        made.languages[tag] = replace(one, breakdown={"length-to-that-of-the-references": 1.16})
    assert plots.parts(made) is None


def test_near_scores_look_near():
    made = report(languages=3)
    for tag, one in made.languages.items():
        made.languages[tag] = replace(one, breakdown={"forward": 0.98 if tag == "en" else 0.97})
    low, high = plots.parts(made)["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert low < 0.9 < 0.98 < 1 < high < 1.01
    assert high - low >= 0.1
