import pytest

from loanword.data.bilingual import Pairs
from loanword.data.codes import Findings
from loanword.errors import UsageError


@pytest.fixture
def findings():
    return Findings("f.tmx")


def test_what_has_no_translation_is_counted_where_one_is_needed(findings):
    pairs = Pairs("en:de", labelled=True, findings=findings)
    pairs.add(3, "one", "eins", name="a")
    pairs.add(4, "two", " ")
    pairs.add(5, "three", "vier", why="fuzzy")
    pairs.add(6, " ", "x")
    pairs.leave_out("obsolete")
    cells = pairs.cells()
    assert (cells.lines, cells.values) == ([3], {"text": ["one"], "translation": ["eins"], "id": ["a"]})
    assert cells.left_out == {"untranslated": 1, "fuzzy": 1, "without text": 1, "obsolete": 1}
    assert findings.problems == []


def test_where_none_is_needed_all_texts_count(findings):
    pairs = Pairs("en", labelled=False, findings=findings)
    pairs.add(3, "one", "eins")
    pairs.add(4, "two", "")
    pairs.add(5, "three", "vier", why="fuzzy")
    cells = pairs.cells()
    assert (cells.columns, cells.values["text"]) == (("text", "id"), ["one", "two", "three"])
    assert cells.left_out == {}


@pytest.mark.parametrize(("language", "example"), [("de", "en:de"), ("en", "de:en"), ("und", "en:und")])
def test_one_language_is_not_enough_for_translations(findings, language, example):
    with pytest.raises(UsageError, match=rf"'f\.tmx' has texts and translations: .* such as {example}$"):
        Pairs(language, labelled=True, findings=findings)


@pytest.mark.parametrize(
    ("said", "fitting"),
    [
        (("en", "de"), True),
        (("en_US", "de-AT"), True),
        ((None, None), True),
        (("", "deu"), True),
        (("und", "de"), True),
        (("en", "fr"), False),
        (("de", "en"), False),
    ],
)
def test_a_file_says_its_languages_in_any_spelling_or_not_at_all(findings, said, fitting):
    assert Pairs("en:de", labelled=True, findings=findings).fit(*said, line=1) is fitting
    assert Pairs("en", labelled=False, findings=findings).fit(*said, line=1) is (said[0] != "de")
    assert Pairs("und", labelled=False, findings=findings).fit(*said, line=1)
    assert findings.problems == []


def test_a_language_that_is_none_is_noted(findings):
    Pairs("en:de", labelled=True, findings=findings).fit("en", "Deutsch!", line=7)
    (found,) = findings.problems
    assert (found.code, found.line) == ("LW402", 7)


def test_nothing_in_these_languages_is_a_problem_that_names_the_others(findings):
    pairs = Pairs("en:de", labelled=True, findings=findings)
    for tag in ("en", "fr", "fr"):
        pairs.leave_out("without de", languages=[tag])
    pairs.cells()
    (found,) = findings.problems
    assert (found.code, found.cause) == (
        "LW403",
        "there is nothing in en and de; the languages there are: 'fr' (2), 'en' (1)",
    )
