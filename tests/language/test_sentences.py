from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanword.language.sentences import ENDS, lead, sentences


def parts(text):
    return [text[start:end] for start, end in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rains. We stay in.", ["It rains.", "We stay in."]),
        ("Is it raining? Yes! Good.", ["Is it raining?", "Yes!", "Good."]),
        ("It costs 3.50 euros. Too much.", ["It costs 3.50 euros.", "Too much."]),
        ("Dr. Weber came on the 3. May. He left.", ["Dr. Weber came on the 3. May.", "He left."]),
        ("Tools, e.g. a saw, are there. Take one.", ["Tools, e.g. a saw, are there.", "Take one."]),
        ("Geräte, z. B. Sägen. Nimm eine.", ["Geräte, z. B. Sägen.", "Nimm eine."]),
        ("It works since 1998. It still does.", ["It works since 1998.", "It still does."]),
        ('He said "stop." Then (nothing happened!). So.', ['He said "stop."', "Then (nothing happened!).", "So."]),
        ("Well... Perhaps.", ["Well...", "Perhaps."]),
        ("今天下雨。我们不出去！好吗？", ["今天下雨。", "我们不出去！", "好吗？"]),
        ("雨が降る。「行こう。」と言った。", ["雨が降る。", "「行こう。」", "と言った。"]),
        ("पानी गिरा। हम रुके।", ["पानी गिरा।", "हम रुके।"]),
        ("هل تمطر؟ نعم. سنبقى.", ["هل تمطر؟", "نعم.", "سنبقى."]),
        ("ዝናብ ነው። እንቆያለን።", ["ዝናብ ነው።", "እንቆያለን።"]),
        ("ฝนตก เราอยู่บ้าน", ["ฝนตก เราอยู่บ้าน"]),
        ("A heading\n\nwith text below", ["A heading", "with text below"]),
        ("one line\nof several", ["one line\nof several"]),
        ("  \n ", []),
        ("", []),
    ],
)
def test_sentences_of_many_scripts(text, expected):
    assert parts(text) == expected


@given(st.text(alphabet=st.sampled_from("aB1 .!?\n。" + ENDS[:8] + ')"')))
def test_sentences_hold_all_that_is_no_blank_once_and_in_order(text):
    found = sentences(text)
    assert all(start < end and text[start:end].strip() == text[start:end] for start, end in found)
    assert all(one[1] <= two[0] for one, two in pairwise(found))
    assert "".join("".join(text[a:b] for a, b in found).split()) == "".join(text.split())


def test_the_lead_is_what_a_text_begins_with():
    text = " One is here.\nTwo is there. Three is away."
    assert lead(text) == "One is here."
    assert lead(text, count=2) == "One is here.\nTwo is there."
    assert lead(" ") == ""
