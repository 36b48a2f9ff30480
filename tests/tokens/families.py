"""Small tokenizers of the classes that well-known encoders bring, saved as their authors save them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import transformers
from tests import corpus
from tests.tiny import tokenizer_backend

FAMILIES = ("xlm-roberta", "deberta-v2", "bert", "modernbert")
"""XLM-R and its kin; mDeBERTa; mBERT and LaBSE, but in small letters; mmBERT, whose tokenizer is Gemma's."""


def write(family: str, folder: Path) -> Path:
    """Write a tokenizer of `family` to `folder`, beside the configuration of a model of its kind."""
    made = {"xlm-roberta": _xlm_roberta, "deberta-v2": _deberta, "bert": _bert, "modernbert": _gemma}[family]()
    made.save_pretrained(folder)
    (folder / "config.json").write_text(json.dumps({"model_type": family}))
    return folder


def _pieces() -> list[tuple[str, float]]:
    """The pieces of the tiny Unigram model with their scores, without the special ones."""
    vocabulary = json.loads(tokenizer_backend("unigram").to_str())["model"]["vocab"]
    return [(piece, score) for piece, score in vocabulary if score < 0]


def _xlm_roberta() -> Any:
    special = [(name, 0.0) for name in ("<s>", "<pad>", "</s>", "<unk>")]
    return transformers.XLMRobertaTokenizer(vocab=[*special, *_pieces(), ("<mask>", 0.0)])


def _deberta() -> Any:
    """With a mask beyond the model's own pieces, and some that nobody uses."""
    special = [(name, 0.0) for name in ("[PAD]", "[CLS]", "[SEP]", "[UNK]")]
    unused = [(f"<extra_id_{number}>", 0.0) for number in range(3)]
    return transformers.DebertaV2Tokenizer(vocab=[*special, *_pieces(), *unused], unk_id=3)


def _bert() -> Any:
    lines = [line.lower() for line in corpus.lines()]
    from tokenizers import trainers

    made = transformers.BertTokenizer(do_lower_case=True)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    backend = made.backend_tokenizer
    backend.train_from_iterator(
        lines, trainers.WordPieceTrainer(vocab_size=700, special_tokens=special, show_progress=False)
    )
    return transformers.BertTokenizer(vocab=backend.get_vocab(), do_lower_case=True)


def _gemma() -> Any:
    """With a piece for every byte, and added pieces that are not special."""
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, trainers

    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>"]
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="never")
    alphabet = [*special, *(f"<0x{byte:02X}>" for byte in range(256))]
    backend.train_from_iterator(
        corpus.lines(), trainers.BpeTrainer(vocab_size=900, special_tokens=alphabet, show_progress=False)
    )
    model = json.loads(backend.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    made = transformers.GemmaTokenizer(
        vocab=model["vocab"], merges=merges, cls_token="<bos>", sep_token="<eos>", extra_special_tokens=["<turn>"]
    )
    made.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("<table>", normalized=False)])
    return made
