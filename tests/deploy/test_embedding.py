import numpy as np
import pytest
from tests.deploy.somewhere import PLACE, train_somewhere
from tests.encoders.sentences import ours, write

from loanword.deploy.embedding import embedder
from loanword.errors import ModelError

MACHINE = {"device": "cpu", "precision": "fp32", "threads": 1}


def test_an_encoder_as_it_came(tiny_folder, sentences, tmp_path):
    folder = write(tiny_folder("bert"), tmp_path / "st", pooling="cls", prompts={"query": "find: "})
    texts = list(sentences["ru"])
    for role, expected in ((None, ""), ("", ""), ("query", "query"), ("document", "")):
        np.testing.assert_allclose(
            embedder(folder, **MACHINE).embed(texts, language="ru", role=role), ours(folder, texts, role=expected)
        )


def test_a_bundle_is_asked_as_it_was_trained(tiny_folder, toy_data, toy_recipe, tmp_path, sentences):
    bundle = train_somewhere(
        tmp_path,
        tiny_folder=tiny_folder,
        toy_data=toy_data,
        toy_recipe=toy_recipe,
        encoder={"prefix": "in short: ", "pooling": "max"},
        training={"max_steps": 2},
    ).bundle
    texts = list(sentences["zh"])
    for place in (tmp_path / PLACE / "out", tmp_path / PLACE / "out" / "model"):
        np.testing.assert_allclose(embedder(place, **MACHINE).embed(texts), bundle.embed(texts), atol=1e-6)
    assert np.abs(embedder(tmp_path / PLACE / "tiny", **MACHINE).embed(texts) - bundle.embed(texts)).max() > 0.01


def test_a_model_that_is_none(tmp_path):
    with pytest.raises(ModelError, match=r"has no config\.json"):
        embedder(tmp_path)
