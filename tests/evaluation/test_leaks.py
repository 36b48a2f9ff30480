"""Test rows that stand in the training or dev data, counted and named."""

from types import SimpleNamespace

from report_cases import leaky, report

from loanword.data.records import Table
from loanword.evaluation.leaks import leaked, leaks


def rows(tag, *texts, label="a"):
    return Table(tag, list(texts), [label] * len(texts))


def test_rows_are_counted_by_language_whatever_their_label():
    data = SimpleNamespace(
        train={"en": rows("en", "one", "two"), "fr": rows("fr", "un")},
        dev={"en": rows("en", "three")},
        test={"de": rows("de", "one", "eins", "un", "three", "one", label="b"), "sw": rows("sw", "moja")},
    )
    assert leaked(data) == {"de": 4}


def test_leaks_of_a_report_are_its_languages_with_such_rows():
    made = leaky(report(languages=3), nl=(1, 2))
    assert leaks(made) == {"nl": made.languages["nl"]}
    assert leaks(report(languages=2)) == {}
