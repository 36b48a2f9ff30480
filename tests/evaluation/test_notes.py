"""Sentences beside the scores: each when it is due, none when it is not."""

from dataclasses import replace
from types import SimpleNamespace

from report_cases import report

from loanword.data.records import Table
from loanword.data.shapes.labelled_text import LABELLED_TEXT
from loanword.evaluation import notes as module
from loanword.evaluation.measure import Measured
from loanword.evaluation.notes import run_notes
from loanword.evaluation.scores import Interval

SCORES = {tag: replace(score, truncated=0.0, unknown=0.0) for tag, score in report(languages=2).languages.items()}


def plan(*, test_labels=("a", "b"), dev=True, train=None):
    table = Table("en", ["secret text"] * len(test_labels), list(test_labels))
    held_out = dev if isinstance(dev, dict) else {"en": Table("en", ["other text"], ["a"])} if dev else {}
    return SimpleNamespace(
        task=SimpleNamespace(labels=("a", "b"), columns=LABELLED_TEXT),
        tokenizer=SimpleNamespace(max_length=128),
        data=SimpleNamespace(train=train or {}, test={"en": table}, dev=held_out),
    )


def notes(run, scores, *, shipped="averaged", wanted="averaged", trained=None, language="en"):
    return run_notes(run, Measured(scores, shipped, 1.0, 0.0), wanted=wanted, trained=trained, language=language)


def test_steps_that_changed_nothing():
    trained = SimpleNamespace(skipped=3, steps=20)
    assert notes(plan(), SCORES, trained=trained) == (
        "3 steps of 20 changed no weight: the loss or its gradient was no finite number.",
    )
    assert notes(plan(), SCORES, trained=SimpleNamespace(skipped=0, steps=20)) == ()


def test_nothing_to_say():
    assert notes(plan(), SCORES) == ()


def test_without_training_data_the_rest_is_said():
    run = plan(test_labels=("x", "a"), dev=False, train={"en": Table("en", ["secret text"], ["a"])})
    scores = {"en": replace(SCORES["en"], truncated=0.25, unknown=0.5)}
    found = module.notes(run.data.test, scores, task=run.task, tokenizer=run.tokenizer)
    assert [line.split(": ")[1].split()[0] for line in found] == ["1", "25%", "50%"]
    assert set(found[1:]) < set(notes(run, scores))
    assert found[0] == "en: 1 test row has a label that the model does not have (x)"
    (chinese, *_) = module.notes(run.data.test, scores, task=run.task, tokenizer=run.tokenizer, language="zh")
    assert chinese == "en：1 条测试数据的标签是模型没有的（x）"


def test_another_checkpoint_than_the_recipe_wanted():
    (found,) = notes(plan(), SCORES, shipped="last")
    assert found.startswith("training ended early")
    assert "(averaged)" in found
    assert "the last step ship instead" in found
    (chinese,) = notes(plan(), SCORES, shipped="last", wanted="source-dev-best", language="zh")
    assert chinese.startswith("训练提前结束")
    assert "（源语言开发集最优）" in chinese


def test_labels_that_training_never_saw():
    (found,) = notes(plan(test_labels=("a", "x", "y", "x", "b")), SCORES)
    assert found == "en: 3 test rows have labels that training never saw (x, y)"


def test_many_new_labels_are_cut_short():
    (found,) = notes(plan(test_labels=tuple("cdefghij")), SCORES)
    assert found.startswith("en: 8 test rows")
    assert found.endswith("(c, d, e, f, g)")


def test_texts_that_were_cut_and_pieces_that_are_unknown():
    found = notes(plan(), {"en": replace(SCORES["en"], truncated=0.25, unknown=0.5), "nl": SCORES["nl"]})
    assert found == (
        "en: 25% of the texts were cut at 128 pieces",
        "en: 50% of the pieces are unknown to the model's vocabulary",
    )


def test_a_little_is_not_worth_a_note():
    assert notes(plan(), {"en": replace(SCORES["en"], truncated=0.02, unknown=0.05)}) == ()


def test_what_training_took():
    scores = {tag: replace(score, metrics={"accuracy": interval(0.5)}) for tag, score in SCORES.items()}
    scores["en"] = replace(scores["en"], candidates={"untrained": interval(0.54), "last": interval(0.9)})
    scores["nl"] = replace(scores["nl"], candidates={"untrained": interval(0.509)})
    run = plan()
    run.task.metrics = ("accuracy",)
    assert notes(run, scores) == ("en: training took 4.0 points (54.0% before, 50.0% after)",)


def interval(score):
    return Interval(score, score, score)


def test_no_dev():
    (found,) = notes(plan(dev=False), SCORES)
    assert "not calibrated" in found


def test_no_text_of_the_user_is_quoted():
    found = notes(plan(test_labels=("x",), dev=False), SCORES)
    assert len(found) == 2
    assert not any("secret text" in line for line in found)


def test_chinese():
    (found,) = notes(plan(test_labels=("x",)), SCORES, language="zh")
    assert found == "en：1 条测试数据的标签在训练中从未出现（x）"
    (found,) = notes(plan(test_labels=("x", "y")), SCORES, language="zh")
    assert found.endswith("（x、y）")


def test_what_is_left_out_of_a_test_file_is_said():
    run = plan()
    run.data.test["en"] = replace(run.data.test["en"], left_out={"fuzzy": 2, "untranslated": 1})
    (found,) = notes(run, SCORES)
    assert found == "en: 3 entries of the test file are left out (loanword data check says why)"
    (chinese,) = notes(run, SCORES, language="zh")
    assert "3 条未计入" in chinese


def test_labels_of_a_set_are_known_one_by_one():
    run = plan(test_labels=(("a", "x"), ("b",), (), None, ("y", "x")))
    (found,) = notes(run, SCORES)
    assert found == "en: 2 test rows have labels that training never saw (x, y)"
    assert notes(plan(test_labels=(("a", "b"), ())), SCORES) == ()
