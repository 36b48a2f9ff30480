"""A model's encoder is the encoder, and what is known of its decoder is so."""

import pytest
import torch
from tests import corpus
from tests.tiny_seq2seq import sentencepiece

from loanword.batches.batch import collate
from loanword.encoders import seq2seq as module
from loanword.encoders.attention import NAME
from loanword.encoders.load import load
from loanword.encoders.packed import PackedLinear, can_pack, packed
from loanword.encoders.seq2seq import Seq2Seq, expect_sentencepiece, read_model
from loanword.errors import MissingExtra, ModelError
from loanword.hardware import Hardware

TEXTS = ["the kettle is still warm", "two goats followed", "nobody counted the chairs twice"]


@pytest.fixture
def loaded(tiny_seq2seq, seq2seq_kind):
    return load(str(tiny_seq2seq(seq2seq_kind)))


def batch_of(loaded):
    encoded = loaded.tokenizer.encode(TEXTS, languages=["en"] * 3, into=["ru"] * 3)
    return collate(encoded, pad_id=loaded.tokenizer.pad_id)


def test_hidden_states_are_those_of_the_stock_encoder(loaded, tiny_seq2seq, seq2seq_kind):
    from transformers import AutoModelForSeq2SeqLM

    stock = AutoModelForSeq2SeqLM.from_pretrained(tiny_seq2seq(seq2seq_kind), attn_implementation="eager").eval()
    batch = batch_of(loaded)
    with torch.no_grad():
        expected = stock.get_encoder()(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        found = loaded.encoder.eval()(batch)
    here = batch.mask.bool()
    torch.testing.assert_close(found.hidden[here], expected[here], atol=1e-5, rtol=1e-4)
    assert found.pooled.shape == (3, 32)
    assert found.into == ("ru",) * 3


def test_its_layers_are_the_encoders(loaded, seq2seq_kind):
    encoder = loaded.encoder
    assert encoder.whole is encoder.seq2seq.model
    assert encoder.whole.get_encoder() is encoder.model
    assert encoder.depth == len(encoder.layers) == 2
    assert len(encoder.stacks) == 1
    by_depth = encoder.layer_parameters()
    listed = {id(parameter) for parameters in by_depth for parameter in parameters}
    named = {name: id(one) for name, one in encoder.model.named_parameters()}
    assert listed == {*named.values()} - {named.get("embed_positions.weight") if "marian" in seq2seq_kind else None}
    assert any(one is encoder.model.get_input_embeddings().weight for one in by_depth[0])
    assert all(by_depth)


def test_attention_is_ours_where_the_architecture_lets_it_be_chosen(loaded):
    assert loaded.encoder.model.config._attn_implementation == NAME


@pytest.mark.skipif(not torch.ops.mkldnn._is_mkldnn_bf16_supported(), reason="no products in bf16 here")
def test_the_second_form_in_bf16_answers_as_nearly(loaded, seq2seq_kind):
    batch, encoder = batch_of(loaded), loaded.encoder.eval()
    hardware = Hardware(device="cpu", precision="bf16", threads=1)
    with torch.inference_mode(), hardware.autocast():
        assert can_pack()
        second = packed(encoder, batch)
        found = encoder(batch).hidden.float()
    with torch.inference_mode():
        truth = encoder(batch).hidden
    here = batch.mask.bool()
    assert (found[here] - truth[here]).norm() < 0.05 * truth[here].norm()
    packs = any(type(part) is PackedLinear for part in second.modules()) if second is not None else False
    assert packs == (seq2seq_kind not in ("t5", "mt5"))  # T5 looks into its layers' weights.


def test_tables_that_the_decoder_reads_are_told_from_those_it_does_not(loaded, seq2seq_kind):
    assert loaded.encoder.seq2seq.shares_table == (seq2seq_kind != "encoder-decoder")


def test_a_marian_model_with_two_vocabularies_shares_no_table():
    from transformers import MarianConfig, MarianMTModel

    config = MarianConfig(
        d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2,
        encoder_ffn_dim=16, decoder_ffn_dim=16, vocab_size=20, decoder_vocab_size=30, pad_token_id=19,
        decoder_start_token_id=19, share_encoder_decoder_embeddings=False,
    )  # fmt: skip
    assert not Seq2Seq(MarianMTModel(config), None).shares_table


@pytest.mark.parametrize(
    ("kind", "start", "first"),
    [
        ("nllb", None, ["rus_Cyrl", "zho_Hant"]),
        ("mbart", ["ru_RU", "zh_CN"], None),
        ("mbart50", None, ["ru_RU", "zh_CN"]),
        ("t5", None, None),
        ("marian-many", None, None),
    ],
)
def test_how_a_text_in_each_language_begins(tiny_seq2seq, kind, start, first):
    loaded = load(str(tiny_seq2seq(kind)))
    found = loaded.encoder.seq2seq.start(("ru", "zh-TW" if kind == "nllb" else "zh"))
    ids = [codes and loaded.tokenizer.fast.convert_tokens_to_ids(codes) for codes in (start, first)]
    assert list(found) == ids
    assert loaded.encoder.seq2seq.start(()) == (None, None)


def test_how_long_a_text_may_become(tiny_seq2seq):
    limits = {kind: load(str(tiny_seq2seq(kind))).encoder.seq2seq.longest for kind in ("bart", "encoder-decoder", "t5")}
    assert limits == {"bart": 64, "encoder-decoder": 64, "t5": None}


def test_a_model_that_reads_no_text_is_refused(tmp_path):
    from transformers import WhisperConfig

    with pytest.raises(ModelError, match="a whisper model does not read text and write text"):
        read_model(str(tmp_path), WhisperConfig(), {})


def test_without_what_reads_sentencepiece_the_extra_is_named(monkeypatch):
    error = ValueError("`tiktoken` is required to read a `tiktoken` file")
    monkeypatch.setattr(module, "_installed", lambda name: name == "sentencepiece")
    with pytest.raises(MissingExtra, match=r"tokenizer of a/b needs protobuf, .*pip install 'loanword\[generation\]'"):
        expect_sentencepiece(error, "a/b")
    expect_sentencepiece(ValueError("the file is damaged"), "a/b")
    monkeypatch.setattr(module, "_installed", lambda name: True)
    expect_sentencepiece(error, "a/b")


def test_a_tokenizer_that_is_a_sentencepiece_model_alone(tmp_path):
    """As google/mt5-small has it: transformers makes a fast one of it."""
    pytest.importorskip("google.protobuf")
    from transformers import MT5Config, MT5ForConditionalGeneration

    pieces = sentencepiece(list(corpus.lines()), pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    (tmp_path / "spiece.model").write_bytes(pieces)
    (tmp_path / "tokenizer_config.json").write_text('{"tokenizer_class": "T5Tokenizer"}')
    config = MT5Config(vocab_size=600, d_model=16, d_kv=4, d_ff=16, num_layers=1, num_heads=2)
    MT5ForConditionalGeneration(config).save_pretrained(tmp_path)
    tokenizer = load(str(tmp_path)).tokenizer
    found = tokenizer.encode(["the kettle </s>"], languages=["en"])[0].ids
    assert (found[-1], found.count(1)) == (1, 1)
    assert tokenizer.text(found) == "the kettle </s>"


def test_packages_are_looked_for_where_their_parents_may_be_absent():
    assert module._installed("torch")
    assert not module._installed("nosuchthing.inside")
