"""Decisions, thresholds and the trivial answer by brute force."""

from __future__ import annotations

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from loanword.data.records import Record
from loanword.errors import ModelError, UsageError
from loanword.tasks.aim import Answered
from loanword.tasks.multilabel import FEW, MultiLabel, best_cut, sigmoid
from loanword.tasks.task import Decision, Prediction
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

ROWS = [
    Record("warm soup", "en", ("food", "winter")),
    Record("cold soup", "en", ("food",)),
    Record("no soup", "en", ()),
    Record("whose soup", "en", None),
    Record("new soup", "en", ("food", "unheard of")),
]


def fitted(**options):
    task = MultiLabel(**options)
    task.fit(ROWS[:3])
    return task


def answers(logits, right):
    """Outputs and inputs whose targets are the places of ones in `right`."""
    targets = [np.flatnonzero(row).tolist() for row in right]
    encoded = [Encoded(ids=[0], language="en", row=row, target=target) for row, target in enumerate(targets)]
    return list(np.asarray(logits, dtype=np.float32)), encoded


def test_targets_are_the_labels_that_are_known(fresh_tokenizer):
    task = fitted()
    assert task.labels == ("food", "winter")
    encoded = task.encode(ROWS, Tokenizer(fresh_tokenizer("wordpiece"), max_length=16))
    assert [item.target for item in encoded] == [[0, 1], [0], [], None, [0]]
    assert task.targets(encoded[:3]).tolist() == [[1, 1], [1, 0], [0, 0]]
    assert task.targets(encoded[:3]).dtype == torch.float32
    with pytest.raises(TypeError):
        task.targets(encoded[3:4])


def test_what_reaches_its_threshold_is_said():
    task = fitted()
    task.thresholds = np.array([0.5, 0.2])
    logits = [[0.1, -1.0], [-0.1, -2.0], [900.0, -900.0]]
    found = task.decode(*answers(logits, np.zeros((3, 2))), [], None)
    assert [one.label for one in found] == [("food", "winter"), (), ("food",)]
    chances = 1 / (1 + np.exp(-np.array(logits[:2])))
    np.testing.assert_allclose([list(one.scores.values()) for one in found[:2]], chances)
    assert found[0].score == pytest.approx(chances[0, 0] * chances[0, 1])
    assert found[1].score == pytest.approx((1 - chances[1, 0]) * (1 - chances[1, 1]))
    assert found[2].score == 1.0
    assert task.decode([], [], [], None) == []


@pytest.mark.parametrize("seed", range(20))
def test_the_best_cut_is_that_of_all_cuts(seed):
    rng = np.random.default_rng(seed)
    logits = rng.integers(-4, 5, 30) / 2 if seed % 2 else rng.normal(size=30)
    right = rng.random(30) < 1 / (1 + np.exp(-2 * logits - 1))
    values = np.unique(logits)
    tried = [values[0] - 1, *(values[1:] + values[:-1]) / 2]
    best = max(f1_score(right, logits >= cut, zero_division=0) for cut in tried)
    cut = best_cut(logits, right.astype(float))
    assert f1_score(right, logits >= cut, zero_division=0) == pytest.approx(best)


def test_the_best_cut_stays_where_it_may():
    assert best_cut(np.array([3.0, 1.0, -2.0]), np.array([1, 1, 0])) == 0.0
    assert best_cut(np.array([3.0, 1.0, 0.5]), np.array([1, 1, 0])) == 0.75
    assert best_cut(np.array([3.0, 1.0]), np.array([1, 1])) == 0.0
    assert best_cut(np.array([3.0, 1.0]), np.array([0, 0])) == 0.0


@pytest.mark.parametrize("threshold", ["fixed", "shared", "per-label"])
def test_thresholds_are_chosen_on_the_rows_given(threshold):
    rng = np.random.default_rng(0)
    right = rng.random((200, 2)) < [0.5, 0.1]
    logits = rng.normal(size=(200, 2)) + 2 * right - [0.0, 3.0]
    task = fitted(threshold=threshold)
    outputs, encoded = answers(logits, right)
    encoded[0].target = None
    task.settle(outputs, encoded)
    logits, right = logits[1:].astype(np.float32), right[1:].astype(float)
    count, shared = right.sum(), best_cut(logits.ravel(), right.ravel())
    shared *= count / (FEW + count)
    counts = right.sum(axis=0)
    own = [
        (FEW * shared + n * best_cut(column, ones)) / (FEW + n)
        for n, column, ones in zip(counts, logits.T, right.T, strict=True)
    ]
    expected = {"fixed": [0.0, 0.0], "shared": [shared, shared], "per-label": own}[threshold]
    np.testing.assert_allclose(task.thresholds, sigmoid(np.array(expected)))
    assert task.settles == (threshold != "fixed")
    assert threshold == "fixed" or np.abs(task.thresholds - 0.5).max() > 0.1


def test_scaled_outputs_lead_to_the_same_decisions():
    rng = np.random.default_rng(1)
    right = rng.random((80, 2)) < 0.3
    logits = rng.normal(size=(80, 2)) + 2 * right - 1
    said = []
    for scale in (1.0, 0.4):
        task = fitted(threshold="per-label")
        outputs, encoded = answers(scale * logits, right)
        task.settle(outputs, encoded)
        said.append([one.label for one in task.decode(outputs, encoded, [], None)])
    assert said[0] == said[1]
    assert task.thresholds.tolist() != [0.5, 0.5]


def test_without_labelled_rows_thresholds_stay():
    task = fitted()
    task.settle([], [])
    task.settle([np.zeros(2)], [Encoded(ids=[0], language="en", row=0)])
    assert task.thresholds.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("seed", range(5))
