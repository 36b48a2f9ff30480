"""Change which pieces a tokenizer knows, without changing how it cuts what it still knows.

A fast tokenizer is one file, tokenizer.json, which is edited here: Unigram (as SentencePiece's), BPE and WordPiece. A
text whose pieces all stay is cut as before. In a Unigram model the best way to cut it is still there, and no better
one came; in a BPE model every merge on the way stays, and the first that applies is the same; WordPiece takes the
longest piece, which is still there.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any

from loanword.errors import ModelError
from loanword.tokens.tokenizer import Tokenizer

KINDS = ("Unigram", "BPE", "WordPiece")
BYTE = re.compile(r"<0x([0-9A-F]{2})>")
"""How a piece is written that stands for one byte of a character without a piece."""
_SEEN = (*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1))
BYTE_OF = {chr(byte): byte for byte in _SEEN}
BYTE_OF |= {chr(256 + n): byte for n, byte in enumerate(byte for byte in range(256) if byte not in _SEEN)}
"""The byte that a character of a byte-level piece stands for, as GPT-2 has it: what can be seen for itself."""
AROUND = (
    *("model_max_length", "model_input_names", "padding_side", "truncation_side"),
    *("clean_up_tokenization_spaces", "extra_special_tokens"),
)
"""What a tokenizer of transformers has beside its tokenizer.json and the names of special tokens."""


def spelt(tokenizer: Tokenizer, piece: int) -> str:
    """Return a piece as it stands in a text, with the space before a word; what is half a character as U+FFFD."""
    token = tokenizer.token(piece)
    if (found := _bytes(tokenizer, token)) is not None:
        return found.decode("utf-8", "replace")
    return token.removeprefix("##").removesuffix("</w>").replace("▁", " ").replace("Ġ", " ")


def characters(tokenizer: Tokenizer, piece: int) -> int:
    """Count the characters that a piece stands for, a space before a word too; of bytes those that begin one."""
    found = _bytes(tokenizer, tokenizer.token(piece))
    return len(spelt(tokenizer, piece)) if found is None else sum(byte & 0xC0 != 0x80 for byte in found)


def _bytes(tokenizer: Tokenizer, token: str) -> bytes | None:
    """Return the bytes of a token that is made of bytes; None of any other."""
    if one := BYTE.fullmatch(token):
        return bytes([int(one[1], 16)])
    if "ByteLevel" not in repr(tokenizer.fast.backend_tokenizer.decoder) or not {*token} <= BYTE_OF.keys():
        return None
    return bytes(BYTE_OF[character] for character in token)


class Vocabulary:
    """The pieces of a `Tokenizer`, as its file has them: `pieces` by id, `scores` where it is a Unigram model."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Read what `tokenizer` would save; raises `ModelError` for a kind that is not known here."""
        self.tokenizer = tokenizer
        with tempfile.TemporaryDirectory() as folder:
            tokenizer.save(Path(folder))
            self.content: dict[str, Any] = json.loads((Path(folder) / "tokenizer.json").read_text(encoding="utf-8"))
        model = self.content["model"]
        self.kind: str = model["type"]
        if self.kind not in KINDS:
            raise ModelError(f"the tokenizer is a {self.kind}; pieces can be changed of {', '.join(KINDS)}")
        unigram = self.kind == "Unigram"
        self.scores: list[float] | None = [score for _, score in model["vocab"]] if unigram else None
        places = {piece: n for n, (piece, _) in enumerate(model["vocab"])} if unigram else model["vocab"]
        added = {token["content"]: token["id"] for token in self.content["added_tokens"]}
        self.pieces: dict[int, str] = {n: piece for piece, n in {**places, **added}.items()}

    def __len__(self) -> int:
        """Count the pieces, added ones included."""
        return len(self.pieces)

    @cached_property
    def needed(self) -> frozenset[int]:
        """The pieces that the tokenizer cannot do without: special ones, bytes, those of prefixes and prompts.

        Of a Unigram model also the least likely one: what an unknown character costs hangs on it.
        """
        tokenizer, content, model = self.tokenizer, self.content, self.content["model"]
        ids = {*tokenizer.control_ids, *(token["id"] for token in content["added_tokens"])}
        ids |= {holder[place] for holder, place in _numbers(content)}
        unknown = model["unk_id"] if self.kind == "Unigram" else model["vocab"].get(model["unk_token"])
        ids |= {n for n in (tokenizer.unknown_id, unknown) if n is not None}
        for pieces in tokenizer.plain([tokenizer.prefix, *tokenizer.prompts.values()]):
            ids.update(pieces.ids)
        ids |= {n for n, piece in self.pieces.items() if BYTE.fullmatch(piece)}
        if "ByteLevel" in json.dumps([content["normalizer"], content["pre_tokenizer"]]):
            ids |= {n for n, piece in self.pieces.items() if len(piece) == 1}
        if self.scores:
            ids.add(min(range(len(self.scores)), key=self.scores.__getitem__))
        return frozenset(ids)

    def closed(self, ids: Iterable[int]) -> set[int]:
        """Return `ids` and the pieces that they are made of on the way: those that BPE merges to get there."""
        found = set(ids)
        if self.kind != "BPE":
            return found
        places = self.content["model"]["vocab"]
        parts: dict[int, set[int]] = {}
        for _, one, other, whole in self._merges():
            parts.setdefault(places[whole], set()).update((places[one], places[other]))
        todo = list(found)
        while todo:
            new = parts.get(todo.pop(), set()) - found
            found |= new
            todo += new
        return found

    def trimmed(self, ids: Iterable[int]) -> tuple[Tokenizer, list[int]]:
        """Return a tokenizer that knows no other pieces than `ids`, `needed` ones and what those are made of.

        The list gives the old id of every new one: the rows of an embedding table in their new order.
        """
        old = sorted(self.closed({*ids, *self.needed}))
        new = {before: after for after, before in enumerate(old)}
        content = deepcopy({name: part for name, part in self.content.items() if name != "model"})
        model = content["model"] = {**self.content["model"]}
        if self.kind == "Unigram":
            size = len(model["vocab"])
            model["vocab"] = [model["vocab"][before] for before in old if before < size]
            model["unk_id"] = None if model["unk_id"] is None else new[model["unk_id"]]
        else:
            model["vocab"] = {piece: new[n] for piece, n in model["vocab"].items() if n in new}
        if self.kind == "BPE":
            there = model["vocab"]
            model["merges"] = [merge for merge, *pieces in self._merges() if all(piece in there for piece in pieces)]
        content["added_tokens"] = [{**token, "id": new[token["id"]]} for token in content["added_tokens"]]
        for holder, place in _numbers(content):
            holder[place] = new[holder[place]]
        small = made(content, self.tokenizer)
        if wrong := [piece for n, piece in self.pieces.items() if n in new and small.token(new[n]) != piece]:
            raise ModelError(f"the tokenizer numbers its pieces in a way that is not known here ({wrong[0]!r} moved)")
        return small, old

    def _merges(self) -> Iterator[tuple[Any, str, str, str]]:
        """Yield the merges of a BPE model: as its file writes each, its two parts, and what they become."""
        model = self.content["model"]
        begun = len(model["continuing_subword_prefix"] or "")
        for merge in model["merges"]:
            one, other = parts_of(merge)
            yield merge, one, other, one + other[begun:]


