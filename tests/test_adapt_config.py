from __future__ import annotations

import pytest

from loanword import config
from loanword.adapt_config import TRAINING, AdaptRecipe
from loanword.errors import ConfigError


def made(**values):
    said = {"language": "sat", "out": "run", "corpus": {"text": {"sat": "sat.txt"}}, **values}
    return config.part(AdaptRecipe, said, where="test")


def test_what_is_learned_depends_on_what_there_is():
    assert [*made().learned] == ["mlm"]
    both = made(corpus={"text": {"sat": "sat.txt"}, "parallel": {"en:sat": "pairs.tsv"}})
    assert {name: said.weight for name, said in both.learned.items()} == {"alignment": 2.0, "mlm": 1.0}
    assert [*made(objectives={"tlm": {}}).learned] == ["tlm"]


@pytest.mark.parametrize("training", [None, {"steps": 7}, {"batch_size": 5}])
def test_settings_for_little_text_stay_beside_those_that_are_said(training):
    found = made(**({"training": training} if training else {})).training
    for name, value in {**TRAINING, **(training or {})}.items():
        assert getattr(found, name) == value


def test_what_a_recipe_lacks_is_said():
    with pytest.raises(ConfigError, match=r"corpus\.text has no text of sv"):
        made(language="sv")
    with pytest.raises(ConfigError, match="test says what a bundle is measured on, but there is none"):
        made(test={"sat": "sat.jsonl"})
    for pair in ("sat:en", "en:de"):
        with pytest.raises(ConfigError, match=f"into sat, and '{pair}' does not; name them en:sat"):
            made(corpus={"text": {"sat": "sat.txt"}, "parallel": {pair: "pairs.tsv"}})
    with pytest.raises(ConfigError, match="language"):
        made(language="no language")


def test_files_are_taken_from_where_the_recipe_stands(tmp_path):
    file = tmp_path / "adapt.toml"
    file.write_text(
        'language = "sat"\nout = "run"\ntask = "bundle"\n[test]\nsat = "t.jsonl"\n[corpus.text]\nsat = "s.txt"\n'
    )
    (tmp_path / "bundle").mkdir()
    found = config.read_as(AdaptRecipe, file)
    assert found.test["sat"] == str(tmp_path / "t.jsonl")
    assert found.corpus.text["sat"] == str(tmp_path / "s.txt")
    assert found.out == str(tmp_path / "run")
