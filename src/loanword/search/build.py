"""From documents to an index in a folder, which is there whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from loanword.deploy.bundle import Bundle
from loanword.durable import beside, put, seal
from loanword.errors import UsageError
from loanword.language.outputs import identified
from loanword.progress import Progress
from loanword.search.documents import Documents
from loanword.search.graph import write_graph
from loanword.search.passages import Passage, passages
from loanword.search.store import GRAPH, INFO, PASSAGES, VECTORS, Info, Stored, write_passages, write_vectors
from loanword.tokens.tokenizer import Tokenizer

PART = 2**16
"""Characters that are tokenized at a time."""


def write_index(
    documents: Documents,
    target: Path,
    *,
    model: str,
    encoder: Bundle,
    columns: Mapping[str, str] | None,
    language: str | None,
    length: int,
    overlap: int,
    approximate: bool,
    watch: Progress,
) -> Info:
    """Write the index of `documents` to the folder `target`, and return what it says of itself; see `Index.build`."""
    with beside(target) as staging:
        folder = staging / target.name
        folder.mkdir()
        watch.stage("read", detail=str(documents.root))
        length, room, overlap = _sizes(encoder.tokenizer, length=length, overlap=overlap, watch=watch)
        cut = _cut(documents, encoder.tokenizer, columns=columns, language=language, room=room, overlap=overlap)
        write_passages(cut, folder / PASSAGES)
        count = _write_vectors(folder, encoder, approximate=approximate, watch=watch)
        info = Info(model=model, length=length, overlap=overlap, passages=count)
        (folder / INFO).write_text(info.model_dump_json(indent=1) + "\n", encoding="utf-8")
        watch.stage("save")
        seal(folder)
        put(folder, target)
    return info


def expect_place(target: Path, documents: Documents) -> None:
    """Raise `UsageError` if an index in `target` would replace something else, or be among the documents."""
    is_free = not target.exists() or (target.is_dir() and not any(target.iterdir()))
    if not is_free and not (target / INFO).is_file():
        raise UsageError(f"{target} exists and is no index; choose another folder, or move it away")
    if any(file.resolve().is_relative_to(target.resolve()) for file in documents.files):
        raise UsageError(f"the documents lie in {target}, which would be replaced; choose another folder")
    if documents.is_folder and target.resolve().is_relative_to(documents.root.resolve()):
        raise UsageError(f"{target} lies in {documents.root}, and would be among its documents; choose another folder")


def vectors_of(
    passages: Sequence[Passage], encoder: Bundle, progress: Callable[[int], None] | None = None
) -> np.ndarray:
    """Return the vectors of `passages`, as what queries look for."""
    languages = [one.language for one in passages]
    return encoder.embed([one.text for one in passages], language=languages, role="document", progress=progress)


def _write_vectors(folder: Path, encoder: Bundle, *, approximate: bool, watch: Progress) -> int:
    """Write what belongs to the passages in `folder`, and return how many these are."""
    stored = Stored(folder / PASSAGES)
    watch.stage("index", total=len(stored))
    made = partial(vectors_of, encoder=encoder, progress=watch.advance)
    vectors = write_vectors(stored, folder / VECTORS, width=encoder.model.encoder.pooled_width, vectors=made)
    if approximate:
        write_graph(vectors, folder / GRAPH)
    return len(stored)


def _sizes(tokenizer: Tokenizer, *, length: int, overlap: int, watch: Progress) -> tuple[int, int, int]:
    """Return how many pieces a passage has at most, how many of them are text, how many neighbours share; say if less.

    A passage is no longer than the model reads, and shares half of its text at most.
    """
    (nothing,) = tokenizer.encode([""], languages=["und"], role="document")
    kept = min(length, tokenizer.max_length)
    room = max(1, kept - len(nothing.ids))
    shared = min(overlap, room // 2)
    if kept < length:
        watch.say(f"passages have at most {kept} pieces, not {length}: the model reads no more")
    if shared < overlap:
        watch.say(f"neighbouring passages share at most {shared} pieces, not {overlap}: half of a passage's text")
    return kept, room, shared


def _cut(
    documents: Documents,
    tokenizer: Tokenizer,
    *,
    columns: Mapping[str, str] | None,
    language: str | None,
    room: int,
    overlap: int,
) -> Iterator[Passage]:
    """Read and cut the documents one by one; raises `DataError` after the last."""
    for document in documents.read(columns=columns):
        found = passages(document, _starts(document.text, tokenizer), room=room, overlap=overlap)
        tags = identified([one.text for one in found]) if language is None else [language] * len(found)
        yield from (replace(one, language=tag) for one, tag in zip(found, tags, strict=True))


def _starts(text: str, tokenizer: Tokenizer) -> list[int]:
    """Return where the pieces of `text` start, in order; a long text is tokenized in parts."""
    parts = range(0, len(text), PART)
    found = tokenizer.plain([text[start : start + PART] for start in parts])
    return sorted(start + first for start, pieces in zip(parts, found, strict=True) for first, _ in pieces.offsets)
