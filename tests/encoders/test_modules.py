from __future__ import annotations

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.encoders.sentences import ours, stock, unit, write

from loanword.encoders.load import load
from loanword.encoders.modules import read_modules, save_modules
from loanword.encoders.pooling import ACTIVATIONS, POOLINGS
from loanword.encoders.save import save_model
from loanword.errors import ModelError

PROMPTS = {"query": "query: ", "passage": "passage: "}


def dense(inputs=32, outputs=32, *, activation="Tanh", bias=True):
    from sentence_transformers.base.modules import Dense

    return Dense(inputs, outputs, bias=bias, activation_function=getattr(torch.nn, activation)())


def normalize():
    from sentence_transformers.base.modules import Normalize

    return Normalize()


@pytest.fixture(scope="module")
def texts(sentences):
    """Six scripts, some texts too long for the limit, and one of a single word."""
    return [line for lines in sentences.values() for line in (lines[0], " ".join(lines))] + ["a"]


@pytest.fixture(scope="module")
def labse(tiny_folder, tmp_path_factory):
    """A folder of LaBSE's shape, in small; read only."""
    made = tmp_path_factory.mktemp("modules") / "labse"
    return write(tiny_folder("bert"), made, pooling="cls", after=(partial(dense, 32, 16), normalize))


@pytest.fixture
def copy(labse, tmp_path):
    """One of one's own, to be changed."""
    return Path(shutil.copytree(labse, tmp_path / "labse"))


def change(file, **values):
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


# --- from the library to here ----------------------------------------------------------------------------------


def test_what_the_library_saves_gives_its_vectors(tiny_kinds, tiny_folder, texts, tmp_path):
    folder = write(tiny_folder(tiny_kinds), tmp_path / "st", after=(partial(dense, 32, 16), normalize))
    theirs = stock(folder).encode(texts)
    found = ours(folder, texts)
    assert found.shape == (13, 16)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, theirs, atol=1e-6)
    assert (found @ found.T).min() < 0.99  # They do differ.
    assert max(map(len, load(str(folder)).tokenizer.encode(texts, languages=["ru"] * 13))) == 24


@pytest.mark.parametrize("pooling", POOLINGS)
def test_every_pooling(tiny_folder, texts, tmp_path, pooling):
    folder = write(tiny_folder("xlm-roberta"), tmp_path / "st", pooling=pooling)
    np.testing.assert_allclose(ours(folder, texts), unit(stock(folder).encode(texts)), atol=1e-6)
    assert load(str(folder)).encoder.pooling == pooling
    other = "max" if pooling == "cls" else "cls"
    assert load(str(folder), pooling=other).encoder.pooling == other
    assert np.abs(ours(folder, texts, pooling=other) - ours(folder, texts)).max() > 0.1


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_and_layers_in_a_row(tiny_folder, texts, tmp_path, activation):
    after = (
        partial(dense, 32, 24, activation=activation),
        normalize,
        partial(dense, 24, 8, activation="Identity", bias=False),
    )
    folder = write(tiny_folder("bert"), tmp_path / "st", after=after)
    np.testing.assert_allclose(ours(folder, texts), unit(stock(folder).encode(texts)), atol=1e-6)


def test_prompts(tiny_folder, texts, tmp_path):
    folder = write(tiny_folder("bert"), tmp_path / "st", prompts=PROMPTS, default_prompt_name="passage")
    library = stock(folder)
    np.testing.assert_allclose(ours(folder, texts), unit(library.encode(texts)), atol=1e-6)
    np.testing.assert_allclose(ours(folder, texts, role="query"), unit(library.encode_query(texts)), atol=1e-6)
    passages = unit(library.encode(texts, prompt_name="passage"))
    np.testing.assert_allclose(ours(folder, texts, role="document"), passages, atol=1e-6)
    bare = unit(library.encode(texts, prompt=""))
    for role in ("", "query", "document"):  # What the user says goes before everything.
        np.testing.assert_allclose(ours(folder, texts, role=role, prefix=""), bare, atol=1e-6)
    assert np.abs(bare - passages).max() > 0.01


def test_a_limit_of_the_users_own(tiny_folder, texts, tmp_path):
    folder = write(tiny_folder("bert"), tmp_path / "st")
    library = stock(folder)
    library.max_seq_length = 60
    np.testing.assert_allclose(ours(folder, texts, max_length=60), unit(library.encode(texts)), atol=1e-6)
    assert load(str(folder), max_length=1000).tokenizer.max_length == 64


