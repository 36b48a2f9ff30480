"""Tokenizers without their models read as they do with them."""

from __future__ import annotations

import json
import shutil

import pytest
from tests.encoders import duals, sentences
from tests.tiny import KINDS

from loanword.encoders.load import load
from loanword.encoders.readers import USUAL, reader, tokenizer_of
from loanword.errors import ModelError, UsageError


def without_weights(folder, copy):
    return shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("model*.safetensors"))


def expect_same(found, loaded, texts):
    assert (found.max_length, found.prefix) == (loaded.tokenizer.max_length, loaded.tokenizer.prefix)
    stock = loaded.tokenizer.fast
    assert found.pieces(texts) == [stock.convert_tokens_to_ids(stock.tokenize(text)) for text in texts]


@pytest.mark.parametrize("kind", KINDS)
def test_as_the_encoder_reads(kind, tiny_folder, tmp_path):
    folder = without_weights(tiny_folder(kind), tmp_path / kind)
    texts = ["the kettle is still warm", "чайник"]
    expect_same(reader(str(folder)), load(str(tiny_folder(kind))), texts)
    assert reader(str(folder), max_length=20, prefix="a: ").max_length == 20
    assert reader(str(folder), max_length=10**4, prefix="a: ").prefix == "a: "
    assert reader(str(folder), max_length=10**4).max_length == reader(str(folder)).max_length


@pytest.mark.parametrize("kind", ["m2m100", "mbart", "t5", "encoder-decoder"])
def test_as_a_model_with_a_decoder_reads(kind, tiny_seq2seq, tmp_path):
    folder = without_weights(tiny_seq2seq(kind), tmp_path / kind)
    expect_same(reader(str(folder)), load(str(tiny_seq2seq(kind))), ["the kettle is still warm"])


@pytest.mark.parametrize("kind", duals.KINDS)
def test_as_a_model_of_images_reads(kind, tiny_dual, tmp_path):
    folder = without_weights(tiny_dual(kind), tmp_path / kind)
    expect_same(reader(str(folder)), load(str(tiny_dual(kind)), training=False), ["the kettle is still warm"])


def test_as_a_folder_of_sentence_transformers_says(tiny_folder, tmp_path):
    prompts = {"prompts": {"query": "find: "}, "default_prompt_name": "query"}
    folder = sentences.write(tiny_folder("bert"), tmp_path / "st", limit=20, **prompts)
    settings = folder / "sentence_bert_config.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), "do_lower_case": True}))
    found = reader(str(folder))
    expect_same(found, load(str(folder)), ["The KETTLE"])
    assert (found.max_length, found.prefix) == (20, "find: ")
    assert found.pieces(["The KETTLE"]) == found.pieces(["the kettle"])


def test_a_folder_that_holds_a_tokenizer_alone(fresh_tokenizer, tmp_path):
    stock = fresh_tokenizer("unigram")
    stock.save_pretrained(tmp_path / "endless")
    assert reader(str(tmp_path / "endless")).max_length == USUAL
    stock.model_max_length = 48
    stock.save_pretrained(tmp_path / "short")
    found = reader(str(tmp_path / "short"))
    assert (found.max_length, found.room, found.prefix) == (48, 46, "")
    assert reader(str(tmp_path / "short"), max_length=30).max_length == 30
    assert found.pieces(["чайник"]) == [stock.convert_tokens_to_ids(stock.tokenize("чайник"))]


def test_what_is_no_tokenizer_is_one_sentence(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"empty holds neither config.json nor tokenizer.json; expected the folder of"):
        reader(str(tmp_path / "empty"))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "tokenizer.json").write_text("{}")
    with pytest.raises(ModelError, match=r"broken cannot be loaded: ") as told:
        reader(str(tmp_path / "broken"))
    assert "\n" not in str(told.value)
    with pytest.raises(UsageError, match=r"model folder '\./nowhere' does not exist"):
        reader("./nowhere")


def test_a_model_without_its_tokenizer(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder("bert"), tmp_path / "bare", ignore=shutil.ignore_patterns("token*"))
    with pytest.raises(ModelError, match="bare holds no tokenizer"):
        reader(str(folder))


def test_a_tokenizer_as_encoders_read_through_it(tiny_encoder, tiny_folder, sentences):
    texts = list(sentences["ru"])
    found = tokenizer_of(str(tiny_folder("xlm-roberta")), max_length=32)
    expected = tiny_encoder("xlm-roberta", max_length=32, prefix="").tokenizer.encode(texts, languages=["ru"] * 10)
    assert found.encode(texts, languages=["ru"] * 10) == expected
