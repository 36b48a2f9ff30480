import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from report_cases import leaky, report
from tests.browser import HOSTILE, Page, policy

from loanword.evaluation import plots
from loanword.evaluation.report_html import ON_PAGE, embedded, html
from loanword.evaluation.scores import Confusion

pytest.importorskip("vl_convert")


@pytest.fixture(scope="module")
def pages():
    cases = {
        "en": (report(languages=45, collapsed=("nl", "ta")), "en"),
        "zh": (report(languages=45, collapsed=("nl", "ta")), "zh"),
        "65": (report(languages=65, gap="not comparable"), "en"),
        "one": (report(languages=1), "zh"),
        "none": (report(languages=0), "en"),
        "hostile": (hostile(), "en"),
    }
    return {name: html(made, language=language) for name, (made, language) in cases.items()}


def hostile():
    made = report(
        languages=8,
        labels=(HOSTILE,),
        task=HOSTILE,
        model=HOSTILE,
        regime=HOSTILE,
        checkpoint=HOSTILE,
        notes=(HOSTILE,),
        recipe=HOSTILE,
        command=HOSTILE,
        machine={HOSTILE: HOSTILE},
        versions={HOSTILE: HOSTILE},
        training={HOSTILE: HOSTILE},
        loanword_version=HOSTILE,
        origins={"nl": HOSTILE},
        metric=HOSTILE,
        sources=("en", HOSTILE),
    )
    for tag, scores in list(made.languages.items()):
        changed = replace(
            scores,
            metrics={HOSTILE: scores.metrics["accuracy"], f"{HOSTILE}2": scores.metrics["accuracy"]},
            candidates={HOSTILE: scores.candidates["last"]},
            confusions=(Confusion(HOSTILE, HOSTILE, 3, (HOSTILE, HOSTILE)),),
        )
        made.languages[tag] = changed
    made.languages[HOSTILE] = replace(made.languages["nl"], language=HOSTILE, collapsed=True)
    return made


NAMES = ["en", "zh", "65", "one", "none", "hostile"]


