from __future__ import annotations

import pytest

from loanword import config
from loanword.errors import ConfigError
from loanword.pretrain_config import PretrainRecipe

RECIPE = """
model = "fresh"
out = "run"

[fresh]
tokenizer = "pieces"
size = "6x384"

[corpus.text]
en = "en.txt"
sw = "hub:org/swahili"

[corpus.parallel]
"en:sw" = "en-sw.tsv"

[objectives.mlm]
weight = 2
options = { unit = "word" }

[objectives.ranking]
batch_size = 2048

[training]
minutes = 30
"""


def read(tmp_path, text=RECIPE, **changes):
    (tmp_path / "recipe.toml").write_text(text, encoding="utf-8")
    return config.read_as(PretrainRecipe, tmp_path / "recipe.toml", **changes)


def test_a_recipe_is_read_and_its_paths_are_beside_it(tmp_path):
    recipe = read(tmp_path)
    assert recipe.corpus.text == {"en": str(tmp_path / "en.txt"), "sw": "hub:org/swahili"}
    assert recipe.corpus.parallel == {"en:sw": str(tmp_path / "en-sw.tsv")}
    assert recipe.out == str(tmp_path / "run")
    assert recipe.fresh.tokenizer == "pieces"  # No folder there: a name on the Hub.
    assert recipe.objectives["mlm"].options == {"unit": "word"}
    assert recipe.objectives["ranking"].batch_size == 2048
    assert recipe.training.minutes == 30
    assert recipe.training.embeddings == "full"


def test_overrides_come_last(tmp_path):
    recipe = read(tmp_path, overrides=["training.minutes=5", "sampling.alpha=[1.0, 0.3]"])
    assert recipe.training.minutes == 5
    assert recipe.sampling.alpha == (1.0, 0.3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus": {}}, "corpus.text is empty"),
        ({"corpus": {"text": {"en": "a", "nonsense": "b"}}}, "nonsense"),
        ({"corpus": {"parallel": {"en": "a"}}}, "'en' is one language; parallel text needs two"),
        ({"corpus": {"parallel": {"en": "a"}}}, "parallel text needs two, as de:en"),
        ({"corpus": {"parallel": {"en:en": "a"}}}, "'en:en' is one language twice"),
        ({"corpus": {"text": {"en:de": "a"}}}, "'de:en' is two languages|'en:de' is two languages"),
        ({"sampling": {"alpha": [-1, 0.5]}}, "sampling.alpha"),
        ({"model": "fresh", "fresh": {"tokenizer": "p"}, "objectives": {"alignment": {}}}, "take ranking in its place"),
        ({"model": "fresh"}, "fresh.tokenizer is empty"),
        ({"table": "latent"}, "table = 'latent' is made of translations, and corpus.parallel is empty"),
        ({"corpus": {"text": {"en": "a", "eng": "b"}}}, "eng is en, which is there already"),
        (
            {"fresh": {"size": "tiny"}},
            "fresh.size is for a fresh encoder, and model is 'bundled:e5-small', which brings",
        ),
        ({"model": "m", "fresh": {"tokenizer": "p"}}, "fresh.tokenizer is for a fresh encoder, and model is 'm'"),
        ({"training": {"steps": 5, "minutes": 5}}, "steps and minutes are both given"),
        ({"training": {"epochs": 5}}, "epochs: of training on labels"),
        ({"objectives": {"mlm": {"weight": 0}}}, "objectives.mlm.weight"),
        ({"corpus": {"text": {"en": "a"}, "normalise": ["nfx"]}}, "nfx"),
        ({"corpus": {"text": {"en": "a"}, "normalise": "nfc"}}, "'nfc' is no list; expected steps in their order"),
    ],
)
def test_what_cannot_be_is_told(change, message):
    values = {"out": "run", "corpus": {"text": {"en": "en.txt"}}, **change}
    with pytest.raises(ConfigError, match=message):
        config.part(PretrainRecipe, values, where="recipe")


def test_what_is_not_said_goes_on_from_the_bundled_model():
    recipe = config.part(PretrainRecipe, {"out": "run", "corpus": {"text": {"en": "en.txt"}}}, where="recipe")
    assert recipe.model == "bundled:e5-small"
    assert {*recipe.objectives} == {"mlm"}
    assert recipe.encoder.prefix == ""


@pytest.mark.parametrize("objectives", [{"tlm": {}}, {"tlm": {}, "ranking": {}}, {"mlm": {"weight": 2}, "tlm": {}}])
def test_what_is_written_is_read_again_objectives_of_which_nothing_is_said_included(tmp_path, objectives):
    values = {"out": "run", "corpus": {"parallel": {"en:ru": "pairs.tsv"}}, "objectives": objectives}
    recipe = config.part(PretrainRecipe, values, where="recipe")
    assert {*read(tmp_path, recipe.to_toml()).objectives} == {*objectives}
