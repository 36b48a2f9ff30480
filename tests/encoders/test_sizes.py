from __future__ import annotations

from typing import get_args

import pytest
import torch

from loanword.batches.batch import collate
from loanword.encoders.masked import masked_head
from loanword.encoders.sizes import SIZES, Architecture, fresh, shape
from loanword.errors import ModelError, UsageError
from loanword.tokens.tokenizer import Tokenizer


@pytest.fixture
def tokenizer(fresh_tokenizer):
    return Tokenizer(fresh_tokenizer("unigram"), max_length=64)


@pytest.mark.parametrize("architecture", get_args(Architecture))
def test_every_architecture_takes_the_longest_text_and_has_a_head(architecture, tokenizer, sentences):
    loaded = fresh(tokenizer, size="2x64", architecture=architecture, languages=("en", "ru"))
    texts = [" ".join(sentences["en"]) * 3, sentences["ru"][0]]
    encoded = tokenizer.encode(texts, languages=["en", "ru"])
    assert len(encoded[0]) == 64
    batch = collate(encoded, pad_id=tokenizer.pad_id)
    with torch.no_grad():
        output = loaded.encoder.eval()(batch)
    assert output.hidden.shape == (2, 64, 64)
    assert loaded.encoder.depth == 2
    assert loaded.encoder.untrained
    assert masked_head(loaded.encoder)(output).shape == (2, 64, len(tokenizer))


def test_the_seed_makes_the_weights(tokenizer):
    one, same, other = (
        fresh(tokenizer, size="1x32", seed=seed).encoder.model.get_input_embeddings().weight for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_the_shape_of_a_model_that_exists(tokenizer, tiny_folder):
    loaded = fresh(tokenizer, config=str(tiny_folder("xlm-roberta")))
    assert (loaded.encoder.width, loaded.encoder.depth) == (32, 2)
    assert loaded.encoder.config.vocab_size == len(tokenizer)


def test_sizes_are_read():
    assert shape("base") == SIZES["base"] == (12, 768)
    assert shape("6x384") == (6, 384)
    for bad in ("huge", "12", "12x", "0x64", "4x100"):
        with pytest.raises(UsageError, match="size"):
            shape(bad)


def test_what_is_not_known_is_said(tokenizer, tmp_path):
    with pytest.raises(UsageError, match="unknown architecture 'gpt'; known: bert"):
        fresh(tokenizer, architecture="gpt")
    with pytest.raises(ModelError, match="no encoder can be made of"):
        fresh(tokenizer, config=str(tmp_path))
    with pytest.raises(UsageError, match="none' does not exist"):
        fresh(tokenizer, config=str(tmp_path / "none"))


@pytest.mark.parametrize(("kind", "pieces"), [("bert", "unigram"), ("xlm-roberta", "wordpiece")])
def test_the_shape_of_a_model_fits_the_pieces(kind, pieces, fresh_tokenizer, tmp_path):
    """Padding is where the tokenizer has it, and texts are cut where positions end."""
    import transformers

    about = {"vocab_size": 9, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 1}
    made = transformers.BertConfig if kind == "bert" else transformers.XLMRobertaConfig
    made(**about, intermediate_size=32, max_position_embeddings=20).save_pretrained(tmp_path)
    fast = fresh_tokenizer(pieces)
    loaded = fresh(Tokenizer(fast, max_length=64), config=str(tmp_path))
    assert loaded.encoder.model.get_input_embeddings().padding_idx == fast.pad_token_id
    assert loaded.encoder.config.pad_token_id == fast.pad_token_id
    assert loaded.tokenizer.max_length == loaded.tokenizer.fast.model_max_length <= 20
    items = loaded.tokenizer.encode(["the kettle is still warm " * 9, "a kite"], languages=["en"] * 2)
    assert len(items[0].ids) == loaded.tokenizer.max_length
    with torch.no_grad():
        assert loaded.encoder.eval()(collate(items, pad_id=loaded.tokenizer.pad_id)).hidden.isfinite().all()


def test_a_decoder_is_not_made(tokenizer, tmp_path):
    import transformers

    transformers.T5Config(vocab_size=9, d_model=32, d_ff=32, num_layers=1, num_heads=1).save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="a t5 model brings a decoder, and a fresh one of random weights is not made"):
        fresh(tokenizer, config=str(tmp_path))
