from __future__ import annotations

import builtins

import numpy as np
import pytest
from PIL import Image
from tests.encoders import duals
from tests.encoders.sentences import MACHINE

from loanword.encoders import towers
from loanword.encoders.load import load
from loanword.encoders.towers import ImageTower, TextTower, is_dual
from loanword.errors import DataError, MissingExtra, ModelError
from loanword.tasks.vectors import embed


@pytest.fixture(params=duals.KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def texts(sentences):
    return [line for lines in sentences.values() for line in (lines[0], " ".join(lines))] + ["a"]


def test_both_towers_make_what_transformers_makes(kind, tiny_dual, texts, tmp_path, monkeypatch):
    monkeypatch.setattr(towers, "BATCH", 3)
    images = duals.pictures(tmp_path, 7)
    expected = duals.vectors(tiny_dual(kind), texts, images)
    loaded = load(str(tiny_dual(kind)), training=False)
    assert isinstance(loaded.encoder, TextTower)
    found = embed(loaded.encoder, loaded.tokenizer, texts, languages=["und"] * len(texts), hardware=MACHINE)
    np.testing.assert_allclose(found, expected[0], atol=1e-6)
    tower = loaded.encoder.images()
    np.testing.assert_allclose(tower.embed(images), expected[1], atol=1e-6)
    opened = [Image.open(image) for image in images]
    np.testing.assert_allclose(tower.embed(opened), expected[1], atol=1e-6)
    assert np.abs(found[0] - found[1]).max() > 0.01 < np.abs(expected[1][0] - expected[1][1]).max()
    assert found.shape[1] == loaded.encoder.pooled_width == expected[1].shape[1]
    assert tower.embed([]).shape[0] == 0


def test_texts_are_cut_at_the_length_of_the_tower(tiny_dual, texts):
    loaded = load(str(tiny_dual("clip")), training=False)
    encoded = loaded.tokenizer.encode(texts, languages=["und"] * len(texts))
    assert max(map(len, encoded)) == loaded.tokenizer.max_length == loaded.encoder.length == duals.LENGTH
    assert [item.truncated for item in encoded] == [len(item) == duals.LENGTH for item in encoded]
    assert load(str(tiny_dual("clip")), training=False, max_length=9).tokenizer.max_length == 9


def test_every_file_that_is_no_image_is_named(tiny_dual, tmp_path):
    good = duals.pictures(tmp_path, 2)
    bad = [tmp_path / "notes.png", tmp_path / "gone.png"]
    bad[0].write_text("not a picture")
    tower = load(str(tiny_dual("clip")), training=False).encoder.images()
    with pytest.raises(DataError) as caught:
        tower.embed([good[0], bad[0], good[1], bad[1]])
    assert [(one.code, one.path) for one in caught.value.problems] == [("LW215", str(path)) for path in bad]
    assert "UnidentifiedImageError" in str(caught.value)


def without_pillow(monkeypatch):
    real = builtins.__import__

    def guarded(name, *rest):
        if name == "PIL":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", guarded)


def test_without_pillow(tiny_dual, tmp_path, monkeypatch):
    encoder = load(str(tiny_dual("clip")), training=False).encoder
    tower = encoder.images()
    (image,) = duals.pictures(tmp_path, 1)
    without_pillow(monkeypatch)
    for ask in (encoder.images, lambda: tower.embed([image])):
        with pytest.raises(
            MissingExtra, match=r"needs Pillow, which is not installed. Run: pip install 'loanword\[ima"
        ):
            ask()


def test_a_model_without_its_image_processor(tiny_dual, tmp_path, fresh_tokenizer):
    folder = duals.write("clip", tmp_path / "clip", fresh_tokenizer("wordpiece"))
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(ModelError, match="clip: its images cannot be prepared") as error:
        load(str(folder), training=False).encoder.images()
    assert "\n" not in str(error.value)


def test_what_is_a_dual_encoder():
    from transformers import BertModel, CLIPModel, CLIPVisionModel

    assert [is_dual(one) for one in (CLIPModel, BertModel, CLIPVisionModel, ImageTower)] == [True, False, False, False]
