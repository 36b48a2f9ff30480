"""Joiners stay where they change what is read, and nowhere else."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanword.data.corpus.invisible import NEVER, without_invisible
from loanword.language.identify import letter_script

ZWSP, ZWNJ, ZWJ = "\u200b", "\u200c", "\u200d"


@pytest.mark.parametrize(
    "text",
    [
        f"می{ZWNJ}خواهم",  # Persian: a verb's prefix.
        f"क्{ZWJ}ष क्{ZWNJ}ष",  # Hindi: half and whole letters.
        f"ක්{ZWJ}ෂ",  # Sinhala.
        f"ക്{ZWJ}",  # Malayalam, at the end of a word.
        f"\U0001f469{ZWJ}\U0001f680 \U0001f3f3\ufe0f{ZWJ}\U0001f308 \U0001f469\U0001f3fd{ZWJ}\u2695\ufe0f",
        f"ភាសា{ZWSP}ខ្មែរ ภาษา{ZWSP}ไทย",
        "plain, 中文, текст",
        "\u0600\u06dd\u070f",  # Format characters that are seen.
    ],
)
def test_what_scripts_need_stays(text):
    assert without_invisible(text) == text


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (f"Auf{ZWNJ}lage in{ZWSP}for{ZWJ}mation", "Auflage information"),
        ("Donau\u00addampf\u00adschiff", "Donaudampfschiff"),
        (f"می{ZWNJ}{ZWNJ}خواهم", f"می{ZWNJ}خواهم"),
        (f"{ZWJ}क {ZWNJ}ख", "क ख"),
        (f"\U0001f469{ZWJ} smiles{ZWJ}", "\U0001f469 smiles"),
        (f"日本{ZWSP}語", "日本語"),
        ("\u202bשלום\u202c \u200fab\u2066c\u2069", "שלום abc"),
        ("a\U000e0041\U000e0042b\u3164", "ab"),
        (f"ก\u00ad{ZWSP}", "ก"),
    ],
)
def test_the_rest_goes(text, wanted):
    assert without_invisible(text) == wanted


def test_joiners_stay_after_every_letter_of_the_scripts_that_need_them():
    cursive = {"Arab", "Syrc", "Nkoo", "Mong", "Adlm"}
    indic = {"Deva", "Beng", "Guru", "Gujr", "Orya", "Taml", "Telu", "Knda", "Mlym", "Sinh", "Tibt", "Mtei"}
    scripts = cursive | indic | {"Mymr", "Khmr", "Java", "Bali"}
    letters = [chr(code) for code in range(0x11FFF) if letter_script(chr(code)) in scripts]
    letters += [chr(code) for code in range(0x1E900, 0x1E944)]
    assert len(letters) > 2000
    assert [one for one in letters if without_invisible(f"{one}{ZWNJ}{one}{ZWJ}") != f"{one}{ZWNJ}{one}{ZWJ}"] == []
    scripts = {"Latn", "Cyrl", "Grek", "Hani", "Hang"}
    others = [
        chr(code) for code in range(0x30000) if letter_script(chr(code)) in scripts and code not in (0x3164, 0xFFA0)
    ]
    assert len(others) > 20_000
    assert [one for one in others if without_invisible(f"{one}{ZWNJ}{one}{ZWJ}{one}{ZWSP}") != one * 3] == []


def test_what_always_goes_has_no_shape():
    gone = [chr(code) for code in range(0xE0080) if without_invisible(f"क{chr(code)}") == "क"]
    assert len(gone) > 50
    assert {unicodedata.category(one) for one in gone} <= {"Cf", "Cn", "Lo"}
    assert [one for one in gone if unicodedata.category(one) == "Lo"] == ["\u3164", "\uffa0"]
    assert "\u00ad" in NEVER


@given(st.text(st.sampled_from(f"a क\u0e01{ZWSP}{ZWNJ}{ZWJ}\u00ad\U0001f469\ufe0f\u202a")))
def test_a_second_time_changes_nothing(text):
    assert without_invisible(without_invisible(text)) == without_invisible(text)
