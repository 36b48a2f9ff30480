import numpy as np
import pytest

from loanword.data.records import Record
from loanword.data.shapes.labelled_text import LABELLED_TEXT
from loanword.data.shapes.pairs import LABELLED_PAIR
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.deploy.texts import expect_directions, expect_seconds, expect_texts, records_of
from loanword.errors import UsageError


def test_texts_become_records():
    assert records_of(["a", "b"], language="deu") == [
        Record("a", "de", pair_language="de"),
        Record("b", "de", pair_language="de"),
    ]
    assert records_of(["a"], pairs=["b"], language=["en:ru"]) == [Record("a", "en", pair="b", pair_language="ru")]
    assert records_of([]) == []


def test_what_does_not_belong_together_is_refused():
    with pytest.raises(UsageError, match="there are 2 texts and 1 languages"):
        records_of(["a", "b"], language=["en"])
    with pytest.raises(UsageError, match="there are 1 texts and 2 second texts"):
        records_of(["a"], pairs=["b", "c"])
    with pytest.raises(UsageError, match="'xx' is not a language tag"):
        records_of(["a"], language="xx")


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        ("a", "texts is one string"),
        ([1], r"texts\[0\] is of the type int"),
        (np.array([["a"]]), "ndarray of 2 dimensions"),
    ],
)
def test_only_texts_are_texts(texts, says):
    with pytest.raises(TypeError, match=says):
        expect_texts(texts)


def test_a_second_text_is_there_where_it_is_needed_and_nowhere_else():
    one, two = records_of(["a"]), records_of(["a"], pairs=["b"])
    for records, shape in ((one, LABELLED_TEXT), (two, LABELLED_PAIR), (one, PARALLEL_TEXT), (two, PARALLEL_TEXT)):
        expect_seconds(records, shape, task="it")
    with pytest.raises(UsageError, match="it is about single texts; text number 2 has a second one"):
        expect_seconds([*one, *two], LABELLED_TEXT, task="it")
    with pytest.raises(UsageError, match="it is about two texts; text number 2 has no second one"):
        expect_seconds([*two, *one], LABELLED_PAIR, task="it")


def test_what_learned_pairs_of_languages_is_told_both():
    pairs = ("en:de", "en:fr")
    both = records_of(["a", "b"], language=["en:fr", "sw:de"])
    expect_directions(both, pairs)
    for tag in ("und", "de"):
        told = f"text number 3 is in '{tag}' and in no other language .* --language en:de: .* trained on en:de, en:fr$"
        with pytest.raises(UsageError, match=told):
            expect_directions([*both, *records_of(["c"], language=tag)], pairs)
        for trained_on in ((), ("en",), ("en:de", "de")):
            expect_directions(records_of(["c"], language=tag), trained_on)
