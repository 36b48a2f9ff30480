"""New pieces for a language that a tokenizer cuts to bits or does not know at all, beside all that it has.

The pieces are found by the tokenizer's own kind of training on the language's text, after its own normalisation, and
put behind the old ones, whose numbers stay. A Unigram model weighs them by their share of the new text; a BPE model
merges them after everything else.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any

from loanword.errors import UsageError
from loanword.tokens.settled import WITHIN, settled, within_words
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary, made, parts_of

ALPHABET = 257
"""Bytes, and the unknown piece, which trainers count with the others."""
LEAST = -1e6
"""The score of a number that holds an added token, so that no text is ever cut into it."""


def extended(vocabulary: Vocabulary, texts: Sequence[str], *, size: int, least: int = 1) -> tuple[Tokenizer, list[str]]:
    """Return a tokenizer with at most `size` pieces more, and these pieces in the order of their numbers.

    Each is found `least` times in the texts. Characters that it lacks come first, whatever `size` and `least` are:
    without them nothing can be read. Raises `UsageError` where the texts hold nothing new.
    """
    content = deepcopy(vocabulary.content)
    known = {*vocabulary.pieces.values()}
    trained = _trained(vocabulary, texts, size=size, least=least)
    model = content["model"]
    _fill(content, vocabulary)
    if vocabulary.kind == "Unigram":
        found = {piece: score for piece, score in trained["vocab"] if piece not in known}
        chosen = _chosen(_found_often(found, trained, vocabulary, texts, least=least), size)
        model["vocab"] += [[piece, found[piece]] for piece in chosen]
    elif vocabulary.kind == "WordPiece":
        order = sorted(trained["vocab"], key=trained["vocab"].__getitem__)
        chosen = _chosen([piece for piece in order if piece not in known], size)
        model["vocab"].update({piece: len(vocabulary) + n for n, piece in enumerate(chosen)})
    else:
        chosen = _merged(model, trained, known, first=len(vocabulary), size=size)
    if not chosen:
        raise UsageError("the texts hold nothing that the tokenizer has no piece for")
    return made(content, vocabulary.tokenizer), chosen


def _trained(vocabulary: Vocabulary, texts: Sequence[str], *, size: int, least: int) -> dict[str, Any]:
    """Return the model of a tokenizer of the same kind, trained on `texts` alone."""
    from tokenizers import Tokenizer as Backend
    from tokenizers import models, trainers

    content = {**deepcopy(vocabulary.content), "added_tokens": [], "post_processor": None}
    unknown = str(vocabulary.tokenizer.fast.unk_token or "<unk>")
    quietly: dict[str, Any] = {"show_progress": False, "special_tokens": [unknown]}
    characters = {character for text in texts for character in text}
    wanted = size + len(characters) + ALPHABET
    # The old model stands in the file; what counts here is how texts are prepared for it.
    empty: dict[str, Any] = {"Unigram": models.Unigram(), "BPE": models.BPE(), "WordPiece": models.WordPiece()}
    content["model"] = json.loads(Backend(empty[vocabulary.kind]).to_str())["model"]
    backend = Backend.from_str(json.dumps(content))
    if vocabulary.kind == "Unigram":
        trainer: Any = trainers.UnigramTrainer(vocab_size=wanted, unk_token=unknown, **quietly)
    elif vocabulary.kind == "BPE":
        inner = vocabulary.content["model"]
        marks: dict[str, Any] = {
            key: inner.get(key) or "" for key in ("continuing_subword_prefix", "end_of_word_suffix")
        }
        trainer = trainers.BpeTrainer(
            vocab_size=wanted, min_frequency=least, **quietly, **{k: v for k, v in marks.items() if v}
        )
    else:
        quietly["special_tokens"] += within_words(backend, texts)
        trainer = trainers.WordPieceTrainer(vocab_size=2 * wanted, min_frequency=least, **quietly)
    backend.train_from_iterator(texts, trainer)
    found: dict[str, Any] = json.loads(backend.to_str())["model"]
    if vocabulary.kind == "Unigram":
        found["vocab"] = settled([entry for entry in found["vocab"] if entry[0] != unknown])
    else:
        found["vocab"].pop(unknown, None)
    return found


def _found_often(
    found: dict[str, float], trained: dict[str, Any], vocabulary: Vocabulary, texts: Sequence[str], *, least: int
) -> list[str]:
    """Return the pieces that a Unigram model cuts from the texts `least` times, and all single characters."""
    if least <= 1:
        return [*found]
    from tokenizers import Tokenizer as Backend

    content = {**vocabulary.content, "added_tokens": [], "post_processor": None, "truncation": None, "padding": None}
    content["model"] = {**trained, "vocab": [["", 0.0], *trained["vocab"]], "unk_id": 0}
    counts = Counter(
        piece for code in Backend.from_str(json.dumps(content)).encode_batch([*texts]) for piece in code.tokens
    )
    return [piece for piece in found if len(piece) == 1 or counts[piece] >= least]


def _chosen(pieces: Iterable[str], size: int) -> list[str]:
    """Return single characters first, then the others in their order, `size` of them."""
    every = list(pieces)
    single = [piece for piece in every if len(piece.removeprefix(WITHIN)) == 1]
    return [*single, *[piece for piece in every if piece not in {*single}][: max(0, size - len(single))]]


def _merged(model: dict[str, Any], trained: dict[str, Any], known: set[str], *, first: int, size: int) -> list[str]:
    """Add to the BPE `model` the merges of a `trained` one whose result is new, with all that they are made of."""
    order = sorted(trained["vocab"], key=trained["vocab"].__getitem__)
    there = set(known)
    chosen: list[str] = []

    def add(piece: str) -> None:
        if piece not in there:
            there.add(piece)
            model["vocab"][piece] = first + len(chosen)
            chosen.append(piece)

    made_of = {one + other for one, other in map(parts_of, trained["merges"])}
    for piece in order:
        if piece not in made_of:
            add(piece)  # A character.
    old = {parts_of(merge) for merge in model["merges"]}
    as_list = bool(model["merges"]) and not isinstance(model["merges"][0], str)
    for merge in trained["merges"]:
        one, other = parts_of(merge)
        if len(chosen) >= size and one + other not in there:
            continue
        if one in there and other in there and (one, other) not in old:
            add(one + other)
            model["merges"].append([one, other] if as_list or " " in one + other else f"{one} {other}")
    return chosen


def _fill(content: dict[str, Any], vocabulary: Vocabulary) -> None:
    """Give the numbers that added tokens have behind a Unigram model's pieces to entries of its list."""
    if vocabulary.kind != "Unigram":
        return
    pieces = content["model"]["vocab"]
    for number in range(len(pieces), len(vocabulary)):
        pieces.append([vocabulary.pieces[number], LEAST])
