import pytest

from loanword.errors import MissingExtra
from loanword.language import outputs
from loanword.language.outputs import expect_identifier, guesses, identifiable, identified, share_in
from loanword.language.tag import canonical

TEXTS = {
    "de": ["Der Kessel ist noch warm, wir trinken gleich Tee.", "Niemand hat die Stühle zweimal gezählt."],
    "fr": ["La bouilloire est encore chaude, nous allons boire le thé.", "Personne n'a compté les chaises."],
    "ja": ["やかんはまだ温かいです。", "誰も椅子を二度数えませんでした。"],
    "ru": ["Чайник ещё тёплый, сейчас будем пить чай.", "Никто не пересчитал стулья дважды."],
}


@pytest.mark.parametrize("tag", TEXTS)
def test_texts_are_in_their_language_and_in_no_other(tag):
    assert share_in(TEXTS[tag], tag) == 1
    for other in set(TEXTS) - {tag}:
        assert share_in(TEXTS[tag], other) == 0


def test_half_and_nothing():
    assert share_in([TEXTS["de"][0], TEXTS["fr"][0]], "de") == 0.5
    assert share_in([TEXTS["de"][0], " "], "de-AT") == 0.5
    assert share_in([], "de") == 0


def test_a_language_that_is_not_known_goes_by_its_script():
    assert share_in(["ᱥᱟᱱᱛᱟᱲᱤ", "Santali"], "sat") == 0.5


def test_languages_are_named_by_their_tags():
    tags, texts = zip(*((tag, text) for tag, lines in TEXTS.items() for text in lines), strict=True)
    assert identified(texts) == list(tags)
    assert identified(["", " \n", "12345 ..."]) == ["und"] * 3
    assert identified([]) == []


@pytest.mark.parametrize("text", ["Hello world", "a kettle", "Niemand", "ok"])
def test_a_word_or_two_that_could_be_of_many_languages_are_of_none(text):
    import py3langid

    assert py3langid.classify(text)[0] != "zxx"
    assert identified([text]) == ["und"]


def test_the_probability_is_that_of_the_identifier_where_it_gives_one():
    import py3langid
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    own = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    texts = [
        "Hello world",
        "две козы",
        "水壶",
        "two goats on a ferry",
        *(text for lines in TEXTS.values() for text in lines),
    ]
    for text in texts:
        code, share = outputs._likeliest(py3langid, text)
        assert (code, share) == (own.classify(text)[0], pytest.approx(own.classify(text)[1], abs=2e-3))


def test_every_language_that_is_identified_is_a_tag():
    import py3langid

    codes = {code for code, _ in py3langid.rank("")} - {"zxx"}
    assert len(codes) > 90
    assert all(map(canonical, codes))  # It raises for what is none.


def test_guesses_come_with_their_probability():
    (sure, unsure, none) = guesses([TEXTS["de"][0], "ok", " \n"])
    assert (sure[0], none) == ("de", ("und", 0.0))
    assert 0.9 < sure[1] <= 1
    assert unsure[1] < 0.5


def test_which_languages_can_be_told():
    assert identifiable() >= set(TEXTS)
    assert {"zxx", "und", "tzm"} & identifiable() == set()


def test_the_identifier_is_known_to_be_absent_beforehand(monkeypatch):
    assert expect_identifier() is None
    monkeypatch.setattr(outputs, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"loanword\[corpus\]"):
        expect_identifier()
