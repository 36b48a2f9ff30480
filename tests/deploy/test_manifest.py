"""Every changed, missing or added-to byte is found."""

import json
import random

import pytest

from loanword.deploy import manifest
from loanword.errors import ModelError

FILES = {
    "config.json": b'{"hidden_size": 32}\n',
    "model.safetensors": bytes(range(256)) * 20,
    "deep/er/words.txt": "ünïcode words\n".encode(),
    "empty": b"",
}


@pytest.fixture
def folder(tmp_path):
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    manifest.write(tmp_path)
    return tmp_path


def test_what_was_written_is_fine(folder):
    manifest.verify(folder)
    assert set(json.loads((folder / "manifest.json").read_text())) == set(FILES)
    manifest.write(folder)
    manifest.verify(folder)


def test_the_card_is_left_out(folder):
    (folder / "README.md").write_text("a card")
    manifest.write(folder)
    (folder / "README.md").write_text("a better card")
    manifest.verify(folder)


def test_every_mutation_is_found(folder):
    rng, found = random.Random(7), 0
    names = [*FILES, "manifest.json"]
    for number in range(150):
        path = folder / names[number % len(names)]
        before = path.read_bytes()
        content = bytearray(before)
        kind = rng.choice(["flip", "cut", "grow", "insert"]) if content else "grow"
        place = rng.randrange(len(content)) if content else 0
        if kind == "flip":
            content[place] ^= 1 << rng.randrange(8)
        elif kind == "cut":
            del content[place]
        elif kind == "grow":
            content += bytes([rng.randrange(256)])
        else:
            content.insert(place, rng.randrange(256))
        path.write_bytes(content)
        with pytest.raises(ModelError, match=r"damaged|no readable"):
            manifest.verify(folder)
        found += 1
        path.write_bytes(before)
    manifest.verify(folder)
    assert found == 150


@pytest.mark.parametrize("name", FILES)
def test_missing_files_are_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ModelError, match=rf"damaged: {name} is missing"):
        manifest.verify(folder)


def test_all_damage_is_named_at_once(folder):
    (folder / "empty").unlink()
    (folder / "config.json").write_text("{}")
    with pytest.raises(ModelError, match=r"config.json was changed; empty is missing. Save or download it again"):
        manifest.verify(folder)


@pytest.mark.parametrize("name", [".gitattributes", "picture.png", "NOTES.md"])
def test_added_files_that_nobody_loads_do_not_matter(folder, name):
    (folder / name).write_text("x")
    manifest.verify(folder)


@pytest.mark.parametrize("name", ["adapter.safetensors", "special_tokens_map.json", "vocab.txt", "spiece.model"])
def test_added_files_that_would_be_loaded_are_refused(folder, name):
    (folder / name).write_text("x")
    with pytest.raises(ModelError, match=rf"does not list {name}"):
        manifest.verify(folder)


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "[1]", '{"a": 3}', '{"config.json": null}'])
def test_a_manifest_that_is_none(folder, text):
    (folder / "manifest.json").write_text(text)
    if text == "[]":
        with pytest.raises(ModelError, match="was changed"):
            manifest.verify(folder)
        return
    with pytest.raises(ModelError, match=r"no readable|damaged"):
        manifest.verify(folder)


def test_no_manifest(tmp_path):
    with pytest.raises(ModelError, match=r"is damaged: there is no readable manifest.json: .*download it again"):
        manifest.verify(tmp_path)


def test_an_emptied_manifest_vouches_for_nothing(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    (tmp_path / "manifest.json").write_text("{}\n")
    with pytest.raises(ModelError, match="does not list"):
        manifest.verify(tmp_path)


def test_a_sentencepiece_model_must_be_listed(folder):
    (folder / "source.spm").write_bytes(b"pieces")
    with pytest.raises(ModelError, match=r"does not list source\.spm"):
        manifest.verify(folder)
