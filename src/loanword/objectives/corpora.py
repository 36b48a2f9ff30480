"""From the files that a recipe names to a tokenized corpus, once: a run that goes on finds it where it was.

corpus/text/           documents by language (`tokens.shards`)
corpus/text.json       what became of them; which lines of those laid aside are in the translations as well
corpus/text.key        what they hang on: files, settings, pieces
corpus/en-sw-0/, ...   the sides of translations, each with its key
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loanword.config import expanded
from loanword.data.corpus import corpus as clean
from loanword.data.corpus.documents import Document
from loanword.data.corpus.duplicates import key_of
from loanword.data.corpus.settings import CorpusSettings
from loanword.data.near_duplicates import fold
from loanword.data.read import read
from loanword.data.records import Table
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.errors import UsageError
from loanword.language.tag import sides
from loanword.objectives.streams import Corpus, TextRows
from loanword.progress import Progress
from loanword.tokens import shards
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

KEY = "key"
TEXT = "text"


@dataclass(frozen=True)
class Sources:
    """Files by language, those of translations by two of them, and what is done to them."""

    text: Mapping[str, str]
    parallel: Mapping[str, str]
    columns: Mapping[str, str]
    settings: CorpusSettings


def tokenized(
    sources: Sources, tokenizer: Tokenizer, folder: Path, *, length: int, seed: int, progress: Progress
) -> tuple[Corpus, dict[str, Any]]:
    """Return the corpus in `folder`, made there unless the same one is there already; and what became of its documents.

    Translations of text that is laid aside are left out. Raises `DataError` with all that is wrong with any of the
    sources, `UsageError` where something else than a corpus is in the place of one.
    """
    tables = {
        pair: read(source, language=pair, shape=PARALLEL_TEXT, columns=sources.columns)
        for pair, source in sources.parallel.items()
    }
    counts: dict[str, Any] = {}
    aside: set[int] = set()
    if sources.text:
        translated = {_line_key(text) for table in tables.values() for side in _sides(table) for text in side}
        cleaned = clean.Corpus(sources.text, sources.settings, progress)
        documents, known = cleaned.documents(), folder / f"{TEXT}.json"
        if not known.is_file() or not _is_there(folder / TEXT, _key(sources, tokenizer, TEXT)):
            known.unlink(missing_ok=True)  # Else counts of another corpus would be taken for those of this one.
            _make(_noting(documents, translated, aside), folder / TEXT, sources, tokenizer)
            about = {"counts": {tag: one.to_dict() for tag, one in cleaned.counts.items()}, "aside": sorted(aside)}
            known.write_text(json.dumps(about), encoding="utf-8")
        about = json.loads(known.read_text(encoding="utf-8"))
        counts, aside = about["counts"], {*about["aside"]}
    there = shards.read(folder / TEXT, tokenizer) if sources.text else {}
    parallel = {}
    for pair, table in tables.items():
        both = []
        for side, language in enumerate(sides(pair)):
            place = folder / f"{pair.replace(':', '-')}-{side}"
            if not _is_there(place, _key(sources, tokenizer, place.name)):
                _make(_documents(table, side, language, aside), place, sources, tokenizer)
            both.append(shards.read(place, tokenizer).get(language))
        if both[0] is not None and both[1] is not None:
            parallel[pair] = (both[0], both[1])
        if left := len(table) - (len(both[0]) if both[0] else 0):
            progress.say(f"{pair}: {left:,} of {len(table):,} translations are of text that is laid aside: left out")
    return Corpus(tokenizer, there, parallel, length=length, seed=seed), counts


def held_out(folder: Path, corpus: Corpus, *, rows: int) -> dict[str, list[Encoded]]:
    """Return some rows of every language's documents that are laid aside."""
    found = {}
    for tag, shard in shards.read(folder / TEXT, corpus.tokenizer, part="held-out").items() if corpus.texts else ():
        stream = TextRows(corpus, shard)
        found[tag] = [stream[number] for number in range(min(rows, len(stream)))]
    return found


def _sides(table: Table) -> tuple[Iterable[str], Iterable[str]]:
    return table.text, table.pair


def _documents(table: Table, side: int, language: str, aside: Container[int]) -> Iterator[Document]:
    """Yield one side of the translations, but for those of which either side is laid `aside`."""
    for one, other, line in zip(*_sides(table), table.line, strict=True):
        if not (aside and (_line_key(one) in aside or _line_key(other) in aside)):
            yield Document((one, other)[side].replace("\n", " "), language, table.origin, line)


def _noting(documents: Iterable[Document], translated: Container[int], aside: set[int]) -> Iterator[Document]:
    """Pass `documents` on, and note what lines of those that are laid aside are `translated` somewhere."""
    for document in documents:
        if document.held_out and translated:
            lines = {document.text, *document.text.split("\n")}
            aside |= {key for line in lines if (key := _line_key(line)) in translated}
        yield document


def _line_key(text: str) -> int:
    return key_of(fold(text.replace("\n", " ")))


def _make(documents: Iterable[Document], folder: Path, sources: Sources, tokenizer: Tokenizer) -> None:
    """Tokenize `documents` into `folder`, in the place of another corpus."""
    if folder.exists() and not (folder / shards.INFO).is_file():
        raise UsageError(f"{folder} is no tokenized corpus, and would be replaced by one; give the run another folder")
    key = folder.with_name(f"{folder.name}.{KEY}")
    key.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    shards.write(documents, tokenizer, folder)
    key.write_text(_key(sources, tokenizer, folder.name), encoding="utf-8")


def _key(sources: Sources, tokenizer: Tokenizer, name: str) -> str:
    """Return what a tokenized corpus hangs on: files with their sizes and times, settings, pieces."""
    digest = hashlib.sha256(f"{shards.fingerprint(tokenizer)} {name} {sources.settings.model_dump_json()}".encode())
    for tag, source in sorted({**sources.text, **sources.parallel}.items()):
        digest.update(f"{tag} {source}".encode())
        root = expanded(source)
        for file in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if file.is_file():
                about = file.stat()
                digest.update(f"{file} {about.st_size} {about.st_mtime_ns}".encode())
    return digest.hexdigest()


def _is_there(folder: Path, key: str) -> bool:
    file = folder.with_name(f"{folder.name}.{KEY}")
    return folder.is_dir() and file.is_file() and file.read_text(encoding="utf-8") == key
