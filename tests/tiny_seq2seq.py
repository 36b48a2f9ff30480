"""Tiny sequence-to-sequence models of every kind, as folders that transformers loads."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from tests import corpus
from tests.tiny import SPECIAL, tokenizer_backend

SEQ2SEQ_KINDS = (
    "marian", "marian-many", "m2m100", "nllb", "mbart", "mbart50", "t5", "mt5", "bart", "encoder-decoder"
)  # fmt: skip
COMMANDS = (">>de<<", ">>rus<<", ">>cmn_Hans<<", ">>cmn_Hant<<")
SMALL = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "max_position_embeddings": 64,
}


def sentencepiece(lines: list[str], **ids: int) -> bytes:
    """Train a small unigram model."""
    from sentencepiece import SentencePieceTrainer

    found = io.BytesIO()
    SentencePieceTrainer.train(
        sentence_iterator=iter(lines), model_writer=found, vocab_size=400, hard_vocab_limit=False,
        character_coverage=1.0, num_threads=1, minloglevel=2, **ids,
    )  # fmt: skip
    return found.getvalue()


def pieces_of(model: bytes) -> list[str]:
    from sentencepiece import SentencePieceProcessor

    found = SentencePieceProcessor(model_proto=model)
    return [found.id_to_piece(number) for number in range(len(found))]


def marian(folder: Path, *, commands: tuple[str, ...] = ()) -> Any:
    """English in, Russian out, with a sentencepiece model for each and one vocabulary."""
    from transformers import MarianConfig

    source, target = (sentencepiece(list(corpus.SENTENCES[tag])) for tag in ("en", "ru"))
    (folder / "source.spm").write_bytes(source)
    (folder / "target.spm").write_bytes(target)
    pieces = dict.fromkeys(["</s>", "<unk>", *pieces_of(source), *pieces_of(target), *commands, "<pad>"])
    (folder / "vocab.json").write_text(json.dumps({piece: n for n, piece in enumerate(pieces)}), encoding="utf-8")
    settings = {"tokenizer_class": "MarianTokenizer", "source_lang": "en", "target_lang": "ru", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    last = len(pieces) - 1
    return MarianConfig(
        **SMALL, vocab_size=len(pieces), pad_token_id=last, decoder_start_token_id=last, eos_token_id=0,
        forced_eos_token_id=0, scale_embedding=True,
    )  # fmt: skip


def m2m100(folder: Path) -> Any:
    """Language tokens beyond the vocabulary, and some rows that nothing uses."""
    from transformers import M2M100Config

    model = sentencepiece(list(corpus.lines()))
    (folder / "sentencepiece.bpe.model").write_bytes(model)
    pieces = dict.fromkeys(["<s>", "<pad>", "</s>", "<unk>", *pieces_of(model)])
    (folder / "vocab.json").write_text(json.dumps({piece: n for n, piece in enumerate(pieces)}), encoding="utf-8")
    settings = {"tokenizer_class": "M2M100Tokenizer", "model_max_length": 64}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf-8")
    return M2M100Config(**SMALL, vocab_size=len(pieces) + 108, decoder_start_token_id=2, encoder_layerdrop=0.0)


def nllb(folder: Path) -> Any:
    from tokenizers import SentencePieceBPETokenizer
    from transformers import M2M100Config, NllbTokenizer

    trained = SentencePieceBPETokenizer(fuse_unk=True)
    trained.train_from_iterator(
        corpus.lines(), vocab_size=500, special_tokens=["<s>", "<pad>", "</s>", "<unk>"], show_progress=False
    )
    state = json.loads(trained.to_str())["model"]
    stock = NllbTokenizer(vocab=state["vocab"], merges=[tuple(pair) for pair in state["merges"]])
    stock.save_pretrained(folder)
    return M2M100Config(**SMALL, vocab_size=len(stock), decoder_start_token_id=2, encoder_layerdrop=0.0)


def scored(names: list[str]) -> list[tuple[str, float]]:
    """A unigram vocabulary: the control tokens `names`, then every piece of the corpus."""
    state = json.loads(tokenizer_backend("unigram").to_str())["model"]["vocab"]
    return [(name, 0.0) for name in names] + [(piece, score) for piece, score in state if piece not in SPECIAL]


def mbart(folder: Path, *, fifty: bool = False) -> Any:
    """Languages beside the text: before it in mBART-50, after it in the first mBART."""
    from transformers import MBart50Tokenizer, MBartConfig, MBartTokenizer
    from transformers.models.mbart.tokenization_mbart import FAIRSEQ_LANGUAGE_CODES as FIRST
    from transformers.models.mbart50.tokenization_mbart50 import FAIRSEQ_LANGUAGE_CODES as LATER

    vocabulary = scored(["<s>", "<pad>", "</s>", "<unk>"])
    vocabulary += [(code, 0.0) for code in (LATER if fifty else FIRST)] + [("<mask>", 0.0)]
    stock = (MBart50Tokenizer if fifty else MBartTokenizer)(vocab=vocabulary)
    stock.save_pretrained(folder)
    start = {"decoder_start_token_id": 2} if fifty else {}
    return MBartConfig(**SMALL, vocab_size=len(stock), scale_embedding=True, **start)


def t5(folder: Path, *, many: bool = False) -> Any:
    from transformers import MT5Config, T5Config, T5Tokenizer

    stock = T5Tokenizer(vocab=scored(["<pad>", "</s>", "<unk>"]), extra_ids=4)
    stock.save_pretrained(folder)
    small = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "vocab_size": len(stock)}
    start = {"decoder_start_token_id": 0}
    return MT5Config(**small, **start, tie_word_embeddings=False) if many else T5Config(**small, **start)


def fast(folder: Path, kind: str) -> Any:
    """Save the tiny tokenizer of `kind`: one that is not made for a sequence-to-sequence model."""
    from transformers import PreTrainedTokenizerFast

    special = {"pad": "<pad>", "unk": "<unk>", "cls": "<s>", "sep": "</s>", "mask": "<mask>"}
    if kind == "wordpiece":
        special = {name: f"[{name.upper()}]" for name in special}
    special = {f"{name}_token": token for name, token in special.items()}
    stock = PreTrainedTokenizerFast(tokenizer_object=tokenizer_backend(kind), **special)
    stock.save_pretrained(folder)
    return stock


def bart(folder: Path) -> Any:
    from transformers import BartConfig

    stock = fast(folder, "bpe")
    return BartConfig(
        **SMALL, vocab_size=len(stock), bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2
    )


def encoder_decoder(folder: Path) -> Any:
    """Two BERTs, as transformers' own examples put them together."""
    from transformers import BertConfig, EncoderDecoderConfig

    stock = fast(folder, "wordpiece")
    ids = {"pad_token_id": stock.pad_token_id, "eos_token_id": stock.sep_token_id, "vocab_size": len(stock)}
    small = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    one, two = (BertConfig(**ids, **small, max_position_embeddings=64) for _ in range(2))
    return EncoderDecoderConfig.from_encoder_decoder_configs(one, two, decoder_start_token_id=stock.cls_token_id, **ids)


