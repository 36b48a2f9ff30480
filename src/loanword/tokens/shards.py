"""Documents as piece ids on disk, mapped into memory: a corpus of any size takes none.

shards/
    shards.json                the tokenizer's fingerprint; by language documents, pieces, characters
    train/en/pieces.bin        the pieces of all documents in a row, in the smallest integers that hold the vocabulary
    train/en/documents.bin     of each document: its first piece, its first sentence, its line, int64
    train/en/sentences.bin     where each sentence ends, in pieces from the document's first, uint32
    train/en/rows-126.bin      of each row of at most 126 pieces: first piece and length, int64; made when first asked
    held-out/en/...            the same of documents that are laid aside

A document is cut into lines, and these into sentences, each of which is tokenized by itself: sentence boundaries are
piece boundaries, and no special pieces are stored. A row never crosses a document; a long one is cut into parts of
equal length.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from loanword.durable import beside, put
from loanword.errors import UsageError
from loanword.language.sentences import sentences
from loanword.language.tag import is_segmented
from loanword.tokens.tokenizer import Tokenizer

if TYPE_CHECKING:
    from loanword.data.corpus.documents import Document

Part = Literal["train", "held-out"]
INFO, PIECES, DOCUMENTS, SENTENCES = "shards.json", "pieces.bin", "documents.bin", "sentences.bin"
TOGETHER = 256
"""Documents that are tokenized at a time."""
BLOCK = 1 << 16
"""Documents, or pieces, that are looked at together."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of a language."""

    documents: int
    sentences: int
    pieces: int
    characters: int


def fingerprint(tokenizer: Tokenizer) -> str:
    """Return what tells the pieces of one tokenizer from those of another."""
    digest = hashlib.sha256()
    for number in range(len(tokenizer)):
        digest.update(tokenizer.token(number).encode() + b"\0")
    return digest.hexdigest()[:16]


def write(documents: Iterable[Document], tokenizer: Tokenizer, folder: Path) -> dict[Part, dict[str, Size]]:
    """Tokenize `documents` into `folder`, which appears complete or not at all; returns the sizes by language."""
    with beside(folder) as staging:
        made = staging / folder.name
        made.mkdir()
        kind = np.uint16 if len(tokenizer) <= 1 << 16 else np.uint32
        sizes: dict[Part, dict[str, Size]] = {"train": {}, "held-out": {}}
        stream = iter(documents)
        while group := list(islice(stream, TOGETHER)):
            apart: dict[tuple[Part, str], list[Document]] = {}
            for document in group:
                part: Part = "held-out" if document.held_out else "train"
                apart.setdefault((part, document.language), []).append(document)
            for (part, tag), texts in apart.items():
                before = sizes[part].get(tag, Size(0, 0, 0, 0))
                sizes[part][tag] = _append(texts, tokenizer, made / part / tag, before, kind)
        info = {
            "tokenizer": fingerprint(tokenizer),
            "integers": np.dtype(kind).name,
            "train": {tag: asdict(size) for tag, size in sizes["train"].items()},
            "held-out": {tag: asdict(size) for tag, size in sizes["held-out"].items()},
        }
        (made / INFO).write_text(json.dumps(info, indent=1) + "\n", encoding="utf-8")
        put(made, folder)
    return sizes


