from __future__ import annotations

import pytest
import torch

from loanword.batches.batch import collate
from loanword.encoders.load import load
from loanword.encoders.resize import trim
from loanword.encoders.save import save_model
from loanword.errors import ModelError


def vectors(loaded, texts):
    encoded = loaded.tokenizer.encode(texts, languages=["en"] * len(texts))
    loaded.encoder.eval()
    with torch.inference_mode():
        return loaded.encoder(collate(encoded, pad_id=loaded.tokenizer.pad_id)).hidden


@pytest.fixture
def trimmed(tiny_kinds, tiny_encoder, sentences):
    texts = list(sentences["en"])
    loaded = tiny_encoder(tiny_kinds)
    before = vectors(loaded, texts), loaded.encoder.model.get_input_embeddings().weight.shape
    pieces = {n for part in loaded.tokenizer.plain(texts) for n in part.ids}
    return trim(loaded, sorted(pieces)), texts, *before


def test_covered_texts_give_the_same_vectors_bit_for_bit(trimmed):
    small, texts, before, shape = trimmed
    assert torch.equal(vectors(small, texts), before)
    weight = small.encoder.model.get_input_embeddings().weight
    assert weight.shape == (len(small.tokenizer), 32)
    assert len(weight) < 0.6 * shape[0]


def test_saved_and_loaded_again(trimmed, tmp_path):
    small, texts, before, _ = trimmed
    save_model(small.encoder.model, tmp_path)
    small.tokenizer.save(tmp_path)
    again = load(str(tmp_path))
    assert torch.equal(vectors(again, texts), before)
    config, fast = again.encoder.config, again.tokenizer.fast
    assert config.vocab_size == len(again.tokenizer)
    for name in ("pad_token_id", "bos_token_id", "eos_token_id"):
        special = {"pad": fast.pad_token_id, "bos": fast.cls_token_id, "eos": fast.sep_token_id}[name[:3]]
        assert getattr(config, name) == special


def test_transformers_alone_reads_the_same(trimmed, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    small, texts, before, _ = trimmed
    if small.encoder.language_ids:
        pytest.skip("XLM wants language ids beside the text")
    save_model(small.encoder.model, tmp_path)
    small.tokenizer.save(tmp_path)
    model, fast = AutoModel.from_pretrained(tmp_path).eval(), AutoTokenizer.from_pretrained(tmp_path)
    with torch.inference_mode():
        states = model(**fast(texts, padding=True, return_tensors="pt")).last_hidden_state
    mask = fast(texts, padding=True, return_tensors="pt")["attention_mask"].bool()
    torch.testing.assert_close(states[mask], before[mask], atol=1e-5, rtol=1e-5)


def test_a_model_with_a_decoder_is_refused(tiny_seq2seq):
    with pytest.raises(ModelError, match="brings a decoder"):
        trim(load(str(tiny_seq2seq("marian"))), [5])
