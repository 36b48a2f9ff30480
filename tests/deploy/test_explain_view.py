import re
from dataclasses import replace
from importlib.resources import files

import pytest
from tests.deploy.explanations import alignment, explanation, reading, two

from loanword.deploy.explain_view import LEVELS, WIDE, signed, strongest, view
from loanword.evaluation.words import table


def test_numbers_have_their_sign():
    assert [signed(value, "log-odds") for value in (1.234, -0.5, 0.001, -0.001)] == ["+1.23", "−0.50", "0.00", "0.00"]
    assert signed(0.0123, "cosine") == "+0.012"


def test_colours_repeat_the_numbers_on_one_scale():
    """The largest contribution of all texts beside each other has the strongest colour."""
    found = view(two())
    words = [word for one in found["readings"] for word in one["words"]]
    levels = {word["text"]: (word["sign"], word["level"], word["bar"]) for word in words}
    assert levels["light"] == ("for", LEVELS, 100)
    assert levels["turn"] == ("for", round(LEVELS / 2), 50)
    assert levels["the"] == ("against", 0, 0)
    assert levels["الآن"][:2] == ("against", round(LEVELS * 0.4))
    flows = [word["flow"] for word in words]
    assert set(flows) == {LEVELS}  # all shares of rollout are the largest of their text


def test_the_text_is_there_character_by_character():
    text = "  turn\ton the\u0301 light!  "
    (one,) = view(explanation(reading(text)))["readings"]
    (said,) = one["texts"]
    assert "".join(characters for characters, _ in said["parts"]) == text
    assert [word["text"] for _, word in said["parts"] if word] == text.split()


def test_an_addition_ends_with_the_score():
    (one,) = view(explanation(reading("turn on", weights=(2.0, -0.5), gap=0.02)))["readings"]
    assert one["texts"][0]["sums"] == [
        ("without its words", "−1.00"),
        ("its words add", "+1.50"),
        ("left over", "+0.02"),
        ("log-odds", "+0.52"),
    ]
    pair = reading("a", "b", weights=(1.0, 1.0))
    texts = view(explanation(pair))["readings"][0]["texts"]
    assert [bool(text["sums"]) for text in texts] == [False, True]


def test_strongest_words_are_weighty_ones():
    one = reading("a b c d", weights=(3.0, 0.2, 1.0, -2.0))
    assert [word.text for word in strongest(one, sign=1, largest=3.0)] == ["a", "c"]
    assert [word.text for word in strongest(one, sign=-1, largest=3.0)] == ["d"]
    assert [word.text for word in strongest(one, sign=1, largest=3.0, among=[1, 2])] == ["c"]


def test_the_sentences():
    isolated = [sentence.replace("\u200e", "") for sentence in view(two())["sentences"]]
    assert isolated == [
        "English: most for it “light” (+3.00) and “turn” (+1.50).",
        "Arabic: most for it “الضوء” (+2.80) and “شغّل” (+2.50); most against it “الآن” (−1.20).",
        "English and Arabic: of the words that correspond, “turn” (+1.50) and “شغّل” (+2.50) weigh most differently.",
        "Arabic: without a counterpart in English, but of weight “الآن” (−1.20).",
    ]
    assert all("”\u200e" in sentence for sentence in view(two())["sentences"])


def test_two_texts_of_one_reading_are_told_apart():
    crossed = replace(reading("a b", "c d", weights=(1.0, 0.0, -2.0, 0.0)), languages=("en", "ru"))
    assert [sentence.replace("\u200e", "") for sentence in view(explanation(crossed))["sentences"]] == [
        "English: most for it “a” (+1.00).",
        "Russian: nothing for it to speak of; most against it “c” (−2.00).",
    ]
    quiet = reading("a b", "c d", weights=(1.0, 0.0, 0.0, 0.0))
    assert len(view(explanation(quiet))["sentences"]) == 1


