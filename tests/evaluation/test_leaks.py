"""Test rows that stand in the training or dev data, counted and named."""

import json
from copy import deepcopy
from types import SimpleNamespace

from report_cases import report

from loanword.data.records import Table
from loanword.evaluation.leaks import Leak, leaked, leaks


def rows(tag, *texts, label="a"):
    return Table(tag, list(texts), [label] * len(texts))


def test_rows_are_counted_by_language_whatever_their_label():
    data = SimpleNamespace(
        train={"en": rows("en", "one", "two"), "fr": rows("fr", "un")},
        dev={"en": rows("en", "three")},
        test={"de": rows("de", "one", "eins", "un", "three", "one", label="b"), "sw": rows("sw", "moja")},
    )
    assert leaked(data) == {"de": 4}


def test_a_note_is_a_sentence_that_knows_what_it_is_about():
    note = Leak.note("de: 3 rows", tag="de", n=3, rows=4)
    assert json.loads(json.dumps([note])) == ["de: 3 rows"] == [note]
    assert (deepcopy(note).tag, note.n, note.rows) == ("de", 3, 4)


def test_leaks_of_a_report_are_those_of_its_languages():
    one, other = (Leak.note(tag, tag=tag, n=1, rows=2) for tag in ("nl", "xx"))
    assert leaks(report(languages=2, notes=("nl", one, other))) == {"nl": one}
    assert leaks(report(languages=2)) == {}
