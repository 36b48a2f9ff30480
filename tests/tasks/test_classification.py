from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from loanword.data.records import Record
from loanword.errors import ModelError, UsageError
from loanword.tasks.classification import Classification
from loanword.tokens.tokenizer import Tokenizer


def records(*labels, language="en"):
    return [Record(text=f"warm soup {n}", language=language, label=label) for n, label in enumerate(labels)]


@pytest.fixture
def tokenizer(fresh_tokenizer):
    return Tokenizer(fresh_tokenizer("wordpiece"), max_length=16)


def test_labels_are_sorted_by_name():
    task = Classification()
    task.fit(records("b", "a", "b", "ä", "B"))

    assert task.labels == ("B", "a", "b", "ä")


@pytest.mark.parametrize("labels", [None, "ab", [], [1, 2], ["a", None], ["a", "a"], {"a": 1}])
def test_labels_that_are_none(labels):
    with pytest.raises(ModelError, match="labels must be a list of different texts"):
        Classification.from_state({"labels": labels})


def test_encode_gives_indices_and_none_for_what_is_not_known(tokenizer):
    task = Classification()
    task.fit(records("a", "b"))

    encoded = task.encode(records("b", "a", "new", None, language="zh-Hant"), tokenizer)

    assert [item.target for item in encoded] == [1, 0, None, None]
    assert {item.language for item in encoded} == {"zh-Hant"}
    assert [item.row for item in encoded] == [0, 1, 2, 3]
    assert task.targets(encoded[:2]).tolist() == [1, 0]


def test_decode_is_the_softmax():
    task = Classification(labels=("a", "b", "c"))
    logits = np.asarray([[0.0, 1.0, 2.0], [900.0, -900.0, 0.0]], dtype=np.float32)

    first, second = task.decode(list(logits), [], [], None)

    expected = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()
    assert (first.label, second.label) == ("c", "a")
    assert list(first.scores) == ["a", "b", "c"]
    assert list(first.scores.values()) == pytest.approx(expected.tolist())
    assert first.score == pytest.approx(expected[2])
    assert second.score == 1.0
    assert sum(second.scores.values()) == pytest.approx(1.0)


def test_no_constant_answer_is_better_than_the_trivial_one():
    rows = records("a", "b", "b", "c", "b")

    found = Classification().trivial(rows)

    assert [prediction.label for prediction in found] == ["b"] * 5
    right = {label: sum(record.label == label for record in rows) / 5 for label in "abc"}
    assert found[0].score == max(right.values()) == 0.6


def test_balanced_weights_have_mean_one_over_the_rows_and_weigh_classes_alike(tiny_encoder):
    labels = ["a"] * 6 + ["b"] * 3 + ["c"]
    task = Classification(class_weights="balanced")
    task.fit(records(*labels))

    weights = dict(zip(task.labels, task.head(tiny_encoder("bert").encoder).weights.tolist(), strict=True))

    assert np.mean([weights[label] for label in labels]) == pytest.approx(1)
    assert {round(weights[label] * labels.count(label), 5) for label in "abc"} == {round(10 / 3, 5)}


def test_without_balancing_all_weights_are_one(tiny_encoder):
    task = Classification(dropout=0.3, smoothing=0.2)
    task.fit(records("a", "a", "b"))

    head = task.head(tiny_encoder("bert").encoder)

    assert torch.equal(head.weights, torch.ones(2))
    assert (head.dropout.p, head.smoothing) == (0.3, 0.2)


def test_unknown_class_weights():
    with pytest.raises(UsageError, match="unknown class weights 'inverse'; known: none, balanced"):
        Classification(class_weights="inverse")


def test_the_state_is_json_and_makes_the_task_again(tiny_encoder):
    task = Classification(dropout=0.2, smoothing=0.1, class_weights="balanced")
    task.fit(records("food", "trävel", "food"))

    again = Classification.from_state(json.loads(json.dumps(task.state())))

    assert again.labels == task.labels
    assert again.state() == task.state()
    assert again.head(tiny_encoder("bert").encoder).linear.out_features == 2