def test_what_is_wrong_is_said():
    found = view(two(predicted="off", gap=0.5))["sentences"]
    assert "Arabic: the answer is off; the numbers are about on." in found
    assert "Arabic: the numbers are rough; together they miss what they should make up by 0.50." in found
    found = view(explanation(reading("a b c", weights=(1.0, None, None))))
    assert found["sentences"][1].startswith("English: 2 words were not read")
    assert found["unread"]
    found = view(explanation(reading("a", label="x", predicted="x"), reading("b", label="y", predicted="y")))
    assert "Each text is explained for an answer of its own" in found["sentences"][-1]
    assert view(explanation(reading("a", weights=(-1.0,))))["sentences"][0].startswith("English: nothing for it")
    assert view(explanation(reading("a", weights=(0.0,))))["sentences"][0] == "English: no word weighs much."


def test_rollout_that_says_little_is_said_to():
    crowded = reading("a")
    assert crowded.elsewhere == 0.5
    assert not [sentence for sentence in view(explanation(crowded))["sentences"] if "rollout" in sentence]
    pieces = (replace(crowded.pieces[0], rollout=0.8), *crowded.pieces[1:])
    found = view(explanation(replace(crowded, pieces=pieces)))["sentences"]
    assert found[-1] == "Attention rollout says little here: 80.0% of it or more is on pieces that belong to no word."
    assert not view(explanation(reading("a", flow=False)))["rollout"]


def test_figures():
    found = view(two(predicted="off"))
    assert [one["figure"]["alarm"] for one in found["readings"]] == [False, True]
    assert found["readings"][1]["figure"]["note"] == "the model's answer is off"
    assert found["readings"][0]["figure"]["label"] == "Probability of on, English"
    assert found["readings"][0]["figure"]["value"] == "97.3%"  # 1 / (1 + exp(-3.59))
    (one,) = view(explanation(reading("a", "b", unit="cosine"), task="similarity"))["readings"]
    label = "Cosine, English and English, second text"
    assert one["figure"] == {"label": label, "value": "1.000", "note": "on 0.900", "alarm": False}
    (one,) = view(explanation(replace(reading("a", "b", unit="cosine"), answer="1.000"), task="similarity"))["readings"]
    assert one["figure"]["note"] == ""
    (one,) = view(explanation(reading("a", weights=(0.6,), unit="log-probability")))["readings"]
    assert one["figure"]["value"] == "−0.40"


@pytest.mark.parametrize(
    ("options", "title"),
    [
        ({}, "What speaks for on"),
        ({"about": (0, 1)}, "What speaks for on at “a”"),
        ({"unit": "log-probability"}, "What speaks for “on”"),
        ({"unit": "log-probability", "label": "", "predicted": ""}, "What speaks for no answer"),
        ({"unit": "cosine", "label": "", "predicted": ""}, "What makes two texts alike"),
    ],
)
def test_titles(options, title):
    assert view(explanation(reading("a", **options)))["title"] == title


def test_texts_are_named_by_language_or_by_number():
    def names(*tags):
        return [one["name"] for one in view(explanation(*(reading("a", language=tag) for tag in tags)))["readings"]]

    assert names("en", "de") == ["English", "German"]
    assert names("en", "en", "de") == ["English (1)", "English (2)", "German"]
    assert names("und", "und") == ["text 1", "text 2"]
    assert names("und") == ["the text"]
    (one,) = view(explanation(reading("a", "b")))["readings"]
    assert [text["name"] for text in one["texts"]] == ["English", "English, second text"]
    crossed = replace(reading("a", "b"), languages=("en", "ru"))
    (one,) = view(explanation(crossed))["readings"]
    assert [text["name"] for text in one["texts"]] == ["English", "Russian"]


def test_the_table_has_every_word_once():
    (one,) = view(two())["alignments"]
    rows = [
        (row["one"] and row["one"]["text"], row["other"] and row["other"]["text"], row["similarity"], row["difference"])
        for row in one["table"]
    ]
    assert rows == [
        ("turn", "شغّل", "0.90", "−1.00"),
        ("on", None, "–", "–"),
        ("the", None, "–", "–"),
        ("light", "الضوء", "0.90", "+0.20"),
        (None, "الآن", "–", "–"),
    ]
    assert [[cell["nearest"] for cell in row] for row in one["cells"]] == [
        [True, False, False],
        [False, False, False],
        [False, False, False],
        [False, True, False],
    ]
    assert one["cells"][0][0] == {"value": "0.90", "level": round(LEVELS * 0.9), "nearest": True}


