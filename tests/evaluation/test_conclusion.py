"""The report of a run says what the recipe, the training and the measurement say."""

from __future__ import annotations

import tomllib
from types import SimpleNamespace

from report_cases import report

from loanword.config import build
from loanword.data.records import Table
from loanword.data.shapes.labelled_text import LABELLED_TEXT
from loanword.evaluation.conclusion import report_of
from loanword.evaluation.measure import Measured
from loanword.hardware import Hardware
from loanword.training.trainer import Trained


def concluded(*, starts=True):
    """A recipe, its scores and the report made of them; the head `starts` from a probe, or cannot."""
    recipe = build({"data": {"train": {"en": "en.csv"}, "test": {"de": "de.csv"}}, "seed": 5, "model": "some/model"})
    scores = report(languages=2).languages
    table = Table("de", ["text"], ["a"], origin="de.csv")
    run = SimpleNamespace(
        task=SimpleNamespace(labels=("a", "b"), metrics=("accuracy",), columns=LABELLED_TEXT),
        tokenizer=SimpleNamespace(max_length=128),
        data=SimpleNamespace(train={}, dev={}, test={"de": table}),
        hardware=Hardware("cpu", "fp32", 1),
        settings=recipe.training,
        model=SimpleNamespace(head=SimpleNamespace(starts=starts)),
    )
    trained = Trained({}, None, steps=7, epochs=1.0, seconds=3.0, tokens_per_second=90.0, rows=4, learning_rate=0.1)
    measured = Measured(scores, "last", 1.5, 2.0)

    made = report_of(
        recipe,
        run,
        trained,
        measured,
        regime={"regime": "zero-shot", "regime_zh": "零样本"},
        sources=["en"],
        command="loanword transfer",
    )
    return recipe, scores, made


def test_every_part_says_its_own():
    recipe, scores, found = concluded()

    assert (found.task, found.model, found.seed, found.metric) == ("classification", "some/model", 5, "accuracy")
    assert (found.regime, found.regime_zh, found.sources) == ("zero-shot", "零样本", ("en",))
    assert (found.languages, found.labels, found.checkpoint) == (scores, ("a", "b"), "last")
    assert (found.seconds, found.tokens_per_second) == ({"train": 3.0, "evaluate": 2.0}, 90.0)
    assert (found.origins, found.temperature, found.command) == ({"de": "de.csv"}, 1.5, "loanword transfer")
    assert found.training["steps"] == 7
    assert found.machine["device"] == "cpu"
    assert found.versions["torch"]
    assert build(tomllib.loads(found.recipe)) == recipe
    assert found.notes[0].startswith("training ended early")


def test_a_head_that_no_probe_can_start_is_not_said_to_start_from_one():
    *_, found = concluded()
    assert found.training["start"] == "probe"
    *_, found = concluded(starts=False)
    assert "start" not in found.training
    assert found.training["steps"] == 7
