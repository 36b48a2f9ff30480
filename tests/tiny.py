"""Tokenizers trained in the process, and the configurations of tiny encoders."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from tests import corpus

KINDS = ("bert", "xlm", "xlm-roberta", "deberta-v2", "modernbert")
TOKENIZER_KINDS = ("wordpiece", "bpe", "unigram")
TOKENIZER_OF = {
    "bert": "wordpiece",
    "xlm": "bpe",
    "xlm-roberta": "unigram",
    "deberta-v2": "unigram",
    "modernbert": "bpe",
}
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def _substrings(words: Iterable[str], *, longest: int = 8) -> Counter[str]:
    """Count every substring of the words."""
    return Counter(
        word[start:end]
        for word in words
        for start in range(len(word))
        for end in range(start + 1, min(len(word), start + longest) + 1)
    )


def _wordpiece() -> Any:
    """A vocabulary of all characters, at the start of a word and inside, and of every beginning that comes twice."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    lines = [backend.normalizer.normalize_str(line) for line in corpus.lines()]
    words = Counter(word for line in lines for word, _ in backend.pre_tokenizer.pre_tokenize_str(line))
    starts = Counter(word[:end] for word in words.elements() for end in range(1, min(len(word), 8) + 1))
    pieces = {character for word in words for character in word} | {piece for piece, n in starts.items() if n > 1}
    insides = {f"##{character}" for word in words for character in word}
    vocabulary = [*special, *sorted(pieces), *sorted(insides)]
    backend.model = models.WordPiece({piece: n for n, piece in enumerate(vocabulary)}, unk_token="[UNK]")
    backend.add_special_tokens(special)
    return backend


def _bpe() -> Any:
    """Byte-level merges, trained: the one trainer that gives the same vocabulary in every process."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(
        corpus.lines(),
        trainers.BpeTrainer(vocab_size=600, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False),
    )
    return backend


def _unigram() -> Any:
    """All characters and every substring that comes three times, scored by the logarithm of its share."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers

    backend = Tokenizer(models.Unigram())
    backend.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    backend.decoder = decoders.Metaspace()
    lines = [backend.normalizer.normalize_str(line) for line in corpus.lines()]
    counts = _substrings(word for line in lines for word, _ in backend.pre_tokenizer.pre_tokenize_str(line))
    total = counts.total()
    scores = {piece: math.log(n / total) for piece, n in counts.items() if n > 2 or len(piece) == 1}
    pieces = [(token, 0.0) for token in SPECIAL] + sorted(scores.items())
    backend.model = models.Unigram(pieces, unk_id=SPECIAL.index("<unk>"), byte_fallback=False)
    backend.add_special_tokens(SPECIAL)
    return backend


def tokenizer_backend(kind: str) -> Any:
    """Make the tiny tokenizer of `kind` from the six-script corpus, the same one in every process."""
    from tokenizers import processors

    backend = {"wordpiece": _wordpiece, "bpe": _bpe, "unigram": _unigram}[kind]()
    cls, sep = ("[CLS]", "[SEP]") if kind == "wordpiece" else ("<s>", "</s>")
    ids = [(token, backend.token_to_id(token)) for token in (cls, sep)]
    backend.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:1 {sep}:1", special_tokens=ids
    )
    return backend


def tiny_config(kind: str, tokenizer: Any) -> Any:
    import transformers

    small = {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "max_position_embeddings": 64,
        "pad_token_id": tokenizer.pad_token_id,
        "bos_token_id": tokenizer.cls_token_id,
        "eos_token_id": tokenizer.sep_token_id,
    }
    if kind == "bert":
        return transformers.BertConfig(**small)
    if kind == "xlm-roberta":
        return transformers.XLMRobertaConfig(**{**small, "max_position_embeddings": 66, "type_vocab_size": 1})
    if kind == "deberta-v2":
        # As microsoft/mdeberta-v3-base is, in small.
        return transformers.DebertaV2Config(
            **small,
            relative_attention=True,
            position_buckets=16,
            norm_rel_ebd="layer_norm",
            share_att_key=True,
            pos_att_type=["p2c", "c2p"],
            position_biased_input=False,
            type_vocab_size=0,
        )
    if kind == "modernbert":
        return transformers.ModernBertConfig(
            **small,
            cls_token_id=tokenizer.cls_token_id,
            sep_token_id=tokenizer.sep_token_id,
            global_attn_every_n_layers=2,
            local_attention=16,
        )
    languages = ("en", "ru", "zh", "ar", "hi", "th")
    return transformers.XLMConfig(
        vocab_size=len(tokenizer),
        emb_dim=32,
        n_layers=2,
        n_heads=4,
        max_position_embeddings=64,
        n_langs=len(languages),
        use_lang_emb=True,
        lang2id={tag: number for number, tag in enumerate(languages)},
        id2lang=dict(enumerate(languages)),
        pad_index=tokenizer.pad_token_id,
        pad_token_id=tokenizer.pad_token_id,
        bos_index=tokenizer.cls_token_id,
        eos_index=tokenizer.sep_token_id,
        unk_index=tokenizer.unk_token_id,
        mask_index=tokenizer.mask_token_id,
    )
