"""Scripts against the Unicode database of `regex`; language profiles on texts of known languages."""

import sys
import unicodedata

import pytest

from loanword.language.identify import (
    NAMED,
    are_close,
    expected_scripts,
    foreign_rows,
    in_wrong_script,
    letter_script,
    looks_the_same,
    script_counts,
    wrong_script_share,
)
from loanword.language.tag import known, script


def test_scripts_of_all_letters_against_an_independent_table():
    regex = pytest.importorskip("regex")
    patterns = {code: regex.compile(rf"\p{{Script={code}}}") for code in NAMED.values() if code != "Zyyy"}
    checked = 0
    for point in range(sys.maxunicode + 1):
        character = chr(point)
        code = letter_script(character)
        if code in patterns and not patterns[code].match(character):
            # Letters that Unicode gives to no script or by another property: signs, modifier letters.
            assert regex.match(r"\p{Script=Common}|\p{Script=Inherited}", character) or code in {"Hira", "Kana"}, (
                hex(point),
                unicodedata.name(character),
                code,
            )
        checked += code is not None
    assert checked > 100_000


def test_counts_are_of_letters_only():
    assert script_counts("Spotify 播放, テレビ 3!") == {"Latn": 7, "Hani": 2, "Kana": 3}
    assert script_counts("123 %!") == {}
    assert script_counts("ＴＶ") == {"Latn": 2}


@pytest.mark.parametrize(
    ("tag", "scripts"),
    [
        ("ja", {"Hira", "Kana", "Hani"}),
        ("ko", {"Hang", "Hani"}),
        ("zh-TW", {"Hani", "Bopo"}),
        ("sr", {"Cyrl", "Latn"}),
        ("sr-Latn", {"Latn"}),
        ("hi", {"Deva"}),
        ("hi-Latn", {"Latn"}),
        ("und", set()),
    ],
)
def test_expected_scripts(tag, scripts):
    assert expected_scripts(tag) == scripts


def test_every_script_of_the_table_can_be_counted():
    codes = {code for tag in known() for code in expected_scripts(tag)}
    assert len(codes) > 30
    assert codes <= {*NAMED.values(), "Tavt"}
    assert script("blt") == "Tavt"


@pytest.mark.parametrize(
    ("text", "tag", "wrong"),
    [
        ("turn on the light", "hi", True),
        ("播放 Spotify", "zh", False),
        ("Play Spotify please", "zh", True),
        ("включи свет", "sr", False),
        ("42 %", "th", False),
        ("", "th", False),
        ("anything", "und", False),
    ],
)
def test_wrong_script(text, tag, wrong):
    assert in_wrong_script(text, tag) is wrong


def test_share():
    assert wrong_script_share(["abc", "абв", "где", "12"], "ru") == 0.25
    assert wrong_script_share([], "ru") == 0.0


def test_close_languages():
    assert are_close("pt", "pt-BR")
    assert are_close("hr", "sr-Latn")
    assert are_close("nob", "da")
    assert not are_close("es", "pt")


GERMAN = [f"bitte schalte das Licht im {room} an und mache die Tür zu" for room in ("Flur", "Keller", "Garten", "Bad")]
FRENCH = [
    f"veuillez allumer la lumière dans {room} et fermer la porte" for room in ("la cave", "le salon", "le jardin")
]


def test_foreign_rows_and_the_empty_cases():
    texts = {"de": GERMAN * 5 + FRENCH[:2], "fr": FRENCH * 5}
    assert foreign_rows(texts) == {"de": {20: "fr", 21: "fr"}}
    assert foreign_rows({}) == {}
    assert foreign_rows({"de": GERMAN, "fr": []}) == {}
    assert foreign_rows({"de": ["", "x"], "fr": FRENCH}) == {}


def test_short_rows_are_left_alone():
    assert foreign_rows({"de": GERMAN * 5 + ["porte"], "fr": FRENCH * 5}) == {}


def test_looks_the_same_needs_text():
    assert not looks_the_same(["hallo"], ["hallo"])
    assert looks_the_same(GERMAN * 20, GERMAN * 20)
    assert not looks_the_same(GERMAN * 20, FRENCH * 20)
