"""What is dropped, and above all what is not."""

import importlib.util
import pickle
from functools import partial

import numpy as np
import pytest
from tests.corpus import SENTENCES

from loanword.data.corpus import checks
from loanword.data.corpus.checks import Verdict, are_kin, foreign, is_judged, is_repetitive, script_share, verdict
from loanword.data.corpus.settings import CorpusSettings
from loanword.language.identify import script_counts

needs_identifier = pytest.mark.skipif(
    importlib.util.find_spec("py3langid") is None, reason="needs the extra 'corpus' or 'generation'"
)
LINES = [(tag, line) for tag, lines in SENTENCES.items() for line in lines]
LONG = {
    "de": "Der Kessel ist noch warm, und niemand hat die Stühle in der Bibliothek zweimal gezählt.",
    "en": "The kettle is still warm, and nobody has counted the chairs in the library twice.",
    "fr": "La bouilloire est encore chaude, et personne n'a compté deux fois les chaises.",
    "ja": "やかんはまだ温かく、図書館の椅子を二度数えた人は誰もいませんでした。",
}
PLAIN = CorpusSettings(identify=False)


@needs_identifier
def test_sentences_of_six_scripts_stay():
    assert len(LINES) >= 60
    settings = CorpusSettings(min_characters=1)
    assert [(tag, line) for tag, line in LINES if verdict(line, tag, settings).reason] == []


def test_the_first_reason_is_told():
    assert verdict(" \n", "en", PLAIN) == Verdict("empty")
    assert verdict("too short", "en", PLAIN) == Verdict("short")
    assert verdict("tick tock " * 500, "en", PLAIN) == Verdict("repetitive")
    assert verdict("чайник ещё тёплый", "en", PLAIN) == Verdict("script")
    assert verdict("чайник ещё тёплый", "ru", PLAIN) == Verdict()
    assert verdict("0123456789 0123456789", "ru", PLAIN) == Verdict()


def test_checks_that_are_off():
    off = CorpusSettings(identify=False, repetition=0, script_share=0, min_characters=1)
    for text in ("x", "tick tock " * 500, "чайник ещё тёплый"):
        assert verdict(text, "en", off) == Verdict()


def test_running_text_is_not_repetitive_and_text_with_a_refrain_neither():
    rng = np.random.default_rng(0)
    for lines in SENTENCES.values():
        words = " ".join(lines).split()
        text = " ".join(rng.permutation(words * 3))
        assert not is_repetitive(text, least=0.1)
    song = "\n".join([*SENTENCES["en"], "and the refrain again", *SENTENCES["en"], "and the refrain again"])
    assert not is_repetitive(song, least=0.1)
    assert is_repetitive("不错" * 100, least=0.1)
    assert not is_repetitive("不错" * 100, least=0)


def test_the_share_of_the_script():
    assert script_share(script_counts("播放 Spotify"), "zh") == 2 / 9
    assert script_share(script_counts("日本語のテキスト abc"), "ja") == 8 / 11
    assert script_share(script_counts("Здраво svima"), "sr") == 1
    assert script_share(script_counts("Здраво svima"), "sr-Latn") == 5 / 11
    assert script_share({}, "ru") == script_share(script_counts("anything"), "und") == 1
    assert verdict("播放 Spotify 上的 jazz", "zh", CorpusSettings(identify=False, script_share=0.5)).reason == "script"


@needs_identifier
@pytest.mark.parametrize("tag", LONG)
def test_texts_in_another_language_are_told(tag):
    settings = CorpusSettings(script_share=0)
    for other, text in LONG.items():
        assert verdict(text, tag, settings) == (Verdict() if tag == other else Verdict("language", other))


@needs_identifier
def test_the_middle_of_a_text_decides():
    assert foreign(LONG["en"] + LONG["de"] * 20 + LONG["en"], "de") == ""
    assert foreign(LONG["en"] * 20 + LONG["de"], "de") == "en"


@needs_identifier
def test_a_quotation_in_the_middle_does_not_decide():
    assert foreign(LONG["en"] * 5, "de") == "en"
    assert foreign(LONG["de"] * 10 + LONG["en"] * 5 + LONG["de"] * 10, "de") == ""


@needs_identifier
def test_what_is_not_judged_is_told():
    settings = CorpusSettings(min_characters=5)
    assert verdict("Hello world", "de", settings) == Verdict(unjudged="it has fewer than 20 letters")
    assert is_judged("de")
    assert not is_judged("tzm")
    assert verdict("ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ ⵎⴰⴷ ⵜⴳⵉⵎ", "zgh", settings) == Verdict(unjudged="the identifier does not know it")


@needs_identifier
def test_near_relatives_are_tolerated(monkeypatch):
    for one, other in (
        ("arz", "ar"),
        ("nb", "da"),
        ("yue", "zh"),
        ("pt-BR", "gl"),
        ("sr", "hr"),
        ("uz", "uzs"),
        ("gcr", "fr"),
    ):
        assert are_kin(one, other)
        assert are_kin(other, one)
        monkeypatch.setattr(checks, "guesses", lambda texts, tag=other: [(tag, 1.0)])
        assert foreign("whatever", one) == ""
    for one, other in (("de", "nl"), ("ar", "fa"), ("zh", "ja")):
        assert not are_kin(one, other)
    assert is_judged("nb")


@pytest.mark.parametrize(("sure", "dropped"), [(0.79, False), (0.8, True)])
def test_a_guess_must_be_sure(monkeypatch, sure, dropped):
    monkeypatch.setattr(checks, "guesses", lambda texts: [("fr", sure)])
    assert bool(foreign("whatever", "de")) == dropped
    monkeypatch.setattr(checks, "guesses", lambda texts: [("und", 0.0)])
    assert foreign("whatever", "de") == ""


def test_it_can_be_handed_to_other_processes():
    judge = pickle.loads(pickle.dumps(partial(verdict, language="en", settings=PLAIN)))
    assert judge("чайник ещё тёплый") == Verdict("script")
