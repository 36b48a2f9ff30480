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
    same_language,
    script_counts,
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


SPANISH = ["apaga la luz de la cocina", "sube la persiana del salón", "cancelar la alarma", "parar la música"]
PORTUGUESE = ["apague a luz da cozinha", "suba a persiana da sala", "feche a porta da garagem", "toque música"]


def test_no_single_word_makes_a_row_foreign():
    """What one table talks about often is no sign of its language: "temporizador" is both Spanish and Portuguese."""
    timers = [f"{verb} o temporizador agora" for verb in ("inicie", "pare", "cancele", "mostre", "apague")]
    texts = {"es": SPANISH * 10 + ["parar temporizador", "cancelar temporizador"], "pt": PORTUGUESE * 10 + timers * 8}
    assert foreign_rows(texts) == {}
    planted = [*texts["es"], "mostre o temporizador agora", "inicie o temporizador agora"]
    assert foreign_rows({**texts, "es": planted}) == {"es": {42: "pt", 43: "pt"}}


def test_where_no_spaces_are_some_characters_do_for_a_word():
    japanese = ["台所の電気を消してください", "居間の窓を開けてください", "音楽を止めてくれますか"] * 10
    chinese = ["请把厨房的灯关掉好吗谢谢你", "请打开客厅里的那扇窗户吧", "现在能不能把音乐停下来呢"] * 10
    assert foreign_rows({"ja": japanese, "zh": chinese}) == {}
    assert foreign_rows({"ja": japanese + chinese[:3], "zh": chinese}) == {"ja": {30: "zh", 31: "zh", 32: "zh"}}


def test_a_language_with_much_text_is_not_favoured():
    """Against one profile of two hundred rows most of ten rows lose: of what they say the ten others know little."""
    pytest.importorskip("home_assistant_intents")
    from loanword.data.home_assistant import load

    found = {}
    for tag in ("sv", "af", "sl", "ca", "sk"):
        others = {other: load(language=other, split="test").text for other in ("da", "nl", "hr", "es", "cs")}
        few = load(language=tag, split="test").text[:25]
        found[tag] = len(foreign_rows({tag: few, **others}).get(tag, {}))
    assert max(found.values()) < 5, found


def test_a_table_that_is_mostly_another_language():
    """Two thirds are French: the German rows are few, but nothing else is known of how German reads."""
    texts = {"de": GERMAN * 10 + FRENCH * 27, "fr": FRENCH * 40}
    assert set(foreign_rows(texts)) == {"de"}
    assert set(foreign_rows(texts)["de"]) == set(range(40, 121))


ROWS = {
    "de": [f"{row} und mach {what} aus" for row in GERMAN for what in ("das Radio", "den Ofen", "die Musik", "es")],
    "fr": [f"{row} et fermez {what} vite" for row in FRENCH for what in ("la radio", "le four", "la fenêtre", "tout")],
}


def test_tables_in_one_language():
    odd, even = ROWS["de"][::2] + ROWS["de"][:3], ROWS["de"][1::2] + ROWS["de"][-3:]
    assert same_language([("de", odd), ("fr", even)]) == {1: 0}
    assert same_language([("de", odd), ("fr", ROWS["fr"])]) == {}
    assert same_language([("de", odd), ("de", even)]) == {}
    assert same_language([("de", odd), ("lb", even)]) == {}
    assert same_language([("de", odd), ("it", []), ("fr", even), ("es", even)]) == {2: 0, 3: 0}
    # French that reads like the French before it is in its place, and not to blame for the file between them.
    assert same_language([("fr", ROWS["fr"]), ("de", ROWS["fr"]), ("fr", ROWS["fr"])]) == {1: 0}


def test_a_few_words_are_not_compared():
    assert same_language([("de", ["hallo"]), ("fr", ["hallo"])]) == {}
    assert same_language([]) == {}
