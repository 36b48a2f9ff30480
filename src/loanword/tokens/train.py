"""Train a tokenizer on texts of several languages, none of which drowns the others.

Unigram (Kudo 2018) and BPE (Sennrich et al. 2016) as SentencePiece has them, or BERT's WordPiece, by the library
`tokenizers`. Languages are sampled by the power `alpha` of their share of characters (Conneau and Lample 2019): 1 is as
they come, 0 is all alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, get_args

from loanword.errors import UsageError
from loanword.randomness import generator

Kind = Literal["unigram", "bpe", "wordpiece"]
SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
BERT = ("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]")
"""The same in the spelling of BERT: begin, padding, end, unknown, masked."""
LEAST = 16
"""Pieces at the least, beside the characters of the texts."""


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

    BPE is the same in every process; the others' trainers break ties by chance. Raises `UsageError` for texts that
    cannot fill so many pieces.
    """
    from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    if kind not in get_args(Kind):
        raise UsageError(f"unknown kind of tokenizer '{kind}'; known: {', '.join(get_args(Kind))}")
    characters = {character for lines in texts.values() for line in lines for character in line}
    if size < len(characters) + len(SPECIAL) + LEAST:
        raise UsageError(
            f"the texts have {len(characters)} different characters, and each needs a piece; "
            f"ask for {len(characters) + len(SPECIAL) + LEAST} pieces or more, not {size}"
        )
    begin, padding, end, unknown, masked = special = BERT if kind == "wordpiece" else SPECIAL
    shown: dict[str, Any] = {"vocab_size": size, "special_tokens": list(special), "show_progress": False}
    metaspace = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    if kind == "unigram":
        backend = Tokenizer(models.Unigram())
        trainer: Any = trainers.UnigramTrainer(unk_token=unknown, **shown)
    elif kind == "bpe":
        backend = Tokenizer(models.BPE(unk_token=unknown))
        trainer = trainers.BpeTrainer(**shown)
    else:
        backend = Tokenizer(models.WordPiece(unk_token=unknown))
        trainer = trainers.WordPieceTrainer(**shown)
    if kind == "wordpiece":
        backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
        backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        backend.decoder = decoders.WordPiece()
    else:
        backend.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC()])
        backend.pre_tokenizer = metaspace
        backend.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    backend.train_from_iterator(balanced(texts, alpha=alpha, seed=seed), trainer)
    between = f"{end} $B:1 {end}:1" if kind == "wordpiece" else f"{end} {end} $B {end}"
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
        mask_token=AddedToken(masked, lstrip=True, special=True),
        model_max_length=max_length,
    )
