"""Each step against what Unicode says of single characters, and their order against itself."""

import unicodedata
from html.entities import html5

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.corpus import SENTENCES

from loanword.data.corpus.normalise import SAFE, STEPS, normalised
from loanword.errors import UsageError

CODES = {
    *range(0x20000),
    *range(0xE0000, 0xE0200),
    *(plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)),
}
ALL = [chr(code) for code in sorted(CODES) if not 0xD800 <= code <= 0xDFFF]
texts = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(
            "\u200b\u200c\u200d\u00ad\ufeff\ufffd\x00\x1f\x85\u2028 \t\r\n\u0301e\u0915\u094d\u0e01\U0001f469"
        ),
    )
)


def changed(name):
    """What a step makes of every character between two letters, for those that do not stay."""
    found = {one: STEPS.get(name)(f"a{one}b")[1:-1] for one in ALL}
    return {one: made for one, made in found.items() if made != one}


def test_the_controls_that_go_are_those_of_unicode_but_for_white_space():
    noncharacters = {one for one in ALL if ord(one) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(one) <= 0xFDEF}
    controls = {one for one in ALL if unicodedata.category(one) == "Cc" and not one.isspace()}
    assert set(changed("controls")) == controls | noncharacters | set("\ufeff\ufff9\ufffa\ufffb\ufffc\ufffd")
    assert set(changed("controls").values()) == {""}


def test_forms_are_those_of_unicode():
    blocks = [*range(0xFB00, 0xFDD0), *range(0xFDF0, 0xFE00), *range(0xFE70, 0xFEFD)]
    wanted = {chr(code): unicodedata.normalize("NFKC", chr(code)) for code in blocks}
    assert changed("presentation-forms") == {one: made for one, made in wanted.items() if made != one}
    assert STEPS.get("presentation-forms")("ﻻ ﷲ ﬁ ﬥ 中") == "لا الله fi ל 中"
    assert changed("nfkc").items() >= {"ﬁ": "fi", "２": "2", "㎏": "kg"}.items()
    assert [one for one in ALL if STEPS.get("nfc")(one) != unicodedata.normalize("NFC", one)] == []


def test_windows_quotation_marks_come_back():
    text = "“Don’t,” she said – €5…"
    assert STEPS.get("windows-1252")(text.encode("windows-1252").decode("latin-1")) == text
    assert set(changed("windows-1252")) == {
        one for one in map(chr, range(0x80, 0xA0)) if ord(one) not in (0x81, 0x8D, 0x8F, 0x90, 0x9D)
    }


def test_entities_are_read_once_and_whole():
    step = STEPS.get("html-entities")
    assert (
        step("&amp;lt; &lt;b&gt; &#233;&#xE9; &nbsp;| AT&T &copy R&D; 5 &") == "&lt; <b> éé \xa0| AT&T &copy R&D; 5 &"
    )
    named = {name: made for name, made in html5.items() if name.endswith(";")}
    assert len(named) > 2000
    assert {name: step(f"&{name}") for name in named} == named


@given(texts)
def test_spaces_are_single_and_lines_are_trimmed(text):
    made = STEPS.get("spaces")(text)
    assert made.split() == text.split()
    assert all(line and line == " ".join(line.split()) for line in made.split("\n") if made)
    assert {one for one in made if one.isspace()} <= {" ", "\n"}


def test_every_line_end_is_one():
    ends = ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\u2029", "\n \n\t\n"]
    assert STEPS.get("spaces")("\ufeff".join(["", *ends, ""])) == "\n".join(["\ufeff"] * (len(ends) + 1))
    assert STEPS.get("spaces")("\u3000a\u00a0\u2003b\t") == "a b"


@given(texts)
def test_the_safe_steps_need_no_second_time_and_leave_normal_text(text):
    made, _ = normalised(text, SAFE)
    assert normalised(made, SAFE) == (made, {})
    assert unicodedata.is_normalized("NFC", made)


def test_clean_text_of_six_scripts_stays():
    lines = [unicodedata.normalize("NFC", line) for some in SENTENCES.values() for line in some]
    assert len(lines) >= 60
    assert [normalised(line, (*SAFE, "presentation-forms", "html-entities", "windows-1252")) for line in lines] == [
        (line, {}) for line in lines
    ]


def test_what_each_step_changed_is_counted():
    text = "e\u0301a  b\x00\x00\u200b\ufb01"
    assert normalised(text, SAFE) == ("éa b\ufb01", {"controls": 2, "invisible": 1, "nfc": 2, "spaces": 1})
    assert normalised(text, ("nfkc",)) == ("éa  b\x00\x00\u200bfi", {"nfkc": 3})
    assert normalised("a\u0301\u0323", ("nfc",))[1] == {"nfc": 2}
    swapped = "\u05d0\u05bc\u05b0"  # Two marks in the other order: no character is lost.
    assert normalised(swapped, ("nfc",))[1] == {"nfc": 0}
    assert normalised(text, ()) == (text, {})


def test_a_step_that_is_none():
    with pytest.raises(UsageError, match="unknown normalisation 'nfd'; known: controls, html-entities"):
        normalised("a", ("nfd",))
