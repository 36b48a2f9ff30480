"""Held against seqeval for entities, and scikit-learn for tags."""

import functools
import operator

import numpy as np
import pytest
from seqeval.metrics import f1_score as seqeval_f1
from sklearn.metrics import accuracy_score, f1_score

from loanword.data.records import Span
from loanword.evaluation.metrics import METRICS
from loanword.tasks.task import Prediction


def tagged(tags):
    return tuple(Span(2 * place, 2 * place + 1, tag) for place, tag in enumerate(tags))


def sample(tags, *, seed, rows=40):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 9, rows)
    right = [list(rng.choice(tags, length)) for length in lengths]
    said = [[tag if rng.random() < 0.6 else rng.choice(tags) for tag in row] for row in right]
    return said, right


def scored(name, said, right):
    metric = METRICS.get(name)
    rows = metric.rows([Prediction(tagged(row)) for row in said], [tagged(row) for row in right])
    assert len(rows) == len(said)
    assert metric.of_sums(rows.sum(axis=0)) == pytest.approx(metric.reduce(rows))
    return metric.reduce(rows)


@pytest.mark.parametrize("seed", range(5))
def test_span_f1_is_seqevals(seed):
    said, right = sample(["O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"], seed=seed)
    assert scored("span-f1", said, right) == pytest.approx(seqeval_f1(right, said))


def test_no_entity_at_all_is_no_score():
    assert scored("span-f1", [["O"]], [["O"]]) == 0


@pytest.mark.parametrize("seed", range(3))
def test_tags_are_scikit_learns(seed):
    said, right = sample(["NOUN", "VERB", "ADJ", "X"], seed=seed)
    flat = [functools.reduce(operator.iadd, rows, []) for rows in (right, said)]
    assert scored("tag-accuracy", said, right) == pytest.approx(accuracy_score(*flat))
    assert scored("macro-tag-f1", said, right) == pytest.approx(f1_score(*flat, average="macro"))


def test_a_word_that_was_not_tagged_is_wrong():
    metric = METRICS.get("tag-accuracy")
    assert metric.reduce(metric.rows([Prediction(tagged(["A"]))], [tagged(["A", "A"])])) == 0.5
    assert metric.reduce(metric.rows([Prediction("A")], [tagged(["A"])])) == 0
