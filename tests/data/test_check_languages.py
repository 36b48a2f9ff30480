"""Planted wrong languages in real commands of many languages."""

import pytest

pytest.importorskip("home_assistant_intents")

from loanword.data.check_languages import check_languages
from loanword.data.home_assistant import load
from loanword.data.records import Table
from loanword.randomness import generator

TAGS = ("en", "de", "fr", "es", "fi", "tr", "ru", "bg", "hi", "ar", "zh-CN", "th", "el")
TEXTS = {tag: load(language=tag, split="test").text for tag in TAGS}
LATIN = ("en", "de", "fr", "es", "fi", "tr")


def tables(texts):
    return {"test": {tag: Table(language=tag, text=list(rows), label=["x"] * len(rows)) for tag, rows in texts.items()}}


def told(texts):
    return {
        (finding.code, finding.place.split(" (")[0].removeprefix("test ")) for finding in check_languages(tables(texts))
    }


def test_sound_tables_are_left_alone():
    assert told(TEXTS) == set()


def found(**roles):
    """The findings about languages, as code and place to rows; `roles` are language to texts."""
    tables = {
        role: {tag: Table(language=tag, text=list(rows), label=["x"] * len(rows)) for tag, rows in texts.items()}
        for role, texts in roles.items()
    }
    return {(one.code, one.place.split(" (")[0]): one.rows for one in check_languages(tables)}


TRAIN = load(language="en", split="train").text


@pytest.mark.parametrize("tag", ["de", "fi", "tr"])
def test_an_english_test_file_is_told_by_the_english_training_data(tag):
    english = TEXTS["en"]
    assert found(train={"en": TRAIN}, test={tag: english}) == {("LW510", f"test {tag}"): ()}
    assert found(train={"en": TRAIN}, test={tag: TEXTS[tag]}) == {}


@pytest.mark.parametrize("tag", ["de", "fi", "tr"])
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_english_rows_of_a_test_file_are_told_by_the_training_data(tag, share):
    count = int(200 * share)
    told = found(train={"en": TRAIN}, test={tag: TEXTS[tag][count:] + TEXTS["en"][:count]})
    assert set(told) == {("LW509", f"test {tag}")}
    (rows,) = told.values()
    planted = set(range(201 - count, 201))
    assert len(planted & set(rows)) >= 0.6 * count
    assert len(set(rows) - planted) <= 2


def test_what_training_has_under_the_tag_counts_too():
    """The German training rows show what German is; each file is told of its own rows alone."""
    told = found(train={"en": TRAIN, "de": TEXTS["de"][:100]}, dev={"de": TEXTS["de"][100:]}, test={"de": TEXTS["en"]})
    assert list(told) == [("LW509", "test de")]
    assert len(told["LW509", "test de"]) >= 150


def test_of_two_files_in_one_language_the_later_is_named_once():
    told = found(train={"en": TRAIN}, dev={"de": TEXTS["en"][:100]}, test={"en": TEXTS["en"][100:], "fr": TEXTS["fr"]})
    assert told == {("LW510", "dev de"): ()}


def test_small_files_beside_large_ones_are_left_alone():
    """Of 30 commands of a few words; the other languages have 200 each."""
    small = {tag: TEXTS[tag][:30] for tag in LATIN}
    for tag, rows in small.items():
        assert found(train={other: TEXTS[other] for other in LATIN if other != tag}, test={tag: rows}) == {}
    assert found(test=small) == {}


def test_rows_of_another_language_are_told():
    """A tenth to a third of the rows of one file come from another that is also there."""
    right = 0
    cases = 30
    for case in range(cases):
        rng = generator(case, "plant")
        into, source = rng.choice(LATIN, size=2, replace=False)
        count = int(rng.integers(20, 67))
        texts = {**TEXTS, into: TEXTS[into][count:] + TEXTS[source][:count], source: TEXTS[source][count:]}
        right += told(texts) == {("LW509", into)}
    assert right >= 0.95 * cases


def test_the_rows_are_named():
    texts = {**TEXTS, "de": TEXTS["de"][30:] + TEXTS["fr"][:30], "fr": TEXTS["fr"][30:]}
    (finding,) = check_languages(tables(texts))
    planted = set(range(171, 201))
    assert len(planted & set(finding.rows)) >= 0.8 * len(planted)
    assert len(planted & set(finding.rows)) >= 0.9 * len(finding.rows)
    assert "French" in finding.message


def test_rows_in_another_script_are_told():
    right = cases = 0
    for into, source in [("hi", "en"), ("zh-CN", "de"), ("ar", "hi"), ("ru", "el"), ("th", "zh-CN"), ("en", "ru")] * 3:
        rng = generator(cases, "script")
        count = int(rng.integers(10, 60))
        rows = rng.permutation(len(TEXTS[source]))[:count]
        texts = {into: TEXTS[into][count:] + [TEXTS[source][row] for row in rows]}
        right += told(texts) == {("LW508", into)}
        cases += 1
    assert right >= 0.95 * cases


def test_a_file_under_the_wrong_tag():
    assert told({"hi": TEXTS["en"]}) == {("LW508", "hi")}
    for one in LATIN:
        for other in LATIN:
            if one != other:
                found = told({one: TEXTS[other][:100], other: TEXTS[other][100:]})
                assert "LW510" in {code for code, _ in found}, (one, other)


def test_near_relatives_are_not_held_against_each_other():
    halves = {"hr": load(language="hr", split="test").text, "sr-Latn": load(language="sr-Latn", split="test").text}
    assert told(halves) == set()