def make(kind: str, folder: Path) -> None:
    """Write the tiny model of `kind` (one of `SEQ2SEQ_KINDS`) with its tokenizer to `folder`."""
    import torch
    from transformers import AutoModelForSeq2SeqLM

    from loanword.encoders.quiet import quiet_transformers

    makers = {
        "marian": marian,
        "marian-many": lambda place: marian(place, commands=COMMANDS),
        "m2m100": m2m100,
        "nllb": nllb,
        "mbart": mbart,
        "mbart50": lambda place: mbart(place, fifty=True),
        "t5": t5,
        "mt5": lambda place: t5(place, many=True),
        "bart": bart,
        "encoder-decoder": encoder_decoder,
    }
    with torch.random.fork_rng(devices=[]), quiet_transformers():
        torch.manual_seed(5)
        model = AutoModelForSeq2SeqLM.from_config(makers[kind](folder))
        if kind.startswith("marian"):
            model.generation_config.bad_words_ids = [[model.config.pad_token_id]]
        if kind == "bart":
            model.generation_config.forced_bos_token_id = 0
        with torch.no_grad():  # Wider than usual, so that random weights tell texts apart.
            for parameter in model.parameters():
                parameter.add_(torch.randn_like(parameter), alpha=0.15)
        model.save_pretrained(folder)