def test_an_older_folder(labse, texts, tmp_path):
    """As versions 1 and 2 wrote it: the encoder in a folder of its own, a key for every pooling, a case to fold."""
    (tmp_path / "old" / "0_Transformer").mkdir(parents=True)
    for file in labse.iterdir():
        if file.is_file() and file.name not in ("modules.json", "config_sentence_transformers.json"):
            shutil.copy(file, tmp_path / "old" / "0_Transformer")
    folder = tmp_path / "old"
    shutil.copytree(labse / "2_Dense", folder / "2_Dense")
    change(folder / "2_Dense" / "config.json", module_input_name=None, module_output_name=None)
    settings = json.dumps({"max_seq_length": 20, "do_lower_case": True})
    (folder / "0_Transformer" / "sentence_bert_config.json").unlink()
    (folder / "0_Transformer" / "sentence_roberta_config.json").write_text(settings)
    (folder / "1_Pooling").mkdir()
    keys = {f"pooling_mode_{name}": name == "max_tokens" for name in ("cls_token", "mean_tokens", "max_tokens")}
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"word_embedding_dimension": 32, **keys}))
    kinds = ("Transformer", "Pooling", "Dense", "Normalize")
    modules = [
        {"idx": n, "name": str(n), "path": f"{n}_{kind}", "type": f"sentence_transformers.models.{kind}"}
        for n, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    file = folder / "2_Dense" / "config.json"
    file.write_text(json.dumps({k: v for k, v in json.loads(file.read_text()).items() if v is not None}))
    mixed = [text.title() for text in texts]

    np.testing.assert_allclose(ours(folder, mixed), stock(folder).encode(mixed), atol=1e-6)
    np.testing.assert_allclose(ours(folder, mixed), ours(folder, texts), atol=1e-6)
    assert load(str(folder)).tokenizer.max_length == 20


# --- from here to the library ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "pooling"),
    [*(("bert", how) for how in POOLINGS), *((kind, "mean") for kind in ("xlm-roberta", "deberta-v2", "modernbert"))],
)
def test_what_is_saved_here_the_library_loads(tiny_encoder, texts, tmp_path, kind, pooling):
    loaded = tiny_encoder(kind, pooling=pooling, max_length=20, prefix="in short: ")
    save_model(loaded.encoder.model, tmp_path)
    loaded.tokenizer.save(tmp_path)
    save_modules(loaded.encoder, loaded.tokenizer, tmp_path)

    library = stock(tmp_path)
    assert (library.max_seq_length, library.similarity_fn_name) == (20, "cosine")
    np.testing.assert_allclose(ours(tmp_path, texts), library.encode(texts), atol=1e-6)
    again = load(str(tmp_path))
    assert (again.encoder.pooling, again.tokenizer.prefix, again.tokenizer.max_length) == (pooling, "in short: ", 20)


@pytest.mark.parametrize("role", ["", "query", "document"])
def test_a_folder_there_and_back(tiny_folder, texts, tmp_path, role):
    after = (partial(dense, 32, 24, activation="GELU", bias=False), normalize, partial(dense, 24, 16), normalize)
    first = write(tiny_folder("bert"), tmp_path / "first", after=after, prompts={**PROMPTS, "topic": "about: "})
    loaded = load(str(first))
    again = tmp_path / "again"
    save_model(loaded.encoder.model, again)
    loaded.tokenizer.save(again)
    save_modules(loaded.encoder, loaded.tokenizer, again, role=role)

    one, two = stock(first), stock(again)
    for name in ("query", "passage", "topic"):
        np.testing.assert_allclose(two.encode(texts, prompt_name=name), one.encode(texts, prompt_name=name), atol=1e-6)
    prompt = {"": "", "query": "query: ", "document": "passage: "}[role]
    np.testing.assert_allclose(two.encode(texts), one.encode(texts, prompt=prompt), atol=1e-6)
    np.testing.assert_allclose(two.encode_document(texts), one.encode(texts, prompt_name="passage"), atol=1e-6)
    assert {path.stat().st_mode & 0o777 for path in again.rglob("*") if path.is_file()} == {
        (again / "modules.json").stat().st_mode & 0o777
    }


# --- what is not known -----------------------------------------------------------------------------------------


def test_an_encoder_alone_has_no_modules(tiny_folder):
    def find(file):
        place = tiny_folder("bert") / file
        return place if place.is_file() else None

    assert read_modules(find, name="tiny") is None


