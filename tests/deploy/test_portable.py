"""What is published names no folder, and quotes no text."""

import tomllib
from dataclasses import replace

import pytest

from loanword.config import build
from loanword.deploy.portable import base_name, is_hub_id, model_name, portable
from loanword.evaluation.scores import Confusion, Gap, Interval, Scores, TransferReport


@pytest.fixture
def report():
    score = Scores(
        language="de",
        n=10,
        groups=10,
        metrics={"accuracy": Interval(0.5, 0.4, 0.6), "macro-f1": Interval(0.4, 0.3, 0.5)},
        trivial=0.5,
        collapsed=True,
        is_source=False,
        gap=Gap("not comparable"),
        ece=0.1,
        ece_raw=0.2,
        reliability=(),
        confusions=(Confusion("a", "b", 3, examples=("a private text",)),),
        fertility=1.5,
        unknown=0.0,
        truncated=0.0,
    )
    recipe = build(
        {
            "model": "/home/ann/models/e5",
            "out": "/home/ann/runs/one",
            "seed": 4,
            "data": {
                "train": {"en": "/home/ann/en.csv"},
                "test": {"de": "C:\\Users\\ann\\de.csv", "fr": "hub:o/n@test"},
            },
        }
    )
    return TransferReport(
        task="classification",
        model="/home/ann/models/e5",
        regime="zero-shot",
        metric="accuracy",
        seed=4,
        sources=("en",),
        languages={"de": score},
        labels=("a", "b"),
        checkpoint="averaged",
        seconds={},
        tokens_per_second=1.0,
        peak_memory_bytes=1,
        versions={},
        machine={},
        loanword_version="0",
        recipe=recipe.to_toml(),
        origins={"de": "C:\\Users\\ann\\de.csv", "fr": "hub:o/n@test"},
        training={},
        command="loanword train /home/ann/r.toml",
    )


def test_folders_and_texts_are_gone_and_the_rest_stays(report):
    found = portable(report)
    assert "ann" in repr(report)
    assert "ann" not in repr(found)
    assert "private" not in repr(found)
    assert (found.model, found.command) == ("e5", "")
    assert found.origins == {"de": "de.csv", "fr": "hub:o/n@test"}
    recipe = tomllib.loads(found.recipe)
    assert recipe["data"] == {"train": {"en": "en.csv"}, "test": {"de": "de.csv", "fr": "hub:o/n@test"}}
    assert (recipe["seed"], "out" in recipe) == (4, False)
    assert found.languages["de"].confusions == (Confusion("a", "b", 3),)
    assert found.languages["de"].metrics == report.languages["de"].metrics


@pytest.mark.parametrize("recipe", ["", "not = = toml", 'seed = "x"'])
def test_a_recipe_that_cannot_be_read_is_left_out(report, recipe):
    assert portable(replace(report, recipe=recipe)).recipe == ""


def test_names_of_data():
    assert base_name("a/b/c.csv") == "c.csv"
    assert base_name("c.csv") == "c.csv"
    assert base_name("builtin:home-assistant") == "builtin:home-assistant"
    assert base_name("") == "unnamed"


def test_names_of_models(tmp_path, monkeypatch):
    assert model_name("FacebookAI/xlm-roberta-base") == "FacebookAI/xlm-roberta-base"
    assert model_name("bundled:e5-small") == "bundled:e5-small"
    assert model_name("./models/mine") == "mine"
    assert model_name("gpt2") == "gpt2"
    (tmp_path / "models" / "mine").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert model_name("models/mine") == "mine"


@pytest.mark.parametrize("name", ["/a", "a/", "../a", "./a", "~/a", "a/b/c", "a b/c", "a", "", "a//b"])
def test_what_is_no_hub_id(name):
    assert not is_hub_id(name)


@pytest.mark.parametrize(
    ("model", "name"), [("/runs/intents/model", "intents"), ("runs/x/model/", "x"), ("model", "model"), ("a/b/c", "c")]
)
def test_a_runs_bundle_has_the_runs_name(model, name):
    assert model_name(model) == name
