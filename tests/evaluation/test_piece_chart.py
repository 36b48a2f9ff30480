import json
import re
from html import unescape

import pytest

from loanword.evaluation.piece_chart import PANEL, chart
from loanword.evaluation.plots import to_png, to_svg
from loanword.tokens.costs import Cost

pytest.importorskip("vl_convert")


def cost(**changes):
    usual = {
        "texts": 9,
        "pieces": 90,
        "by_word": True,
        "fertility": 1.5,
        "per_hundred": 30.0,
        "unknown": 0.0,
        "cut": 0.0,
    }
    return Cost(**{**usual, **changes})


ONE = {"zh": cost(by_word=False, fertility=0.7), "en": cost(), "fi": cost(fertility=2.5), "bo": cost(unknown=0.4)}


def texts(svg):
    return [unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


def dots(svg):
    """Colour and height of each dot."""
    found = re.findall(
        r'aria-roledescription="point"[^>]*transform="translate\([\d.]+,([\d.]+)\)"[^>]*fill="([^"]+)"', svg
    )
    return [(colour, float(height)) for height, colour in found]


def test_a_line_a_language_in_the_order_of_their_cost():
    spec = chart({"m": ONE})
    assert json.loads(json.dumps(spec, allow_nan=False)) == spec
    labels = ["Tibetan · bo", "English · en", "Finnish · fi", "Chinese · zh (a character)"]
    assert spec["hconcat"][0]["encoding"]["y"]["scale"]["domain"] == labels
    shown = texts(to_svg(spec, width=PANEL))
    assert {*labels, "pieces a word", "pieces per 100 characters", "unknown pieces"} <= set(shown)
    assert len([text for text in shown if "·" in text]) == 4


def test_languages_that_lack_pieces_are_bold():
    svg = to_svg(chart({"m": ONE}), width=PANEL)
    (bold,) = re.findall(r'<text[^>]*font-weight="bold"[^>]*>([^<]*)</text>', svg)
    assert bold == "Tibetan · bo"


def test_a_dot_a_model_beside_each_other():
    one = dots(to_svg(chart({"m": ONE}), width=PANEL))
    two = dots(to_svg(chart({"m": ONE, "n": ONE}), width=PANEL))
    assert (len(one), len(two)) == (12, 24)
    assert len({colour for colour, _ in one}) == 1
    assert len({colour for colour, _ in two}) == 2
    assert len({height for _, height in one}) == 4
    assert len({height for _, height in two}) == 8
    assert {"m", "n"} <= set(texts(to_svg(chart({"m": ONE, "n": ONE}), width=PANEL)))


def test_texts_that_say_the_same_are_shown_beside_the_first_language():
    found = {"en": cost(premium=1.0), "sw": cost(premium=1.6, fertility=1.1), "de": cost(premium=1.2)}
    spec = chart({"m": found})
    assert "pieces, where English has 1" in texts(to_svg(spec, width=PANEL))
    order = spec["hconcat"][0]["encoding"]["y"]["scale"]["domain"]
    assert order == ["English · en", "German · de", "Swahili · sw"]


def test_few_unknown_pieces_look_few():
    def axis(found):
        return chart({"m": found})["hconcat"][2]["encoding"]["x"]["scale"]["domain"]

    assert axis({"en": cost(unknown=0.0001)}) == [0, 0.01]
    assert axis(ONE) == [0, 0.4]


def test_a_png_is_a_png():
    assert to_png(chart({"m": ONE}), width=PANEL, scale=1).startswith(b"\x89PNG")
