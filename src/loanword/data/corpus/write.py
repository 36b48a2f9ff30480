"""A clean corpus on disk: lines of JSON by language, what is laid aside in files of its own, and a report of it all."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Any, Literal, Protocol, get_args

from loanword.config import expanded
from loanword.data.corpus.corpus import Corpus
from loanword.data.corpus.documents import Document
from loanword.data.corpus.streams import expect_zstandard
from loanword.durable import beside, put, sealed_around
from loanword.errors import UsageError
from loanword.version import __version__

Packing = Literal["none", "gz", "zst"]


class Writer(Protocol):
    """What bytes can be written to."""

    def write(self, data: bytes, /) -> object:
        """Write some."""
        ...


REPORT = "report.json"
LEVEL = {"gz": 6, "zst": 9}
"""How hard it is tried to make files small; the reader is as fast as ever."""


def write(corpus: Corpus, folder: str | Path, *, packing: Packing = "none") -> dict[str, Any]:
    """Clean `corpus` into a new `folder`, which is there whole or not at all.

    ``LANG.jsonl`` holds the documents of a language and ``LANG.held-out.jsonl`` those that are laid aside, in the order
    in which they were read: an object a line with text, language, origin and line. ``report.json`` is what is returned.

    Raises:
        UsageError: `folder` is there and not empty, or lies in one that is read or in a bundle.
        DataError: Something is wrong with the sources; then nothing is written.
    """
    target = expanded(folder)
    expect_room(target, corpus)
    if packing not in get_args(Packing):
        raise UsageError(f"unknown packing '{packing}'; known: {', '.join(get_args(Packing))}")
    if packing == "zst":
        expect_zstandard()
    found = corpus.documents()
    with beside(target) as staging:
        made = staging / target.name
        made.mkdir()
        for language, documents in groupby(found, key=attrgetter("language")):
            with ExitStack() as stack:
                files: dict[bool, Writer] = {}
                for document in documents:
                    if (aside := document.held_out) not in files:
                        path = made / f"{language}{'.held-out' if aside else ''}.jsonl"
                        files[aside] = stack.enter_context(_opened(path, packing))
                    files[aside].write(_line(document))
        report = report_of(corpus)
        content = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
        (made / REPORT).write_text(content, encoding="utf-8")
        put(made, target)
    return report


def report_of(corpus: Corpus) -> dict[str, Any]:
    """Return what became of the documents that `corpus` has read, as JSON values."""
    exact, near = corpus.exact, corpus.near
    state = {
        name: {"documents": len(one), "bytes": one.bytes, "bytes_per_document": round(one.bytes_per_document, 2)}
        for name, one in (("exact_duplicates", exact), ("near_duplicates", near))
    }
    return {
        "version": __version__,
        "sources": {tag: [given] if isinstance(given, str) else list(given) for tag, given in corpus.sources.items()},
        "settings": corpus.settings.model_dump(mode="json"),
        "languages": {tag: counts.to_dict() for tag, counts in corpus.counts.items()},
        "remembered": {name: one for name, one in state.items() if getattr(corpus.settings, name)},
    }


def expect_room(target: Path, corpus: Corpus) -> None:
    """Raise `UsageError` unless `target` is free: new or empty, in no folder that is read, in no bundle or index."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"{target} exists; choose another folder, or move it away")
    place = target.absolute().resolve()
    given = [[one] if isinstance(one, str) else one for one in corpus.sources.values()]
    for source in (expanded(one) for sources in given for one in sources):
        if source.is_dir() and place.is_relative_to(source.resolve()):
            raise UsageError(f"{target} lies in the folder {source}, which is read; choose another place")
    if sealed := sealed_around(place):
        raise UsageError(f"{target}: {sealed} is a bundle or an index, which it would damage; choose another place")


def _line(document: Document) -> bytes:
    row = {
        "text": document.text,
        "language": document.language,
        "origin": document.origin,
        "line": document.line,
    }
    return (json.dumps(row, ensure_ascii=False) + "\n").encode("utf-8")


@contextmanager
def _opened(path: Path, packing: Packing) -> Iterator[Writer]:
    """Open a file to write to; the same text gives the same bytes, for no time or name stands in it."""
    with ExitStack() as stack:
        if packing == "none":
            yield stack.enter_context(path.open("wb"))
            return
        file = stack.enter_context(path.with_name(f"{path.name}.{packing}").open("wb"))
        if packing == "gz":
            yield stack.enter_context(gzip.GzipFile("", "wb", LEVEL["gz"], file, mtime=0))
        else:
            packer = expect_zstandard().ZstdCompressor(LEVEL["zst"], write_checksum=True)
            yield stack.enter_context(packer.stream_writer(file))
