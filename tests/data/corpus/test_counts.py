"""Figures as JSON has them."""

from collections import Counter

from loanword.data.corpus.counts import REASONS, Counts, Size, reasons


def test_sizes_are_those_of_the_text():
    size = Size()
    for text in ("ab", "茶壶", "\ud800"):
        size.add(text)
    assert size.to_dict() == {"documents": 3, "characters": 5, "bytes": 2 + 6 + 3}


def test_reasons_stand_in_their_order_and_only_those_that_were():
    counts = Counts(dropped=Counter({"duplicate": 2, "empty": 1, "script": 0}))
    counts.changed["nfc"] += 1
    counts.characters["nfc"] += 3
    counts.foreign.update({"en": 1, "fr": 4})
    told = counts.to_dict()
    assert list(told["dropped"].items()) == [("empty", 1), ("duplicate", 2)]
    assert told["changed"] == {"nfc": {"documents": 1, "characters": 3}}
    assert list(told["foreign"]) == ["fr", "en"]
    assert len(set(REASONS)) == len(REASONS)


def test_reasons_as_a_sentence_has_them_the_main_one_first():
    counts = Counts(dropped=Counter(short=1, language=1400), foreign=Counter(so=1390, en=10))
    assert reasons(counts.to_dict()) == "1,400 in another language (1,390 so, 10 en), 1 too short"
