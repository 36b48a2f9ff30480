"""A fast tokenizer under a contract: the user's text is text.

Stock tokenizers turn a typed ``</s>`` or ``<mask>`` into the control token of that name. Here control tokens come
from the template alone: added-token matching is switched off, and every control string that the vocabulary itself
could produce is cut after its first character before the model sees it.
"""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from loanword.errors import ModelError, UsageError
from loanword.tokens.encoded import NOWHERE, Encoded, Place

LONGEST_PIECE = 64
"""Characters a piece is assumed to span at most: longer texts are cut to this times the length limit beforehand, so
that a text of a million characters costs no more than it can matter."""


Role = Literal["", "query", "document"]
"""What a text is in a search; "" where it is in none."""

HEAVY = {"fast", "_backend", "_plain"}
"""Where a `Tokenizer` has its vocabulary."""

BEGINNINGS = "▁Ġ \u00a0"
"""What pieces begin with at the start of a word."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The `ids` of a text, and the part of it that each stands for, as (start, end) in code points."""

    ids: list[int]
    offsets: list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Frame:
    """Special tokens around one text or two: `parts` before, between and after; their token types; the last text's."""

    parts: list[list[int]]
    types: list[list[int]]
    second: int

    @property
    def size(self) -> int:
        """Count the pieces."""
        return sum(map(len, self.parts))

    def around(self, *texts: Sequence[int]) -> tuple[list[int], list[int]]:
        """Put the texts into the frame; returns pieces and token types."""
        ids, types = list(self.parts[0]), list(self.types[0])
        for place, text in enumerate(texts, start=1):
            ids += [*text, *self.parts[place]]
            types += [*[0 if place == 1 else self.second] * len(text), *self.types[place]]
        return ids, types

    def places(self, *texts: Sequence[Place]) -> list[Place]:
        """Put the places of the texts' pieces into the frame, whose own stand nowhere."""
        parts = [[Place(NOWHERE, 0, 0)] * len(part) for part in self.parts]
        return [place for text, part in zip([(), *texts], parts, strict=True) for place in (*text, *part)]