def parts_of(merge: str | list[str]) -> tuple[str, str]:
    """Return the two parts of a merge, however the file writes it."""
    one, other = merge.split(" ") if isinstance(merge, str) else merge
    return one, other


def _numbers(content: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield every place, as what holds it and its key, where templates and padding name a piece by its number."""
    if content.get("padding"):
        yield content["padding"], "pad_id"
    parts = [content.get("post_processor") or {}]
    for part in parts:
        parts += part.get("processors", ())
        yield from ((part[name], 1) for name in ("sep", "cls") if name in part)
        for token in part.get("special_tokens", {}).values():
            yield from ((token["ids"], place) for place in range(len(token["ids"])))


def made(content: Mapping[str, Any], like: Tokenizer) -> Tokenizer:
    """Return the tokenizer that `content` describes, with everything around it as `like` has it."""
    from tokenizers import Tokenizer as Backend
    from transformers import PreTrainedTokenizerFast

    fast = like.fast
    special = {name: getattr(fast, name) for name in fast.SPECIAL_TOKENS_ATTRIBUTES if getattr(fast, name, None)}
    made = PreTrainedTokenizerFast(
        tokenizer_object=Backend.from_str(json.dumps(content)),
        **{name: getattr(fast, name) for name in AROUND},
        **special,
    )
    return Tokenizer(made, prefix=like.prefix, prompts=like.prompts, max_length=like.max_length)
