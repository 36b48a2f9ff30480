"""Train a tokenizer on texts of several languages, none of which drowns the others.

Unigram (Kudo 2018) and BPE (Sennrich et al. 2016) on text as SentencePiece prepares it, or BERT's WordPiece, by the
library `tokenizers`. Languages are sampled by the power `alpha` of their share of the characters (Conneau and Lample
2019): 1 is as they come, 0 is all alike.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Literal, get_args

from loanword.errors import UsageError, in_short
from loanword.randomness import generator
from loanword.tokens.settled import settled, within_words

Kind = Literal["unigram", "bpe", "wordpiece"]
ROBERTA = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
BERT = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""Special pieces in the order of their numbers, which default configurations of these models rely on."""


def shares(sizes: Mapping[str, int], *, alpha: float) -> dict[str, float]:
    """Return each language's share of what is sampled, from the `sizes` of their texts."""
    weights = {tag: size**alpha for tag, size in sizes.items() if size}
    total = sum(weights.values())
    return {tag: weight / total for tag, weight in weights.items()}


def balanced(texts: Mapping[str, Sequence[str]], *, alpha: float, seed: int = 0) -> Iterator[str]:
    """Yield texts so that each language has its share of the characters: about as many as there are in all.

    A text of a language with little comes several times; of one with much, some are left out.
    """
    sizes = {tag: sum(map(len, lines)) for tag, lines in texts.items()}
    total = sum(sizes.values())
    for tag, share in shares(sizes, alpha=alpha).items():
        rng = generator(seed, "balanced", tag)
        often = share * total / sizes[tag]
        for text, draw in zip(texts[tag], rng.random(len(texts[tag])), strict=True):
            yield from [text] * (int(often) + (draw < often % 1))


def train(
    texts: Mapping[str, Sequence[str]],
    *,
    kind: Kind = "unigram",
    size: int = 32_000,
    alpha: float = 0.3,
    max_length: int = 512,
    seed: int = 0,
) -> Any:
    """Return a transformers fast tokenizer of `size` pieces for `texts`, by language.

    Special pieces are called, numbered and put around texts as in XLM-RoBERTa, or for WordPiece as in BERT. Raises
    `UsageError` for texts that cannot fill so many pieces, or cannot be written in so few.
    """
    if kind not in get_args(Kind):
        raise UsageError(f"unknown kind of tokenizer '{kind}'; known: {', '.join(get_args(Kind))}")
    backend, trainer = _wordpiece() if kind == "wordpiece" else _sentencepiece(kind)
    every = [line for lines in texts.values() for line in lines]
    given = {character for line in every for character in line}
    alphabet = sorted({*"".join(map(backend.normalizer.normalize_str, given))} - {" "})
    if size <= len(alphabet) + len(BERT):
        raise UsageError(
            f"{size} pieces are too few for {len(alphabet)} different characters and {len(BERT)} special pieces; "
            "ask for more, or leave texts with rare characters out"
        )
    names = BERT if kind == "wordpiece" else ROBERTA
    within = within_words(backend, every) if kind == "wordpiece" else []
    learner = trainer(
        vocab_size=size, initial_alphabet=alphabet, show_progress=False, special_tokens=[*_specials(names), *within]
    )
    try:
        backend.train_from_iterator(balanced(texts, alpha=alpha, seed=seed), learner)
    except Exception as error:  # What is raised has no type of its own; normalised, texts may have more characters.
        raise UsageError(f"no tokenizer of {size} pieces can be trained on these texts ({in_short(error)})") from error
    made = backend.get_vocab_size()
    if made > size:
        raise UsageError(f"{size} pieces are too few: the characters of these texts alone make {made}; ask for more")
    if made < size:
        raise UsageError(f"these texts hold no more than {made} pieces, fewer than {size}; ask for fewer, or give more")
    return _dressed(_settled(backend, names), names, max_length=max_length)


def _sentencepiece(kind: Kind) -> tuple[Any, Callable[..., Any]]:
    """Return an empty Unigram or BPE tokenizer with SentencePiece's way to prepare text (nmt_nfkc), and its trainer."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    unknown = ROBERTA[3]
    if kind == "unigram":
        backend = Tokenizer(models.Unigram())
        trainer: Any = partial(trainers.UnigramTrainer, unk_token=unknown)
    else:
        backend = Tokenizer(models.BPE(unk_token=unknown, fuse_unk=True))
        trainer = trainers.BpeTrainer
    spaces, end = normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip(left=False, right=True)
    backend.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), spaces, end])
    backend.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    backend.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    return backend, trainer


def _wordpiece() -> tuple[Any, Callable[..., Any]]:
    """Return an empty WordPiece tokenizer with BERT's way to prepare text, case and accents kept, and its trainer."""
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

    backend = Tokenizer(models.WordPiece(unk_token=BERT[1]))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    backend.decoder = decoders.WordPiece()
    return backend, trainers.WordPieceTrainer


def _settled(backend: Any, names: Sequence[str]) -> Any:
    """Return what was trained with its special pieces alone as such, and nothing left to chance."""
    content = json.loads(backend.to_str())
    content["added_tokens"] = content["added_tokens"][: len(names)]
    if content["model"]["type"] == "Unigram":
        scored = content["model"]["vocab"]
        content["model"]["vocab"] = scored[: len(names)] + settled(scored[len(names) :])
    return type(backend).from_str(json.dumps(content))


def _specials(names: Sequence[str]) -> list[Any]:
    """Return the special pieces; the last, which stands for a word, takes the space before it along."""
    from tokenizers import AddedToken

    return [AddedToken(name, special=True, normalized=False, lstrip=name == names[-1]) for name in names]


def _dressed(backend: Any, names: Sequence[str], *, max_length: int) -> Any:
    """Return `backend` as transformers has it, with the special pieces `names` around texts."""
    from tokenizers import processors
    from transformers import PreTrainedTokenizerFast

    if tuple(names) == BERT:
        padding, unknown, begin, end, masked = names
        between, types = f"{end} $B:1 {end}:1", ["token_type_ids"]
    else:
        begin, padding, end, unknown, masked = names
        between, types = f"{end} {end} $B {end}", []
    backend.post_processor = processors.TemplateProcessing(
        single=f"{begin} $A {end}",
        pair=f"{begin} $A {between}",
        special_tokens=[(token, backend.token_to_id(token)) for token in (begin, end)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=begin,
        eos_token=end,
        cls_token=begin,
        sep_token=end,
        pad_token=padding,
        unk_token=unknown,
        mask_token=masked,
        model_max_length=max_length,
        model_input_names=["input_ids", *types, "attention_mask"],
    )
