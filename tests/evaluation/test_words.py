import re
from importlib.resources import files
from string import Formatter
from types import SimpleNamespace

import pytest

from loanword.config import TrainingSettings
from loanword.errors import UsageError
from loanword.evaluation.report_view import NUMBERS
from loanword.evaluation.words import (
    Count,
    Words,
    family,
    is_segmented,
    number,
    percent,
    script,
    table,
    turned,
    visible,
)
from loanword.hardware import Hardware
from loanword.language.tag import known
from loanword.training.trainer import Trained

SECTIONS = ("words", "metrics", "candidates", "training", "machine", "tasks", "scripts", "families")


def fields(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def entries():
    return [(section, key, entry) for section in SECTIONS for key, entry in table(section).items()]


def test_every_key_has_both_languages_and_nothing_else():
    assert len(entries()) > 200
    for section, key, entry in entries():
        assert set(entry) == {"en", "zh"}, (section, key)
        assert all(entry.values()), (section, key)


def test_both_languages_fill_in_the_same_values():
    for section, key, entry in entries():
        assert fields(entry["zh"]) == fields(entry["en"]), (section, key)


def test_chinese_is_chinese():
    latin_on_purpose = {"product", "anchor_none", "column_ece", "bracket"}
    for key, entry in table("words").items():
        if key not in latin_on_purpose and re.search("[a-z]{3}", entry["en"]) and not key.startswith("duration"):
            assert re.search("[\u4e00-\u9fff]", entry["zh"]), key


def test_chinese_text_has_chinese_punctuation():
    """No ASCII comma, colon, semicolon or bracket beside a Chinese character."""
    wrong = re.compile("[\u4e00-\u9fff][,:;()?!](?!!)|[,:;()?] ?[\u4e00-\u9fff]")
    assert wrong.search("评测条件: 零样本")
    found = {key: entry["zh"] for section in SECTIONS for key, entry in table(section).items()}
    assert {key: text for key, text in found.items() if wrong.search(text)} == {}


def test_what_a_run_says_of_itself_has_words():
    machine = Hardware(device="cpu", precision="fp32", threads=1).describe()
    assert len(machine) > 4
    assert set(machine) <= set(table("machine"))
    trained = Trained.describe(
        SimpleNamespace(steps=1, epochs=1.0, rows=1, learning_rate=1e-4, skipped=0, kept=None), TrainingSettings()
    )
    assert len(trained) > 6
    assert set(trained) <= set(table("training"))
    assert Words("en").named("training", "embedding_rows_trained") == "Embedding rows trained"
    assert Words("zh").named("training", "batch_size") == "批大小"
    assert Words("zh").named("training", "of my own") == "of my own"


def test_no_key_is_missing_and_none_is_unused():
    folder = files("loanword.evaluation")
    sources = [
        folder / f"{name}.py"
        for name in (
            *("words", "plots", "chart_data", "notes", "leaks", "reading", "facts"),
            *("report", "report_view", "report_html"),
        )
    ]
    sources += [folder / "templates" / name for name in ("report.md.jinja", "report.html.jinja")]
    text = "\n".join(source.read_text(encoding="utf-8") for source in sources)
    quoted = set(re.findall(r'"([a-z_]+)"', text))
    built = {key for key in table("words") if key.startswith("basis_")} | {f"column_{name}" for name in NUMBERS}
    assert {key for key in table("words") if key not in quoted | built} == set()
    asked = set(re.findall(r'(?:words|say)\("([a-z_]+)"', text))
    assert len(asked) > 80
    assert asked - set(table("words")) - {"basis_", "column_"} == set()


def test_scripts_and_families_of_all_known_languages_have_names():
    facts = list(known().values())
    assert len(facts) > 100
    assert {fact.script for fact in facts if fact.script} - set(table("scripts")) == set()
    parts = {part for fact in facts for part in (fact.family, fact.branch) if part}
    assert parts - set(table("families")) == set()


def test_counts_bring_their_noun():
    assert f"{Count(1):row|rows} {Count(2):row|rows} {Count(0):row|rows}" == "1 row 2 rows 0 rows"
    assert f"{Count(1200):,}" == "1,200"
    assert Words("en")("confusions_show", n=1) == "Show 1 language"
    assert Words("zh")("confusions_show", n=1) == "展开 1 种语言"


def test_an_unknown_key_or_language_is_an_error():
    with pytest.raises(KeyError):
        Words("en")("no_such_key")
    with pytest.raises(UsageError, match="'en' or 'zh'"):
        Words("fr")


@pytest.mark.parametrize(
    ("names", "english", "chinese"),
    [
        ([], "", ""),
        (["a"], "a", "a"),
        (["a", "b"], "a and b", "a和b"),
        (["a", "b", "c"], "a, b and c", "a、b和c"),
        (list("abcdefg"), "a, b, c, d, e and 2 other languages", "a、b、c、d、e和其他 2 种语言"),
    ],
)
def test_lists_read_as_phrases(names, english, chinese):
    assert Words("en").listed(names) == english
    assert Words("zh").listed(names) == chinese


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(1234.5, 0, "1,234"), (-0.04, 1, "0.0"), (-3.14, 1, "−3.1"), (float("nan"), 1, "–"), (float("inf"), 1, "–")],
)
def test_numbers(value, digits, text):
    assert number(value, digits=digits) == text


