"""The tokenizer of a sequence-to-sequence model: texts to read, texts to write, and which languages they are in.

Translation models are told languages by control tokens: around each text (NLLB, M2M-100, mBART), or by the wanted one
before the text that is read (Marian's ``>>de<<``). Here they are set row by row, from BCP-47 tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from loanword.errors import ModelError, UsageError
from loanword.language.codes import code_for, tags_of
from loanword.language.tag import name as name_of
from loanword.language.tag import sides
from loanword.tokens.encoded import NOWHERE, Encoded, Place
from loanword.tokens.tokenizer import LONGEST_PIECE, Frame, Role, Tokenizer, placed


class Seq2SeqTokenizer(Tokenizer):
    """A `Tokenizer` that also frames what a model is to write.

    `codes` are the languages that a token around every text names, `commands` those that a token before a text asks
    for, each with its tag. In a prefix, ``{source}`` and ``{target}`` become the names of the languages.
    """

    has_decoder = True

    def __init__(self, stock: Any, *, name: str, prefix: str = "", max_length: int = 512) -> None:
        """Wrap the tokenizer `stock` of the model that the user calls `name`."""
        super().__init__(stock, prefix=prefix, max_length=max_length)
        self.name = name
        table: Mapping[str, int] = getattr(stock, "lang_code_to_id", {})
        self.codes = tags_of(table or stock.all_special_tokens) if hasattr(stock, "src_lang") else {}
        self.code_ids = {code: int(table.get(code, stock.convert_tokens_to_ids(code))) for code in self.codes}
        asking = stock.get_vocab() if hasattr(stock, "supported_language_codes") else ()
        self.commands = tags_of(token for token in asking if token.startswith(">>"))
        asked = map(stock.convert_tokens_to_ids, self.commands)
        self.control_ids = sorted({*self.control_ids, *self.code_ids.values(), *asked})
        self._control = {*self.control_ids}
        self._found: dict[str, str | None] = {}
        self._frames: dict[tuple[str, bool], tuple[list[int], list[int]]] = {}

    def encode(
        self,
        texts: Sequence[str],
        *,
        languages: Sequence[str],
        pairs: Sequence[str] | None = None,
        role: Role = "",
        into: Sequence[str] | None = None,
    ) -> list[Encoded]:
        """Encode as `Tokenizer.encode` does, each text with the tokens of its language and of that to answer in."""
        if pairs is not None:
            self._expect_no_language()
            return super().encode(texts, languages=languages, pairs=pairs, into=into)
        goals = list(into or [""] * len(texts))
        limit = self.max_length * LONGEST_PIECE
        whole = [
            self._prefixed(language, goal) + text for text, language, goal in zip(texts, languages, goals, strict=True)
        ]
        found = []
        rows = zip(self._pieces([text[:limit] for text in whole]), whole, languages, goals, strict=True)
        for row, (pieces, text, language, goal) in enumerate(rows):
            before, after = self._around(self._code(language, self.codes), written=False)
            if goal and self.commands:
                before = [self.fast.convert_tokens_to_ids(self._code(goal, self.commands)), *before]
            room = self.max_length - len(before) - len(after)
            cut = len(pieces) > room or len(text) > limit
            ids = [*before, *pieces[:room], *after]
            item = Encoded(ids=ids, language=language, row=row, truncated=cut, into=goal)
            if self.locates:
                own = self._stand(text[:limit], before=len(text) - len(texts[row]))[:room]
                item.places = [*[Place(NOWHERE, 0, 0)] * len(before), *own, *[Place(NOWHERE, 0, 0)] * len(after)]
            found.append(item)
        return found

    def written(self, texts: Sequence[str], *, languages: Sequence[str], longest: int) -> list[list[int]]:
        """Return what the decoder is to write: at most `longest` pieces of each text, and the tokens around them."""
        found = []
        for pieces, language in zip(self._pieces(texts, written=True), languages, strict=True):
            before, after = self._around(self._code(language, self.codes), written=True)
            found.append([*before, *pieces[:longest], *after])
        return found

    def target_id(self, tag: str) -> int | None:
        """Return the token by which the decoder is told to write in `tag`; None where it is not told."""
        return self.code_ids.get(self._code(tag, self.codes))

    def expect_languages(self, tags: Iterable[str]) -> None:
        """Raise `UsageError` for those of `tags` (of pairs of languages, too) that the model cannot be told."""
        if self.commands:
            wanted, known = [sides(tag)[1] for tag in tags if ":" in tag], self.commands
        else:
            wanted, known = [side for tag in tags for side in sides(tag)], self.codes
        if known and (lacking := sorted({tag for tag in wanted if not self._find(tag, known)})):
            raise self._unknown(lacking, known)

    def frame(self, *, pair: bool = False) -> Frame:
        """Return the special tokens around texts, where they do not depend on a language."""
        self._expect_no_language()
        return super().frame(pair=pair)

    def text(self, ids: Sequence[int]) -> str:
        """Return the text that pieces spell, special tokens left out."""
        return self._spelled([piece for piece in ids if piece not in self._control])

    def _spelled(self, ids: list[int]) -> str:
        return super().text(ids)

    def _pieces(self, texts: Sequence[str], *, written: bool = False) -> list[list[int]]:
        """Return the pieces of texts that are read, or `written`, without special tokens."""
        return [pieces.ids for pieces in self.plain(texts)]

    def _stand(self, text: str, *, before: int) -> list[Place]:
        """Return where the pieces of `text` stand in what comes after its first characters, so many as `before`."""
        return [placed(offset, before=before) for offset in self.plain([text])[0].offsets]

    def _prefixed(self, language: str, into: str) -> str:
        """Return the prefix with the names of the languages in it."""
        if "{" not in self.prefix:
            return self.prefix
        return self.prefix.replace("{source}", name_of(language)).replace("{target}", name_of(into or language))

    def _code(self, tag: str, codes: Mapping[str, str]) -> str:
        """Return which of `codes` stands for `tag`; "" where the model is told no language."""
        if not codes:
            return ""
        code = self._find(tag, codes)
        if code is None:
            raise self._unknown([tag], codes)
        return code

    def _find(self, tag: str, codes: Mapping[str, str]) -> str | None:
        if tag not in self._found:
            self._found[tag] = code_for(tag, codes)
        return self._found[tag]

    def _unknown(self, tags: Sequence[str], codes: Mapping[str, str]) -> UsageError:
        if "und" in tags:
            return UsageError(f"{self.name} must be told which languages texts are in; name them, such as en:de")
        spelled = ", ".join(f"'{tag}' ({name_of(tag)})" for tag in tags)
        return UsageError(f"{self.name} does not know {spelled}; it knows {', '.join(sorted({*codes.values()}))}")

    def _expect_no_language(self) -> None:
        """Raise `ModelError` where special tokens are not the same around every text."""
        if self.codes:
            raise ModelError(
                f"{self.name} is told the language of every text: it reads whole texts alone, and no pairs or parts of "
                "them; take another model for this task"
            )

    def _around(self, code: str, *, written: bool) -> tuple[list[int], list[int]]:
        """Return the special tokens before and after a text in the language of `code`, that is read or `written`."""
        if (code, written) not in self._frames:
            with self._set(code, written=written):
                self._frames[code, written] = self._special()
        return self._frames[code, written]

    @contextmanager
    def _set(self, code: str, *, written: bool) -> Iterator[None]:
        """Let the stock tokenizer take texts in the language of `code`, as they are read or `written`."""
        stock = self.fast
        usual = {name: getattr(stock, name) for name in ("src_lang", "tgt_lang") if hasattr(stock, name)}
        switch = getattr(stock, "_switch_to_target_mode", None) if written else None
        try:
            if code:
                setattr(stock, "tgt_lang" if written else "src_lang", code)
            if switch:
                switch()
            yield
        finally:
            if switch:
                stock._switch_to_input_mode()
            for name, value in usual.items():
                setattr(stock, name, value)

    def _special(self) -> tuple[list[int], list[int]]:
        """Return the special tokens before and after a text, as the stock tokenizer is set."""
        code = self._backend.encode("a")
        inside = [place for place, sequence in enumerate(code.sequence_ids) if sequence is not None]
        return code.ids[: inside[0]], code.ids[inside[-1] + 1 :]


class PythonTokenizer(Seq2SeqTokenizer):
    """A `Seq2SeqTokenizer` over one that transformers has in Python alone (Marian, M2M-100, ByT5).

    It reads whole texts; tasks that look at parts of them need a fast one.
    """

    def _open(self) -> None:
        if self.max_length <= (room := self.fast.num_special_tokens_to_add()) + 1:
            raise UsageError(f"max_length is {self.max_length}; it must be above {room + 1} to leave room for text")

    def _spelled(self, ids: list[int]) -> str:
        return str(self.fast.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))

    @contextmanager
    def _as_loaded(self) -> Iterator[None]:
        yield  # There is no guard.

    def _whole(self, inputs: list[Any], *, words: bool = False) -> list[Any]:
        return self._expect_no_language()

    def _expect_no_language(self) -> NoReturn:
        """Raise `ModelError`."""
        raise ModelError(
            f"{self.name} has no fast tokenizer (tokenizer.json): it reads whole texts alone, and no pairs or parts of "
            "them; take another model for this task"
        )

    def _pieces(self, texts: Sequence[str], *, written: bool = False) -> list[list[int]]:
        with self._set(next(iter(self.codes), ""), written=written):
            return [self._plainly(text) for text in texts]

    def _stand(self, text: str, *, before: int) -> list[Place]:
        """Return nothing: nobody says it."""
        return []

    def _plainly(self, text: str) -> list[int]:
        """Return the pieces of `text`, in which no control string is one: ``</s>`` is spelt, as is ``>>de<<``."""
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UsageError("a text holds a lone surrogate (half a character); decode it properly") from error
        spaced = f" {text}" if text.startswith(">>") else text
        ids: list[int] = self.fast.convert_tokens_to_ids(self.fast.tokenize(spaced, split_special_tokens=True))
        # Of characters that it does not know, sentencepiece makes a piece that is called by them.
        return [self.fast.unk_token_id if piece in self._control else piece for piece in ids]

    def _special(self) -> tuple[list[int], list[int]]:
        inside = -1
        ids = self.fast.build_inputs_with_special_tokens([inside])
        place = ids.index(inside)
        return ids[:place], ids[place + 1 :]
