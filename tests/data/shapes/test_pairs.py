import json

import pytest

from loanword.data.read import read
from loanword.data.shapes.pairs import LABELLED_PAIR, SCORED_PAIR
from loanword.errors import DataError


@pytest.fixture
def put(tmp_path):
    def write(*rows):
        path = tmp_path / "pairs.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return path

    return write


def problems(path, shape):
    with pytest.raises(DataError) as caught:
        read(path, language="en", shape=shape)
    return [(problem.code, problem.line, problem.column) for problem in caught.value.problems]


@pytest.mark.parametrize(("one", "two"), [("text", "pair"), ("premise", "hypothesis"), ("sentence1", "sentence2")])
def test_names_that_data_sets_have_are_known(put, one, two):
    table = read(put({one: "A man.", two: "A person.", "label": "entailment"}), language="en:de", shape=LABELLED_PAIR)
    (record,) = table
    assert (record.text, record.pair, record.label) == ("A man.", "A person.", "entailment")
    assert record.languages == ("en", "de")


def test_both_texts_and_a_label_are_needed(put):
    path = put({"text": "a", "pair": " ", "label": "x"}, {"text": "a", "pair": "b"})
    assert problems(path, LABELLED_PAIR) == [("LW210", 1, "pair"), ("LW301", 2, "label")]


def test_scores_are_numbers_however_they_are_written(put):
    rows = [{"text": "a", "pair": "b", "score": value} for value in (3, 2.5, "4.25", " 1 ")]
    assert list(read(put(*rows), language="en", shape=SCORED_PAIR).label) == [3.0, 2.5, 4.25, 1.0]


def test_scores_that_are_none(put):
    rows = [{"text": "a", "pair": "b", "score": value} for value in ("high", True, "nan", 3.0, None)]
    assert problems(put(*rows), SCORED_PAIR) == [
        ("LW306", 1, "score"),
        ("LW306", 2, "score"),
        ("LW306", 3, "score"),
        ("LW301", 5, "score"),
    ]
