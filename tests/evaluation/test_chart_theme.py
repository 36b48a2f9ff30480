import re
from importlib.resources import files
from itertools import combinations

import numpy as np
import pytest

from loanword.evaluation.chart_theme import PALETTE, SCRIPTS, THEME, theme

# Full-severity simulation of Machado, Oliveira and Fernandes (2009), linear RGB.
EYES = {
    "all cones": np.eye(3),
    "no long": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "no medium": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "no short": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour, eyes):
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = TO_XYZ @ np.clip(eyes @ linear, 0, 1) / np.array([0.9505, 1, 1.089])
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def on_page():
    """The palettes of the style sheet: bright, then dark."""
    css = files("loanword.evaluation").joinpath("templates", "report.css").read_text(encoding="utf-8")
    found = re.findall(r"--script-\d: (#[0-9a-f]{6});", css)
    size = len(PALETTE)
    assert len(found) == 2 * size
    return [found[:size], found[size:]]


def alarms():
    css = files("loanword.evaluation").joinpath("templates", "report.css").read_text(encoding="utf-8")
    bright, dark = re.findall(r"--alarm: (#[0-9a-f]{6});", css)
    return [bright, dark]


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("dark", [False, True])
def test_scripts_and_alarm_can_be_told_apart_with_any_colour_vision(eyes, dark):
    pairs = list(combinations([*on_page()[dark], alarms()[dark]], 2))
    assert len(pairs) == 21
    for one, other in pairs:
        assert np.linalg.norm(lab(one, EYES[eyes]) - lab(other, EYES[eyes])) > 15, (one, other)


def test_pictures_and_bright_page_have_the_same_colours():
    assert [colour.lower() for colour in THEME["range"]["category"]] == on_page()[0]
    assert THEME["style"]["alarm"]["color"] == alarms()[0]


def test_every_script_with_a_colour_has_a_place_before_the_grey():
    assert sorted(set(SCRIPTS.values())) == list(range(len(PALETTE) - 1))
    assert len({SCRIPTS[code] for code in ("Hani", "Hans", "Hant")}) == 1


def test_every_colour_can_be_replaced():
    replaced = theme(
        ink="i", quiet="q", line="l", alarm="a", accent="c", paper="p", palette=["1"], font="f", legend=False
    )
    assert "#" not in str(replaced)
    assert replaced["legend"]["disable"] is True
    assert THEME["legend"]["disable"] is False