def test_percent_and_points():
    assert percent(0.8425) == "84.2%"
    assert percent(float("nan")) == "–"
    assert Words("en").points(-0.123) == "−12.3 points"
    assert Words("zh").points(0.123) == "12.3 个百分点"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(4.25, "4.2 s"), (61, "1 min 1 s"), (119.7, "2 min 0 s"), (7260, "2 h 1 min"), (float("nan"), "–")],
)
def test_durations(seconds, text):
    assert Words("en").duration(seconds) == text


def test_languages_scripts_and_families_have_names_in_both_languages():
    assert (Words("en").name("de"), Words("zh").name("de")) == ("German", "德语")
    assert (Words("en").script("hi"), Words("zh").script("hi")) == ("Devanagari", "天城文")
    assert (Words("en").family("de"), Words("zh").family("de")) == ("Indo-European · Germanic", "印欧语系 · 日耳曼语族")


def test_a_branch_stands_alone():
    assert (Words("en").branch("de"), Words("zh").branch("de")) == ("Germanic", "日耳曼语族")
    assert Words("en").branch("fi") == "Uralic"


@pytest.mark.parametrize(("tag", "spaced"), [("de", True), ("vi", True), ("zh-TW", False), ("th", False), ("?!", True)])
def test_languages_without_spaces(tag, spaced):
    assert is_segmented(tag) is spaced


def test_a_score_stands_after_its_name():
    assert Words("en").pair("German (Austria)", "80.0%") == "German (Austria) 80.0%"
    assert Words("zh").pair("德语（奥地利）", "80.0%") == "德语（奥地利）80.0%"
    assert Words("zh").pair("德语", "80.0%") == "德语 80.0%"


def test_a_tag_that_is_no_language_stays_as_it_is():
    tag = "not-a\u202elanguage!"
    assert Words("en").name(tag) == "not-a⟦U+202E⟧language!"
    assert (script(tag), family(tag)) == ("Zyyy", "unknown")
    assert Words("zh").named("metrics", "my metric") == "my metric"


def test_characters_that_hide_are_written_out_and_text_stays_text():
    assert visible("a\x1b[31m\u202eb\u2066\x00") == "a⟦U+001B⟧[31m⟦U+202E⟧b⟦U+2066⟧⟦U+0000⟧"
    plain = "tab\tline\n हिन्दी العربية ‌ 日本語 é 👍"
    assert visible(plain) == plain


def test_a_pair_turned_round():
    assert (turned("en:de"), turned("zh-TW:pt-BR"), turned("de")) == ("de:en", "pt-BR:zh-TW", "de:de")
