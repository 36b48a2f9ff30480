"""One pass over all languages gives what one by one gives; scores are about the rows that they say."""

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score

from loanword.config import EvaluationSettings
from loanword.data.read import read
from loanword.data.records import Table
from loanword.evaluation.evaluate import CONFUSIONS, EXAMPLES, Answers, Evaluator
from loanword.hardware import Hardware
from loanword.tasks.classification import Classification
from loanword.tasks.model import Model
from loanword.tasks.task import Prediction

CPU = Hardware(device="cpu", precision="fp32", threads=1)


@pytest.fixture
def evaluator(tiny_encoder, tables):
    """Make an evaluator whose random head calls about half of the test texts by either label."""

    def make(kind="bert", **options):
        import torch

        loaded = tiny_encoder(kind)
        task = Classification(labels=["food", "travel"])
        with torch.random.fork_rng():
            torch.manual_seed(0)
            head = task.head(loaded.encoder)
            torch.nn.init.normal_(head.linear.weight, std=3.0)
        model = Model(loaded.encoder, head)
        judge = Evaluator(model=model, task=task, tokenizer=loaded.tokenizer, hardware=CPU, resamples=100, **options)
        found = judge.answer(tables, judge.encode(tables))
        logits = np.concatenate([item.outputs for item in found.values()])
        with torch.no_grad():
            head.linear.bias[0] -= float(np.median(logits[:, 0] - logits[:, 1]))
        return judge

    return make


@pytest.fixture
def tables(toy_data):
    return {tag: read(path, language=tag) for tag, path in toy_data["test"].items()}


def test_answers_in_one_pass_are_those_of_one_text_at_a_time(evaluator, tables, tiny_kinds):
    judge = evaluator(tiny_kinds, micro_tokens=64)
    answers = judge.answer(tables, judge.encode(tables))
    assert list(answers) == ["en", "ru", "zh"]
    assert {item.label for found in answers.values() for item in found.predictions} == {"food", "travel"}
    for tag, found in answers.items():
        assert len(found.predictions) == len(tables[tag])
        for row in range(0, len(tables[tag]), 5):
            one = {tag: tables[tag].select([row])}
            alone = judge.answer(one, judge.encode(one))[tag]
            np.testing.assert_allclose(found.outputs[row], alone.outputs[0], atol=1e-4)
            assert found.predictions[row].label == alone.predictions[0].label


def test_progress_counts_every_row(evaluator, tables):
    judge, counted = evaluator(micro_tokens=64), []
    judge.answer(tables, judge.encode(tables), progress=counted.append)
    assert sum(counted) == sum(map(len, tables.values()))
    assert len(counted) > 3


def test_quick_and_full_scores_are_scikit_learns(evaluator, tables):
    judge = evaluator()
    encoded = judge.encode(tables)
    answers = judge.answer(tables, encoded)
    scores = judge.score(answers, sources=("en",))
    quick = judge.quick(tables, encoded)
    assert set(scores) == {"en", "ru", "zh"}
    for tag, found in answers.items():
        predicted = [prediction.label for prediction in found.predictions]
        assert quick[tag] == scores[tag].metrics["accuracy"].score
        assert quick[tag] == pytest.approx(accuracy_score(found.references, predicted))
        expected = f1_score(found.references, predicted, average="macro")
        assert scores[tag].metrics["macro-f1"].score == pytest.approx(expected)
        assert (scores[tag].n, scores[tag].groups) == (len(tables[tag]), len(set(tables[tag].group)))
        assert scores[tag].groups < scores[tag].n


def answers_of(pairs, *, tag="en", ids=(), groups=()):
    """Answers with made-up predictions: (right label, predicted label, confidence)."""
    table = Table(tag, [f"text {row}" for row in range(len(pairs))], [p[0] for p in pairs], list(ids), list(groups))
    said = [Prediction(p[1], p[2]) for p in pairs]
    return Answers(table, [], [np.zeros(2)] * len(pairs), said, [p[0] for p in pairs])


