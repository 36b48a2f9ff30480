from __future__ import annotations

import json

import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, processors
from torch import nn
from transformers import PreTrainedTokenizerFast

from loanword.batches.batch import collate
from loanword.encoders import resize
from loanword.encoders.load import load
from loanword.encoders.resize import retable, trim
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


@pytest.fixture
def late(tmp_path, fresh_tokenizer):
    """An XLM-R whose special pieces have late numbers, and whose table has more rows than there are pieces."""
    stock = fresh_tokenizer("unigram")
    content = json.loads(stock.backend_tokenizer.to_str())
    special, others = content["model"]["vocab"][:5], content["model"]["vocab"][5:]
    vocab = [tuple(one) for one in [*others[:40], *special, *others[40:]]]
    backend = Tokenizer(models.Unigram(vocab, unk_id=43))
    for part in ("normalizer", "pre_tokenizer", "decoder"):
        setattr(backend, part, getattr(stock.backend_tokenizer, part))
    backend.add_special_tokens([name for name, _ in special])
    ids = [(name, backend.token_to_id(name)) for name in ("<s>", "</s>")]
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=ids
    )
    fast = PreTrainedTokenizerFast(tokenizer_object=backend, **stock.special_tokens_map)
    config = transformers.XLMRobertaConfig(
        vocab_size=len(fast) + 35,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=120,
        type_vocab_size=1,
        pad_token_id=fast.pad_token_id,
        bos_token_id=fast.cls_token_id,
        eos_token_id=[fast.sep_token_id, len(fast) + 3],
        decoder_start_token_id=len(fast) + 3,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        save_model(transformers.XLMRobertaModel(config), tmp_path)
    fast.save_pretrained(tmp_path)
    return load(str(tmp_path))


def test_positions_that_are_counted_from_the_padding_stay(late, tmp_path):
    """A new number for the padding would move all positions, once the model is loaded again."""
    texts = ["the kettle", "the kettle is still warm"]
    before, rows = vectors(late, texts), late.encoder.model.get_input_embeddings().weight.shape[0]
    ids = {n for part in late.tokenizer.plain(texts) for n in part.ids}
    small = trim(late, ids)
    assert torch.equal(vectors(small, texts), before)
    assert small.tokenizer.pad_id == 41
    assert len(small.tokenizer) == len(small.encoder.model.get_input_embeddings().weight) < 0.5 * rows
    folder = tmp_path / "small"
    folder.mkdir()
    save_model(small.encoder.model, folder)
    small.tokenizer.save(folder)
    assert torch.equal(vectors(load(str(folder)), texts), before)


@pytest.mark.parametrize("kind", ["xlm", "bert"])
def test_special_pieces_get_their_new_numbers_wherever_they_stand(kind, tiny_encoder):
    encoder = tiny_encoder(kind).encoder
    model, config = encoder.model, encoder.config
    old = model.get_input_embeddings().padding_idx
    retable(encoder, torch.ones(9, 32), numbers={n: 8 - n for n in range(9)})
    table = model.get_input_embeddings()
    assert (table.padding_idx, config.pad_token_id, config.vocab_size) == (8 - old, 8 - old, 9)
    assert torch.equal(table.weight, torch.ones(9, 32))
    if kind == "xlm":
        assert model.pad_index == config.pad_index == 8 - old


def test_numbers_that_no_piece_has_are_forgotten(late):
    config = trim(late, []).encoder.config
    assert config.eos_token_id == [42]
    assert config.decoder_start_token_id is None
    assert config.bos_token_id == 40


def test_what_was_laid_out_for_answers_goes(tiny_encoder, sentences, monkeypatch):
    """The second form of an encoder, in bf16, holds the old table."""
    loaded, texts = tiny_encoder("bert"), list(sentences["en"])
    forgotten = []
    monkeypatch.setattr(resize, "forget", forgotten.append)
    trim(loaded, {n for part in loaded.tokenizer.plain(texts) for n in part.ids})
    assert forgotten == [loaded.encoder]


def test_what_trains_goes_on_to_train(tiny_encoder):
    for trains in (True, False):
        loaded = tiny_encoder("bert")
        loaded.encoder.model.get_input_embeddings().weight.requires_grad_(trains)
        assert trim(loaded, []).encoder.model.get_input_embeddings().weight.requires_grad == trains


def test_other_tables_are_refused(tiny_encoder, tiny_dual):
    loaded = tiny_encoder("bert")
    loaded.encoder.model.set_input_embeddings(nn.EmbeddingBag(600, 32))
    with pytest.raises(ModelError, match="has a EmbeddingBag for its table; only plain ones can be changed"):
        trim(loaded, [])
    with pytest.raises(ModelError, match="is a model of texts and images"):
        trim(load(str(tiny_dual("clip")), training=False), [])


def test_a_model_with_a_decoder_is_refused(tiny_seq2seq):
    with pytest.raises(ModelError, match="brings a decoder"):
        trim(load(str(tiny_seq2seq("marian"))), [5])