def test_no_constant_answer_is_better_than_the_trivial_one(seed):
    rng = np.random.default_rng(seed)
    names = list("abcd")
    shares = rng.random(4) ** 2
    rows = [Record("x", "en", tuple(n for n in names if rng.random() < shares[names.index(n)])) for _ in range(25)]
    right = np.array([[name in row.label for name in names] for row in rows])

    def score(said):
        return f1_score(right, np.tile([name in said for name in names], (25, 1)), average="micro", zero_division=0)

    found = MultiLabel().trivial(rows)
    every = [said for count in range(5) for said in itertools.combinations(names, count)]
    assert len(every) == 16
    assert score(found[0].label) == pytest.approx(max(map(score, every)))
    assert len(found) == 25
    assert MultiLabel().trivial([Record("x", "en", ())])[0].label == ()


def test_decisions_are_what_was_said_and_what_was_missed():
    said = Prediction(("food", "winter"), 0.4, {"food": 0.9, "winter": 0.6, "sun": 0.3})
    found = list(MultiLabel().decisions(said, Record("x", "en", ("food", "sun"))))
    assert found[:2] == [Decision("food", "food", 0.9), Decision("", "winter", 0.6)]
    assert (found[2].expected, found[2].predicted) == ("sun", "")
    assert np.isnan(found[2].confidence)
    assert len(found) == 3
    assert list(MultiLabel().decisions(Prediction(()), Record("x", "en", ()))) == []


def test_a_temperature_is_fitted_on_yes_and_no():
    task = fitted()
    outputs, encoded = answers([[2.0, -1.0], [0.5, 0.0], [9.0, 9.0]], [[1, 0], [0, 1], [0, 0]])
    encoded[2].target = None
    logits, targets = task.classified(outputs, encoded)
    assert targets.tolist() == [1, 0, 0, 1]
    chances = np.exp(logits)[:, 1] / np.exp(logits).sum(axis=1)
    np.testing.assert_allclose(chances, sigmoid(np.array([2.0, -1.0, 0.5, 0.0])), rtol=1e-6)
    assert not len(task.classified(outputs[2:], encoded[2:])[1])


def test_the_breakdown_is_f1_by_label():
    right = [("a",), ("a", "b"), (), ("c",)]
    said = [("a", "b"), ("a",), ("b",), ()]
    found = MultiLabel().breakdown([Prediction(one) for one in said], [Record("x", "en", one) for one in right])
    matrix = [[[name in row for name in "abc"] for row in side] for side in (right, said)]
    expected = f1_score(*matrix, average=None, zero_division=0)
    assert found == pytest.approx(dict(zip("abc", expected, strict=True)))


def test_what_users_see():
    task, record = MultiLabel(), Record("soup", "en")
    scores = {"food": 0.9, "sun": 0.2, "winter": 0.6}
    found = task.shown(Prediction(("food", "winter"), 0.4, scores), record, top=3)
    assert found["labels"] == [{"label": "food", "score": 0.9}, {"label": "winter", "score": 0.6}]
    assert [one["label"] for one in found["best"]] == ["food", "winter", "sun"]
    assert task.brief(found) == "food 0.900  winter 0.600 (sun 0.200)"
    assert task.brief(task.shown(Prediction(("food", "winter"), 0.4, scores), record)) == "food 0.900  winter 0.600"
    nothing = task.shown(Prediction((), 0.4, {"food": 0.3, "sun": 0.2}), record)
    assert (nothing["labels"], nothing["best"]) == ([], [{"label": "food", "score": 0.3}])
    assert task.brief(nothing) == "- (food 0.300)"


def test_the_state_is_json_and_makes_the_task_again(tiny_encoder):
    task = fitted(threshold="per-label", head="mlp", dropout=0.2)
    task.thresholds = np.array([0.25, 0.7])
    state = json.loads(json.dumps(task.state()))
    again = MultiLabel.from_state(state)
    assert again.state() == task.state()
    assert again.thresholds.tolist() == [0.25, 0.7]
    head = again.head(tiny_encoder("bert").encoder)
    assert head.linear.out_features == 2
    assert not head.starts
    for thresholds in (None, [0.5], [0.5, "x"], 0.5):
        with pytest.raises(ModelError, match="one for each label"):
            MultiLabel.from_state({**state, "thresholds": thresholds})
    with pytest.raises(ModelError, match="different texts"):
        MultiLabel.from_state({**state, "labels": ["a", "a"]})


def test_unknown_options():
    with pytest.raises(UsageError, match="unknown threshold 'best'; known: fixed, shared, per-label"):
        MultiLabel(threshold="best")
    with pytest.raises(UsageError, match="unknown head 'deep'; known: linear, mlp, cosine"):
        MultiLabel(head="deep")


def test_a_label_is_explained_whether_it_is_said_or_not():
    task = MultiLabel(labels=("a", "b", "c"))
    logits = np.array([2.0, -1.0, -3.0])
    record = Record("text", "en")
    for outputs, chosen, label, predicted in (
        (logits, "", "a", "a"),
        (logits, "b", "b", "a"),
        (logits - 4, "", "a", ""),
        (logits + 2, "b", "b", "b"),
    ):
        (prediction,) = task.decode([outputs], [], [record], None)
        aim = task.aim(Answered(record, [], [outputs], prediction, None), label=chosen)
        assert (aim.label, aim.predicted, aim.unit) == (label, predicted, "log-odds")
        head = SimpleNamespace(head=lambda made=outputs: torch.from_numpy(made)[None], adjust=lambda made: made / 2)
        assert float(aim.score(head, [])) == outputs[task.labels.index(label)] / 2
    with pytest.raises(UsageError, match="has no label 'x'; it knows a, b, c"):
        task.aim(Answered(record, [], [outputs], prediction, None), label="x")
