"""The base model: an encoder by name, or what an earlier run made of one."""

import json

import pytest
from huggingface_hub import constants
from tests.deploy.somewhere import PLACE, train_somewhere
from tests.encoders.fake_hub import serving
from tests.encoders.sentences import write

from loanword import hub
from loanword.config import EncoderSettings
from loanword.deploy.base import bundle_folder, hub_bundle, load_base
from loanword.deploy.bundle import Bundle
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


def test_prompts_stay_unless_the_recipe_has_a_prefix(tiny_folder, toy_data, toy_recipe, tmp_path):
    train_somewhere(
        tmp_path,
        tiny_folder=lambda kind: write(tiny_folder(kind), tmp_path / "st", prompts={"query": "find: "}),
        toy_data=toy_data,
        toy_recipe=toy_recipe,
        training={"max_steps": 2},
    )
    bundle = str(tmp_path / PLACE / "out")
    kept, dropped = (load_base(bundle, EncoderSettings(**given)).loaded for given in ({}, {"prefix": "a: "}))
    assert (kept.tokenizer.prefix, kept.tokenizer.prompts["query"]) == ("", "find: ")
    assert (dropped.tokenizer.prefix, dropped.tokenizer.prompts) == ("a: ", {})


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


@pytest.fixture
def online(folder, tiny_folder, tmp_path, monkeypatch):
    """A Hub with the bundle as acme/trained and the bare encoder as acme/bare, and an empty cache."""
    monkeypatch.setattr(hub, "_silent", {})
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with serving({"acme/trained": folder / "model", "acme/bare": tiny_folder("bert")}) as (address, asked):
        monkeypatch.setattr(constants, "ENDPOINT", address)
        pattern = address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", pattern)
        yield asked


def test_a_bundle_on_the_hub_keeps_its_past(online, monkeypatch):
    for _ in ("fetched", "from the cache"):
        base = load_base("acme/trained", EncoderSettings())
        assert read_by(base.loaded) == ("cls", "query: ", 16)
        assert base.lineage.trained_on == ("en",)
        assert base.loaded.encoder.name == "acme/trained"
        assert Bundle.load("acme/trained", device="cpu", threads=1).describe()["sources"] == ["en"]
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
        monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")


def test_what_is_no_bundle_on_the_hub(online, monkeypatch):
    assert hub_bundle("acme/bare") is hub_bundle("acme/absent") is hub_bundle("bundled:e5-small") is None
    assert load_base("acme/bare", EncoderSettings()).lineage is None
    with pytest.raises(ModelError, match=r"bundle 'acme/bare' is neither .* \(its repository has no loanword.json\)"):
        Bundle.load("acme/bare")
    with pytest.raises(ModelError, match=r"'acme/absent' is neither .* \(there is no such repository that you may"):
        Bundle.load("acme/absent")
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    assert hub_bundle("acme/bare") is None


def test_a_hub_that_breaks_off_is_one_sentence(online, folder, monkeypatch):
    from tests.encoders import fake_hub

    def broken(self, path):
        self._answer(500)

    monkeypatch.setattr(fake_hub.Handler, "_file", broken)
    with pytest.raises(ModelError, match="bundle 'acme/trained' cannot be fetched") as caught:
        load_base("acme/trained", EncoderSettings())
    assert "\n" not in str(caught.value)