def test_long_texts_have_no_map_of_all_pairs():
    long, short = reading("a " * (WIDE + 1)), reading("b")
    (one,) = view(explanation(long, short, alignments=[alignment(long, short, [(0, 0)])]))["alignments"]
    assert one["cells"] == []
    assert "too long for a map" in one["lead"]
    assert len(one["table"]) == WIDE + 1


def test_two_texts_of_one_reading_stand_side_by_side():
    one = reading("a b", "c", unit="cosine")
    found = view(explanation(one, alignments=[alignment(one, one, [(1, 2)], of=(0, 0), to=(0, 1))], task="similarity"))
    (beside,) = found["alignments"]
    assert beside["title"] == "English and English, second text, word by word"
    assert [row["other"]["text"] for row in beside["table"] if row["other"]] == ["c"]
    assert not beside["comparable"]
    assert not [sentence for sentence in found["sentences"] if "correspond" in sentence]


def test_numbers_that_cannot_be_compared_have_no_difference():
    one, two_ = reading("a", label="x"), reading("b", label="y")
    found = view(explanation(one, two_, alignments=[alignment(one, two_, [(0, 0)])]))
    assert not found["alignments"][0]["comparable"]
    assert view(two())["alignments"][0]["comparable"]
    assert not [sentence for sentence in found["sentences"] if "correspond" in sentence]


def test_what_it_is_about_is_marked_in_the_text_alone():
    one = reading("who is it", "who", about=(4, 6))
    (found,) = view(explanation(one))["readings"]
    assert [word["text"] for word in found["words"] if word["about"]] == ["is"]
    assert view(explanation(one))["about"]


def test_how_to_read_it_fits_what_is_shown():
    full = " ".join(view(two())["how"])
    for name in (
        "Sundararajan",
        "Abnar",
        "Jalili Sabet",
        "Jain and Wallace",
        "Adebayo",
        "ln(p / (1 − p))",
    ):
        assert name in full
    assert "layer 8 of 12" in full
    bare = " ".join(view(explanation(reading("a", unit="cosine", flow=False)))["how"])
    for absent in ("Abnar", "Jalili Sabet", "ln(p"):
        assert absent not in bare


def test_every_word_of_the_section_is_used_and_both_languages_have_it():
    section = table("explanation")
    folder = files("loanword.deploy")
    sources = [folder / "explain_view.py", folder / "explain_html.py", folder / "templates" / "explanation.html.jinja"]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    quoted = set(re.findall(r'"([a-z_]+)"', text))
    units = {"log_odds", "log_probability", "cosine"}
    built = {f"{kind}_{unit}" for kind in ("title", "figure", "how") for unit in units} | units
    built |= {f"how_{key}" for key in ("contribution", "scale", "rollout", "similarity", "doubt")}
    assert {key for key in section if key not in quoted | built | {"comma", "and"}} == set()
    asked = set(re.findall(r'say\("([a-z_]+)"', text))
    assert len(asked) > 30
    assert asked - set(section) == set()
    for key, entry in section.items():
        assert set(entry) == {"en", "zh"}, key
        assert set(re.findall(r"\{(\w+)", entry["en"])) == set(re.findall(r"\{(\w+)", entry["zh"])), key


def test_the_view_speaks_chinese():
    found = view(two(predicted="off", gap=0.5), language="zh")
    assert found["title"] == "哪些词支持“on”"
    said = [*found["sentences"], *found["how"], *(one["title"] for one in found["alignments"])]
    assert len(said) > 10
    for sentence in said:
        assert re.search("[\u4e00-\u9fff]", sentence)
        assert not re.search("[\u4e00-\u9fff][,:;()?!]|[,:;()?!] ?[\u4e00-\u9fff]", sentence), sentence
