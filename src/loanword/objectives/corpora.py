"""From the files that a recipe names to a tokenized corpus, once: a run that goes on finds it where it was."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loanword.config import expanded
from loanword.data.corpus import corpus as clean
from loanword.data.corpus.documents import Document
from loanword.data.corpus.settings import CorpusSettings
from loanword.data.read import read
from loanword.data.shapes.parallel import PARALLEL_TEXT
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

    Raises `DataError` with all that is wrong with any of the sources.
    """
    cleaned = clean.Corpus(sources.text, sources.settings, progress)
    kinds: dict[str, Iterable[Document]] = {TEXT: cleaned.documents()} if sources.text else {}
    for pair, source in sources.parallel.items():
        table = read(source, language=pair, shape=PARALLEL_TEXT, columns=sources.columns)
        for side, texts in enumerate((table.text, table.pair)):
            kinds[f"{pair.replace(':', '-')}-{side}"] = _documents(texts, table.line, sides(pair)[side], table.origin)
    for name, documents in kinds.items():
        if not _is_there(folder / name, key := _key(sources, tokenizer, name)):
            shutil.rmtree(folder / name, ignore_errors=True)
            folder.mkdir(parents=True, exist_ok=True)
            shards.write(documents, tokenizer, folder / name)
            (folder / f"{name}.{KEY}").write_text(key, encoding="utf-8")
    parallel = {}
    for pair in sources.parallel:
        both = [shards.read(folder / f"{pair.replace(':', '-')}-{side}", tokenizer) for side in (0, 1)]
        parallel[pair] = (both[0][sides(pair)[0]], both[1][sides(pair)[1]])
    there = shards.read(folder / TEXT, tokenizer) if sources.text else {}
    counts = {tag: count.to_dict() for tag, count in cleaned.counts.items()}
    return Corpus(tokenizer, there, parallel, length=length, seed=seed), counts


def held_out(folder: Path, corpus: Corpus, *, rows: int) -> dict[str, list[Encoded]]:
    """Return some rows of every language's documents that are laid aside."""
    found = {}
    for tag, shard in shards.read(folder / TEXT, corpus.tokenizer, part="held-out").items() if corpus.texts else ():
        stream = TextRows(corpus, shard)
        found[tag] = [stream[number] for number in range(min(rows, len(stream)))]
    return found


def _documents(texts: Iterable[str], lines: Iterable[int], language: str, origin: str) -> Iterator[Document]:
    for text, line in zip(texts, lines, strict=True):
        yield Document(text.replace("\n", " "), language, origin, line)


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