@pytest.fixture
def judge(tiny_encoder):
    def make(**options):
        task = Classification(labels=["a", "b", "c"])
        loaded = tiny_encoder("bert")
        return Evaluator(model=None, task=task, tokenizer=loaded.tokenizer, hardware=CPU, resamples=200, **options)

    return make


def test_confusions_are_the_most_frequent_mistakes(judge):
    rng = np.random.default_rng(0)
    pairs = [(rng.choice(list("abcdef")), rng.choice(list("abcd")), 0.5) for _ in range(150)]
    (score,) = judge().score({"en": answers_of(pairs)}, sources=("en",)).values()
    expected = Counter((right, wrong) for right, wrong, _ in pairs if right != wrong)
    counts = [item.count for item in score.confusions]
    assert counts == sorted(expected.values(), reverse=True)[:CONFUSIONS]
    assert all(expected[item.expected, item.predicted] == item.count for item in score.confusions)
    assert all(item.examples == () for item in score.confusions)


def test_examples_are_opt_in_and_the_right_ones(judge):
    pairs = [("a", "a", 0.9), ("a", "b", 0.9), ("b", "a", 0.9)] + [("a", "b", 0.9)] * 5
    (score,) = judge(examples=True).score({"en": answers_of(pairs)}, sources=()).values()
    assert score.confusions[0].examples == ("text 1", "text 3", "text 4")
    assert len(score.confusions[0].examples) == EXAMPLES
    assert score.confusions[1].examples == ("text 2",)


def test_collapse_gap_and_trivial_are_per_language(judge):
    right = ["a", "b", "c", "a"] * 30
    ids = [str(row) for row in range(120)]
    good = [(label, label if row % 10 else "c", 0.9) for row, label in enumerate(right)]
    constant = [(label, "a", 0.9) for label in right]
    scores = judge().score(
        {"en": answers_of(good, ids=ids), "de": answers_of(constant, tag="de", ids=ids)}, sources=("en",)
    )
    assert [scores[tag].collapsed for tag in ("en", "de")] == [False, True]
    assert scores["de"].trivial == pytest.approx(0.5)
    assert scores["de"].metrics["accuracy"].score == pytest.approx(0.5)
    assert scores["en"].gap.basis == "not comparable"
    assert (scores["de"].gap.basis, scores["de"].gap.n) == ("parallel", 120)
    gap = scores["en"].metrics["accuracy"].score - 0.5
    assert scores["de"].gap.interval.score == pytest.approx(gap)
    assert (scores["en"].is_source, scores["de"].is_source) == (True, False)


def test_without_a_tested_source_there_is_no_gap(judge):
    answers = {"de": answers_of([("a", "a", 0.5), ("b", "b", 0.5)] * 40, tag="de")}
    assert judge().score(answers, sources=("en",))["de"].gap.basis == "not comparable"


def test_calibration_is_about_confidence(judge):
    sure = answers_of([("a", "a", 1.0), ("b", "a", 1.0)] * 30)
    fair = answers_of([("a", "a", 0.5), ("b", "a", 0.5)] * 30)
    score = judge().score({"en": fair}, sources=("en",), raw={"en": sure})["en"]
    assert score.ece == pytest.approx(0.0, abs=1e-9)
    assert score.ece_raw == pytest.approx(0.5)
    assert score.reliability[0].n == 60
    assert judge().score({"en": sure}, sources=())["en"].ece_raw == pytest.approx(0.5)


def test_an_evaluator_is_made_of_a_run():
    from types import SimpleNamespace

    run = SimpleNamespace(model="m", task="t", tokenizer="k", hardware="h", seed=9)
    found = Evaluator.of(run, EvaluationSettings(resamples=123, micro_tokens=99, examples=True))
    assert (found.model, found.task, found.tokenizer, found.hardware) == ("m", "t", "k", "h")
    assert (found.resamples, found.micro_tokens, found.seed, found.examples) == (123, 99, 9, True)