class Tokenizer:
    """Texts to piece ids, with the model's prefix, length limit and special tokens.

    Wraps a transformers fast tokenizer and guards its backend in place; `save` writes it as it was loaded.
    `has_decoder` says that it belongs to a model that brings a decoder of its own, `locates` that inputs tell where
    their pieces stand.
    """

    has_decoder = False
    locates = False

    def __init__(
        self, fast: Any, *, prefix: str = "", prompts: Mapping[str, str] | None = None, max_length: int = 512
    ) -> None:
        """Wrap `fast`; `prefix` is put before every text, at most `max_length` pieces are kept.

        `prompts` are what is put there in its place where a text has a role: "query", "document".
        """
        self.fast = fast
        self.prefix = prefix
        self.prompts = dict(prompts or {})
        self.max_length = max_length
        if fast.pad_token_id is None:
            raise ModelError("the tokenizer has no padding token; set one in its tokenizer_config.json")
        self.pad_id = int(fast.pad_token_id)
        self.unknown_id: int | None = fast.unk_token_id
        self.control_ids: list[int] = sorted(fast.all_special_ids)
        self._blank: dict[int, bool] = {}
        self._open()

    def _open(self) -> None:
        """Take what does the work out of the stock tokenizer, and guard it."""
        self._backend = self.fast.backend_tokenizer
        self._plain = self._backend.pre_tokenizer
        self._limits = (self._backend.truncation, self._backend.padding)
        self._guard()

    def put_away(self) -> None:
        """Give back what the stock tokenizer holds, 0.3 GB for 250,000 pieces, until it is asked for something."""
        with self._as_loaded():
            self._away = pickle.dumps(self.fast)
        for name in HEAVY & vars(self).keys():
            delattr(self, name)

    def __getattr__(self, name: str) -> Any:
        """Take out again what was put away."""
        if name not in HEAVY or "_away" not in vars(self):
            raise AttributeError(f"{type(self).__name__} has no attribute {name}")
        self.fast = pickle.loads(self._away)
        self._open()
        return getattr(self, name)

    def __len__(self) -> int:
        """Count the vocabulary, added tokens included."""
        return len(self.fast)

    def locating(self) -> Tokenizer:
        """Return this tokenizer as one whose inputs have `places`: for the few texts that are looked at in detail."""
        found = copy.copy(self)
        found.locates = True
        return found

    def encode(
        self,
        texts: Sequence[str],
        *,
        languages: Sequence[str],
        pairs: Sequence[str] | None = None,
        role: Role = "",
        into: Sequence[str] | None = None,
    ) -> list[Encoded]:
        """Encode `texts` (each with its second text from `pairs`, if given), one `Encoded` each, in order.

        All of them are of one `role`: of the model's prompts, it says which is put before them, if there is one. `into`
        are the languages to answer in, where a task writes. Raises `UsageError` for text that is no Unicode text (lone
        surrogates), and for an unknown role.
        """
        if role not in get_args(Role):
            raise UsageError(f"unknown role '{role}'; known: query, document")
        limit = self.max_length * LONGEST_PIECE
        prefix = self.prompts.get(role, self.prefix) if role else self.prefix
        firsts = [(prefix + text)[:limit] for text in texts]
        seconds = [""] * len(texts) if pairs is None else [text[:limit] for text in pairs]
        inputs: list[Any] = firsts if pairs is None else list(zip(firsts, seconds, strict=True))
        try:
            codes = self._backend.encode_batch(inputs)
        except (TypeError, UnicodeEncodeError) as error:
            bad = next((i for i, pair in enumerate(zip(firsts, seconds, strict=True)) if _has_surrogate(*pair)), None)
            if bad is None:
                raise
            raise UsageError(
                f"text number {bad + 1} holds a lone surrogate (half a character); "
                "decode it properly, or replace it with text.encode('utf-8', 'replace').decode()"
            ) from error
        return [
            Encoded(
                ids=code.ids,
                language=language,
                row=row,
                types=code.type_ids if pairs is not None else None,
                truncated=bool(code.overflowing) or len(prefix) + len(texts[row]) > limit,
                into=into[row] if into else "",
                places=_places(code, before=len(prefix)) if self.locates else None,
            )
            for row, (code, language) in enumerate(zip(codes, languages, strict=True))
        ]

    def written(self, texts: Sequence[str], *, languages: Sequence[str], longest: int) -> list[list[int]]:
        """Return the pieces of `texts` as a model is to write them, at most `longest` of each, in `languages`."""
        return [pieces.ids[:longest] for pieces in self.plain(texts)]

    def expect_languages(self, tags: Iterable[str]) -> None:
        """Raise `UsageError` if the model has to be told the language of a text, and knows one of `tags` not."""

    def plain(self, texts: Sequence[str]) -> list[Pieces]:
        """Return the pieces of `texts`, however many, without prefix and special tokens, and where each stands."""
        codes = self._whole(list(texts))
        return [Pieces(code.ids, list(code.offsets)) for code in codes]

    def words(self, texts: Sequence[Sequence[str]]) -> list[list[Pieces]]:
        """Return the pieces of every word of `texts`, each tokenized by itself, without special tokens."""
        found: list[list[Pieces]] = []
        for words, code in zip(texts, self._whole([list(words) for words in texts], words=True), strict=True):
            pieces = [Pieces([], []) for _ in words]
            for piece, offset, word in zip(code.ids, code.offsets, code.word_ids, strict=True):
                pieces[word].ids.append(piece)
                pieces[word].offsets.append(offset)
            found.append(pieces)
        return found

    def _whole(self, inputs: list[Any], *, words: bool = False) -> list[Any]:
        """Run the tokenizer without special tokens, and without its length limit."""
        self._backend.no_truncation()
        try:
            codes: list[Any] = self._backend.encode_batch(inputs, is_pretokenized=words, add_special_tokens=False)
        except (TypeError, UnicodeEncodeError) as error:
            raise UsageError("a text holds a lone surrogate (half a character); decode it properly") from error
        finally:
            self._backend.enable_truncation(max_length=self.max_length)
        return codes

    def token(self, piece: int) -> str:
        """Return a piece as the vocabulary has it."""
        return self._backend.id_to_token(piece) or ""

    def is_blank(self, piece: int) -> bool:
        """Whether a piece stands for no character but a space: the mark that a word begins, where it is alone."""
        if piece not in self._blank:
            self._blank[piece] = not self.token(piece).strip(BEGINNINGS)
        return self._blank[piece]

    def frame(self, *, pair: bool = False) -> Frame:
        """Return the special tokens around a text (prefix included), or before, between and after two."""
        code = self._backend.encode("a", "b") if pair else self._backend.encode("a")
        parts: list[list[int]] = [[], [], []] if pair else [[], []]
        types: list[list[int]] = [[], [], []] if pair else [[], []]
        place, inside = 0, False
        for piece, sequence, kind in zip(code.ids, code.sequence_ids, code.type_ids, strict=True):
            if sequence is not None:
                inside = True
                continue
            if inside:
                place, inside = place + 1, False
            parts[place].append(piece)
            types[place].append(kind)
        second = code.type_ids[max(i for i, s in enumerate(code.sequence_ids) if s is not None)]
        prefix = self.plain([self.prefix])[0].ids if self.prefix else []
        parts[0] += prefix
        types[0] += [0] * len(prefix)
        return Frame(parts, types, second)

    def text(self, ids: Sequence[int]) -> str:
        """Return the text that pieces spell, special tokens left out."""
        return str(self._backend.decode(list(ids), skip_special_tokens=True))

    def pieces(self, text: str) -> list[str]:
        """Return the pieces of `text` without prefix and special tokens, for reports and explanations."""
        return list(self._backend.encode(text, add_special_tokens=False).tokens)

    def save(self, folder: Path) -> None:
        """Write the tokenizer as transformers reads it, without the guard."""
        with self._as_loaded():
            self.fast.save_pretrained(str(folder))

    @contextmanager
    def _as_loaded(self) -> Iterator[None]:
        """Take the guard off for a while."""
        backend = self._backend
        truncation, padding = self._limits
        backend.pre_tokenizer = self._plain
        backend.encode_special_tokens = False
        backend.no_truncation()
        if truncation:
            backend.enable_truncation(**truncation)
        if padding:
            backend.enable_padding(**padding)
        try:
            yield
        finally:
            self._guard()

    def _guard(self) -> None:
        """Cut control strings in text, and cut texts at `max_length`."""
        from tokenizers import Regex, pre_tokenizers

        backend = self._backend
        backend.encode_special_tokens = True
        special = {token.content for token in backend.get_added_tokens_decoder().values() if token.special}
        controls = sorted(token for token in special.union(self.fast.all_special_tokens) if len(token) > 1)
        if controls:
            # "<" where "mask>" follows: with its first character apart, the rest cannot become the control piece.
            pattern = "|".join(f"{re.escape(token[0])}(?={re.escape(token[1:])})" for token in controls)
            cut = pre_tokenizers.Split(Regex(pattern), "isolated")
            backend.pre_tokenizer = cut if self._plain is None else pre_tokenizers.Sequence([self._plain, cut])
        room = backend.num_special_tokens_to_add(is_pair=True)
        if self.max_length <= room + 1:
            raise UsageError(f"max_length is {self.max_length}; it must be above {room + 1} to leave room for text")
        backend.enable_truncation(max_length=self.max_length)
        backend.no_padding()


def _places(code: Any, *, before: int) -> list[Place]:
    """Say where the pieces of `code` stand, whose first text has `before` characters before it that are not its own."""
    return [
        Place(NOWHERE, 0, 0) if side is None else Place(1, *offset) if side else placed(offset, before=before)
        for side, offset in zip(code.sequence_ids, code.offsets, strict=True)
    ]


def placed(offset: tuple[int, int], *, before: int) -> Place:
    """Say where a piece of a text stands that has `before` characters before it which are not its own."""
    start, end = offset
    if before and end <= before:
        return Place(NOWHERE, 0, 0)
    return Place(0, max(0, start - before), end - before)


def _has_surrogate(*texts: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for text in texts for character in text)