@pytest.mark.parametrize("name", NAMES)
def test_the_policy_allows_this_script_and_this_style_and_nothing_else(pages, name):
    page = Page(pages[name])
    (style,) = [text for tag, _, text in page.inside if tag == "style"]
    run = [text for tag, attributes, text in page.inside if tag == "script" and "type" not in attributes]
    assert len(run) == 1

    def allowed(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert policy(page) == {
        "default-src": "'none'",
        "script-src": allowed(run[0]),
        "style-src": allowed(style),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    # The hash is taken after the browser has normalised line ends, so there must be none to normalise.
    assert "\r" not in pages[name]
    assert pages[name].index("Content-Security-Policy") < pages[name].index("<style") < pages[name].index("<script")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_loaded_and_nothing_is_inline(pages, name):
    page = Page(pages[name])
    assert len(page.tags) > 40
    for tag, attributes in page.tags:
        assert not {key for key in attributes if key.startswith("on") or key in ("style", "src", "href", "srcdoc")}, tag
        assert tag not in ("link", "iframe", "object", "embed", "base", "form", "img", "svg"), tag
    (style,) = [text for tag, _, text in page.inside if tag == "style"]
    assert "url(" not in style
    assert "@import" not in style


def test_text_from_a_report_is_only_ever_text(pages):
    page = Page(pages["hostile"])
    assert len([tag for tag, _ in page.tags if tag == "script"]) == 2
    assert not page.found("img")
    text = "".join(page.text)
    assert text.count("<script>alert(1)</script>") > 20
    assert "{{ 7*7 }}" in text
    assert "⟦U+202E⟧gnp.exe⟦U+2066⟧" in text
    for hidden in "\u202e\u2066":
        assert hidden not in pages["hostile"]


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_has_data_and_a_place_and_every_id_is_there_once(pages, name):
    page = Page(pages[name])
    (data,) = [json.loads(text) for tag, attributes, text in page.inside if "type" in attributes]
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {one.removeprefix("chart-") for one in ids if re.match("chart-(?!data)", one)} == set(data["specs"])
    labels = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert labels
    assert set(labels) <= set(ids)
    assert data["config"] == ON_PAGE
    wanted = {"none": set(), "one": {"bars", "calibration", "parts", "reliability"}, "65": set(plots.CHARTS) - {"gaps"}}
    assert set(data["specs"]) == wanted.get(name, set(plots.CHARTS))


def test_headings_go_down_one_at_a_time(pages):
    levels = [int(tag[1]) for tag, _ in Page(pages["en"]).tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_table_has_every_language(pages):
    body = pages["65"].split('<table id="numbers">')[1].split("</table>")[0]
    rows = re.findall(r"<tr.*?</tr>", body, flags=re.DOTALL)
    assert len(rows) == 66
    assert len({row.count("<td") + row.count("<th") for row in rows[1:]}) == 1
    assert rows[0].count("<th") == rows[1].count("<td") + 1


def test_collapse_is_red_and_loud(pages):
    assert 'class="alarm-box"><strong>Collapsed: Dutch and Tamil</strong>' in pages["en"]
    assert pages["en"].count('class="mark alarm"') == 2
    assert "<strong>Collapsed" not in pages["65"]


def test_the_page_speaks_chinese(pages):
    page = Page(pages["zh"])
    assert page.found("html") == [{"lang": "zh-Hans"}]
    text = "".join(page.text)
    assert "从英语到 44 种语言" in text
    assert "荷兰语" in text
    for word in ("Language", "Every", "Trivial", "Weights", "Show ", "Rows", "Script"):
        assert word not in text, word


def test_examples_are_there_only_where_given(pages):
    assert '<details class="examples">' not in pages["en"]
    assert pages["hostile"].count('<details class="examples">') == 9
    assert 'dir="auto" lang="nl"' in pages["hostile"]


def test_embedded_json_cannot_end_its_element():
    data = {"a": "</script><!-- & >"}
    assert not set("<>&") & set(embedded(data))
    assert json.loads(embedded(data)) == data


def numbers(page):
    """The header cells and the rows of the table of all numbers."""
    body = page.split('<table id="numbers">')[1].split("</table>")[0]
    head, *rows = re.findall(r"<tr.*?</tr>", body, flags=re.DOTALL)
    return re.findall(r"<th[^>]*>([^<]*)</th>", head), rows


def test_the_numbers_that_people_need_come_first_and_gaps_only_where_there_are_some(pages):
    head, _ = numbers(pages["en"])
    assert head[:9] == ["Language", "accuracy", "95% interval", "macro-F1", "Rows", "Groups", "Gap", "Basis", "Trivial"]
    head, rows = numbers(pages["65"])
    assert head[:7] == ["Language", "accuracy", "95% interval", "macro-F1", "Rows", "Groups", "Trivial"]
    assert {"Gap", "Basis"} & set(head) == set()
    assert len(rows) == 65
    assert "not comparable" not in "".join(Page(pages["65"]).text)


def test_a_few_notes_are_open_and_more_are_folded():
    few = html(report(languages=2, notes=tuple(f"note {n}" for n in range(4))))
    assert "more note" not in few
    many = html(report(languages=2, notes=tuple(f"note {n}" for n in range(7))))
    open_part, folded = many.split("<summary>3 more notes</summary>")
    assert [n for n in range(7) if f"note {n}<" in open_part] == [0, 1, 2, 3]
    assert [n for n in range(7) if f"note {n}<" in folded.split("</details>")[0]] == [4, 5, 6]


def test_a_bundle_that_was_evaluated_does_not_say_how_to_run_it_again():
    assert 'id="again"' in html(report(languages=2))
    made = report(languages=2, recipe="", command="", training={}, seconds={"train": 0.0, "evaluate": 1.0})
    page = html(made)
    assert 'id="again"' not in page
    assert "0.0 s" not in "".join(Page(page).text)
    page = html(replace(made, command="loanword evaluate run"))
    assert "<code>loanword evaluate run</code>" in page
    assert "recipe.toml" not in "".join(Page(page).text)


def test_the_keys_name_what_is_in_their_charts(pages):
    keys = re.findall(r'<ul class="key">(.*?)</ul>', pages["en"])
    names = [re.findall(r'class="([a-z0-9-]+)">([^<]+)<', key) for key in keys]
    scripts = [("swatch-1", "Latin"), ("swatch-2", "Cyrillic"), ("swatch-3", "Arabic"), ("swatch-4", "Devanagari")]
    assert names[0] == [*scripts, ("swatch-6", "other scripts"), ("swatch-alarm", "collapsed")]
    assert names[1] == [*scripts, ("swatch-6", "other scripts")]
    assert names[2] == [("hollow", "before scaling"), ("full", "after scaling"), ("upright", "if it were perfect")]
    assert "swatch-alarm" not in pages["65"].split("</style>")[1]


def test_the_page_has_no_legends_beside_its_keys(pages):
    (data,) = [json.loads(text) for tag, attributes, text in Page(pages["en"]).inside if "type" in attributes]
    assert '"legend"' not in json.dumps(data["specs"])
    assert data["config"]["legend"]["disable"] is True


def test_weights_that_are_the_same_say_so():
    made = report(languages=3)
    for scores in made.languages.values():
        scores.candidates["source-dev-best"] = scores.candidates["last"]
    assert html(made).count("the same scores as last") == 1


def test_a_task_without_classes_has_no_empty_sections():
    made = report(languages=1, labels=(), temperature=1.0)
    made.languages["en"] = replace(
        made.languages["en"],
        **{"confusions": (), "reliability": (), "ece": math.nan, "ece_raw": math.nan, "ece_noise": math.nan},
        breakdown={"length-to-that-of-the-references": 1.16},
    )
    page = html(made)
    ids = {attributes["id"] for tag, attributes in Page(page).tags if tag == "h2"}
    assert ids == {"reading", "languages", "gap", "parts", "everything", "run", "again"}
    assert "116.0%" in page.split("<details open>")[1]
    head, _ = numbers(page)
    assert not [name for name in head if name.startswith("ECE")]
    assert {"confusions", "calibration", "candidates"} < {
        attributes["id"] for tag, attributes in Page(html(report(languages=2))).tags if tag == "h2"
    }


def test_a_leak_is_marked_at_its_row_and_the_columns_are_explained(pages):
    page = html(leaky(report(languages=3), nl=(3, 80)))
    assert page.count('<span class="mark alarm">leak: 3 of 80 rows</span>') == 1
    assert "A piece is what the tokenizer cuts text into" in "".join(Page(page).text)
    assert "ECE by chance is what perfectly calibrated answers would show" in "".join(Page(page).text)


def test_what_was_not_scaled_is_not_shown_before_and_after():
    page = html(report(languages=3, temperature=1.0))
    assert '<li class="hollow">' not in page
    assert "ECE, raw" not in numbers(page)[0]
    assert "ECE" in numbers(page)[0]


def test_a_pair_that_was_trained_the_other_way_is_marked():
    made = report(languages=2, sources=("nl:en",))
    made.languages["en:nl"] = replace(made.languages.pop("nl"), language="en:nl")
    assert html(made).count('<span class="mark">trained in the other direction</span>') == 1