def _append(texts: list[Document], tokenizer: Tokenizer, folder: Path, before: Size, kind: type[np.integer]) -> Size:
    """Add documents of a language to its files."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [text.text.split("\n") for text in texts]
    parts = [[line[start:end] for line in some for start, end in sentences(line)] for some in lines]
    pieces = iter(tokenizer.plain([part for document in parts for part in document]))
    ids: list[int] = []
    starts: list[tuple[int, int, int]] = []
    ends: list[int] = []
    for text, document in zip(texts, parts, strict=True):
        first, runs_on = len(ids), not is_segmented(text.language)
        starts.append((before.pieces + first, before.sentences + len(ends), text.line))
        for number, _ in enumerate(document):
            found = next(pieces).ids
            # Without spaces between words there is none between sentences, and no mark that a word begins.
            ids += found[1:] if number and found and runs_on and tokenizer.is_blank(found[0]) else found
            ends.append(len(ids) - first)
    for name, values in (
        (PIECES, np.array(ids, dtype=kind)),
        (DOCUMENTS, np.array(starts, dtype=np.int64).reshape(-1, 3)),
        (SENTENCES, np.array(ends, dtype=np.uint32)),
    ):
        with (folder / name).open("ab") as file:
            values.tofile(file)
    return Size(
        before.documents + len(texts),
        before.sentences + len(ends),
        before.pieces + len(ids),
        before.characters + sum(len(text.text) for text in texts),
    )


@dataclass(frozen=True)
class Shard:
    """The documents of one language, mapped: nothing is read before it is asked for."""

    language: str
    folder: Path
    size: Size
    pieces: np.ndarray
    documents: np.ndarray
    ends: np.ndarray

    def __len__(self) -> int:
        """Count the documents."""
        return self.size.documents

    def describe(self) -> dict[str, int]:
        """Return its size, as JSON values."""
        return asdict(self.size)

    def span(self, document: int) -> tuple[int, int]:
        """Return where the pieces of a document begin and end."""
        last = document + 1 == len(self)
        return int(self.documents[document, 0]), self.size.pieces if last else int(self.documents[document + 1, 0])

    def sentences(self, document: int) -> list[np.ndarray]:
        """Return the pieces of every sentence of a document."""
        start, _ = self.span(document)
        last = document + 1 == len(self)
        until = self.size.sentences if last else int(self.documents[document + 1, 1])
        ends = self.ends[int(self.documents[document, 1]) : until].tolist()
        return [np.asarray(self.pieces[start + a : start + b]) for a, b in pairwise([0, *ends])]

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield all pieces in order, some at a time; read, for what is mapped takes memory once it was looked at."""
        return self._read(PIECES, self.pieces.dtype)

    def rows(self, limit: int) -> np.ndarray:
        """Return the first piece and the length of every row of at most `limit` pieces, (rows, 2), mapped."""
        file = self.folder / f"rows-{limit}.bin"
        if not file.exists():
            partial = file.with_suffix(".partial")
            with partial.open("wb") as target:
                for block in self._cut(limit):
                    block.tofile(target)
            partial.replace(file)
        return _mapped(file, np.dtype(np.int64), columns=2)

    def _cut(self, limit: int) -> Iterator[np.ndarray]:
        past = np.array([[self.size.pieces, 0, 0]])
        for block, after in pairwise(chain(self._read(DOCUMENTS, self.documents.dtype, columns=3), [past])):
            firsts = np.append(block[:, 0], after[0, 0])
            lengths = np.diff(firsts)
            parts = -(-lengths // limit)
            which = np.repeat(np.arange(len(parts)), parts)
            number = np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts)
            cut = lengths[which] * np.stack([number, number + 1]) // parts[which]
            yield np.stack([firsts[which] + cut[0], cut[1] - cut[0]], axis=1)

    def _read(self, name: str, kind: np.dtype, *, columns: int = 1) -> Iterator[np.ndarray]:
        with (self.folder / name).open("rb") as file:
            while len(block := np.fromfile(file, dtype=kind, count=BLOCK * columns)):
                yield block.reshape(-1, columns) if columns > 1 else block


def read(folder: Path, tokenizer: Tokenizer, *, part: Part = "train") -> dict[str, Shard]:
    """Map the shards in `folder` by language; raises `UsageError` where they are none of `tokenizer`'s."""
    try:
        info = json.loads((folder / INFO).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} holds no tokenized corpus: {INFO} cannot be read") from error
    if info["tokenizer"] != fingerprint(tokenizer):
        raise UsageError(f"{folder} was tokenized with another vocabulary; give another folder, or remove it")
    return {tag: _shard(folder / part / tag, tag, Size(**size), info["integers"]) for tag, size in info[part].items()}


def _shard(folder: Path, tag: str, size: Size, integers: str) -> Shard:
    return Shard(
        tag,
        folder,
        size,
        pieces=_mapped(folder / PIECES, np.dtype(integers)),
        documents=_mapped(folder / DOCUMENTS, np.dtype(np.int64), columns=3),
        ends=_mapped(folder / SENTENCES, np.dtype(np.uint32)),
    )


def _mapped(file: Path, kind: np.dtype, *, columns: int = 1) -> np.ndarray:
    found = np.memmap(file, dtype=kind, mode="r") if file.stat().st_size else np.zeros(0, dtype=kind)
    return found.reshape(-1, columns) if columns > 1 else found


def counted(shard: Shard, size: int) -> np.ndarray:
    """Return how often each of `size` pieces comes in `shard`, (size,)."""
    found = np.zeros(size, dtype=np.int64)
    for block in shard.blocks():
        found += np.bincount(block, minlength=size)
    return found