@pytest.mark.parametrize(
    ("number", "kind", "says"),
    [
        (2, "sentence_transformers.models.LSTM", "names the module sentence_transformers.models.LSTM; known: Tr"),
        (2, "sentence_transformers.models.CNN", "names the module sentence_transformers.models.CNN; known: Tr"),
        (2, "own_code.Dense", "names the module own_code.Dense; known: Transformer, Pooling, Dense, Normalize"),
        (0, "sentence_transformers.models.CLIPModel", "names the module sentence_transformers.models.CLIPModel"),
        (2, "sentence_transformers.models.Pooling", "lists Transformer, Pooling, Pooling, Normalize; expected"),
        (1, "sentence_transformers.models.Normalize", "lists Transformer, Normalize, Dense, Normalize; expected"),
    ],
)
def test_modules_that_are_not_known(copy, number, kind, says):
    modules = json.loads((copy / "modules.json").read_text())
    modules[number]["type"] = kind
    (copy / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match=f"labse: modules.json {says}") as error:
        load(str(copy))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("place", ["/etc", "../labse", "1_Pooling/../../x"])
def test_modules_lie_in_their_folder(copy, place):
    modules = json.loads((copy / "modules.json").read_text())
    modules[1]["path"] = place
    (copy / "modules.json").write_text(json.dumps(modules))
    with pytest.raises(ModelError, match=f"labse: modules.json leads out of its folder, to {place}"):
        load(str(copy))


@pytest.mark.parametrize(
    ("file", "values", "says"),
    [
        ("1_Pooling/config.json", {"pooling_mode": ["cls", "max"]}, "it pools by cls and max; expected one of mean"),
        ("1_Pooling/config.json", {"pooling_mode": "median"}, "it pools by median; expected one of mean"),
        ("1_Pooling/config.json", {"include_prompt": False}, "1_Pooling leaves the pieces of prompts out"),
        ("2_Dense/config.json", {"activation_function": "own.Swish"}, "activation function own.Swish; known: Tanh"),
        ("2_Dense/config.json", {"activation_function": "torch.nn.Softmax"}, "activation function torch.nn.Softmax"),
        ("2_Dense/config.json", {"module_input_name": "token_embeddings"}, "2_Dense does more than to map"),
        ("2_Dense/config.json", {"use_residual": True}, "2_Dense does more than to map"),
        ("2_Dense/config.json", {"out_features": 9}, "its modules cannot be read .RuntimeError"),
        ("2_Dense/config.json", {"in_features": "x"}, "its modules cannot be read .TypeError"),
        ("sentence_bert_config.json", {"transformer_task": "fill-mask"}, "sentence_bert_config.json asks for more"),
        (
            "sentence_bert_config.json",
            {"modality_config": {"text": {"method": "get_text_features"}}},
            "sentence_bert_config.json asks for more",
        ),
    ],
)
def test_settings_that_would_make_other_vectors(copy, file, values, says):
    change(copy / "config_sentence_transformers.json", prompts=PROMPTS)
    change(copy / file, **values)
    with pytest.raises(ModelError, match=f"labse: .*{says}") as error:
        load(str(copy))
    assert "\n" not in str(error.value)


def test_a_pooling_that_leaves_prompts_out_matters_only_where_there_are_some(copy):
    change(copy / "1_Pooling" / "config.json", include_prompt=False)
    change(copy / "config_sentence_transformers.json", prompts={"query": "", "document": None})
    assert load(str(copy)).tokenizer.prompts == {}


def test_weights_that_are_not_there_or_can_carry_code(copy):
    (copy / "2_Dense" / "model.safetensors").rename(copy / "2_Dense" / "pytorch_model.bin")
    with pytest.raises(ModelError, match=r"labse: 2_Dense holds no model\.safetensors; save the model again"):
        load(str(copy))


@pytest.mark.parametrize("content", ["", "{", "3", '["a"]', '[{"type": "sentence_transformers.models.Transformer"}]'])
def test_a_list_of_modules_that_is_none(copy, content):
    (copy / "modules.json").write_text(content)
    with pytest.raises(ModelError, match="labse: its modules cannot be read") as error:
        load(str(copy))
    assert "\n" not in str(error.value)


def test_a_layer_of_another_width(tiny_folder, tmp_path):
    folder = write(tiny_folder("bert"), tmp_path / "st", after=(partial(dense, 24, 16),))
    with pytest.raises(ModelError, match="a Dense takes vectors of 24 numbers, but gets 32"):
        load(str(folder))


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_an_encoder_that_is_not_where_the_modules_say(copy, name):
    (copy / name).unlink()
    with pytest.raises(ModelError, match=r"has no config\.json|holds no weights"):
        load(str(copy))
