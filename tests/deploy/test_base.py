"""The base model: an encoder by name, or what an earlier run made of one."""

import json

import pytest
from tests.deploy.somewhere import PLACE, train_somewhere

from loanword.config import EncoderSettings
from loanword.deploy.base import bundle_folder, load_base
from loanword.errors import ModelError


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_folder, toy_data, toy_recipe):
    """A run whose encoder pools, prefixes and cuts as the registry would not."""
    root = tmp_path_factory.mktemp("earlier")
    train_somewhere(
        root,
        tiny_folder=tiny_folder,
        toy_data=toy_data,
        toy_recipe=toy_recipe,
        encoder={"pooling": "cls", "prefix": "query: ", "max_length": 16},
        training={"max_steps": 2},
    )
    return root / PLACE / "out"


def read_by(loaded):
    return loaded.encoder.pooling, loaded.tokenizer.prefix, loaded.tokenizer.max_length


@pytest.mark.parametrize("inside", ["", "model"])
def test_a_bundle_is_read_as_it_was_trained(folder, inside):
    base = load_base(str(folder / inside), EncoderSettings())
    assert read_by(base.loaded) == ("cls", "query: ", 16)
    assert base.lineage.trained_on == ("en",)
    assert base.loaded.encoder.name == str(folder / inside)


def test_the_recipe_has_the_last_word(folder):
    base = load_base(str(folder), EncoderSettings(pooling="max", prefix=""))
    assert read_by(base.loaded) == ("max", "", 16)


def test_any_other_model_has_no_past(tiny_folder):
    base = load_base(str(tiny_folder("bert")), EncoderSettings())
    assert read_by(base.loaded)[:2] == ("mean", "")
    assert base.lineage is None


def test_a_damaged_bundle_is_no_base(folder, tmp_path):
    import shutil

    copy = shutil.copytree(folder, tmp_path / "copy")
    config = json.loads((copy / "model" / "config.json").read_text())
    (copy / "model" / "config.json").write_text(json.dumps({**config, "hidden_dropout_prob": 0.3}))
    with pytest.raises(ModelError, match=r"is damaged: config\.json was changed"):
        load_base(str(copy), EncoderSettings())


def test_where_a_bundle_is(folder, tmp_path, monkeypatch):
    assert bundle_folder(folder) == bundle_folder(folder / "model") == folder / "model"
    monkeypatch.setenv("HOME", str(folder.parent))
    assert bundle_folder(f"~/{folder.name}") == folder / "model"
    for nothing in (tmp_path, tmp_path / "absent", "org/name", "bundled:e5-small"):
        assert bundle_folder(nothing) is None
