"""Documents out of files, folders and the Hub, one after the other: whatever there is, memory holds one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, get_args

from loanword.config import expanded
from loanword.data.codes import Findings, shown
from loanword.data.corpus import layouts, rows, wiki
from loanword.data.corpus.streams import BEGINS, bare, expect_zstandard, pieces
from loanword.data.finding import listed
from loanword.data.hub import expect_reference
from loanword.data.text import expect_file
from loanword.errors import DataError, MissingExtra, Problem, UsageError
from loanword.language.tag import canonical

Boundary = Literal["auto", "line", "blank", "file"]
"""What is a document of a plain text: a line, the lines between blank ones, all of it; or what the file looks like."""

Kind = Literal["text", "json", "parquet", "wiki"]
KINDS: dict[str, Kind] = {
    ".txt": "text",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
}
"""What can be read by its extension, each but parquet also with ``.gz``, ``.zst`` or ``.bz2``."""

MOST = 100
"""Problems after which no more are looked for."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text, its language (BCP-47), and where it came from: a file or a reference of the Hub, and the line or row.

    The lines of the text are its paragraphs or sentences. `held_out` says that it is laid aside, to measure by.
    """

    text: str = field(repr=False)
    language: str
    origin: str = ""
    line: int = 0
    held_out: bool = False


def documents(
    source: str | Path,
    *,
    language: str,
    column: str = "text",
    boundary: Boundary = "auto",
    tell: Callable[[str], None] = lambda line: None,
) -> Iterator[Document]:
    """Return the documents of a source, to be read as they are asked for.

    Args:
        source: A file: ``.txt``, ``.jsonl`` (or ``.json``, ``.ndjson``), each also with ``.gz``, ``.zst`` or ``.bz2``;
            ``.parquet``; what WikiExtractor writes, as text or JSON, whatever it is called. A folder: all such
            files in it and below, in the order of their names. ``hub:org/name[:configuration][@split]``.
        language: The language of all of them, in any common spelling.
        column: Where the text is in rows of JSON, parquet and the Hub. A text that is null is empty.
        boundary: What is a document of a plain text: "line", "blank" (lines up to a blank one), "file". With "auto"
            the first text file decides for all (`layouts.boundary_of`), and what it decides is told.
        tell: Called with a line for each thing that is decided or left alone.

    Raises:
        UsageError: The call does not fit: an unknown language or boundary, a malformed reference, a folder of nothing.
        DataError: At once, if a file is not there or of no known kind; at the end of reading, whatever else is wrong
            with any of them, but for what comes after problem number 100. After a first problem no document follows.
        MissingExtra: The format needs a package that is not installed.
    """
    tag = canonical(language)
    if boundary not in get_args(Boundary):
        raise UsageError(f"unknown boundary '{boundary}'; known: {', '.join(get_args(Boundary))}")
    kind, colon, reference = str(source).partition(":")
    if colon and kind == "hub":
        expect_reference(reference)
        return _documents([rows.of_hub(reference, column, Findings(str(source), unit="row", most=MOST))], tag)
    files = _listed(expanded(source), tell)
    return _documents(_read(files, column, boundary, tell), tag)


def _documents(readers: Iterator[rows.Rows] | list[rows.Rows], tag: str) -> Iterator[Document]:
    """Yield what all `readers` give until one notes a problem; then look for further problems only."""
    problems: list[Problem] = []
    for reader in readers:
        findings = reader.findings
        try:
            for line, text in reader.rows:
                if not problems and not findings.problems:
                    yield Document(text, tag, findings.path, line)
            findings.raise_any()
        except DataError as error:
            problems += error.problems
        if len(problems) >= MOST:
            raise DataError(problems, unfinished=True)
    if problems:
        raise DataError(problems)


def _read(
    files: list[tuple[Path, Kind]], column: str, boundary: Boundary, tell: Callable[[str], None]
) -> Iterator[rows.Rows]:
    """Open file after file, each when the one before is done."""
    for path, kind in files:
        findings = Findings(str(path), unit="row" if kind == "parquet" else "line", most=MOST)
        if kind == "text" and boundary == "auto":
            boundary, why = layouts.boundary_of(path)
            if boundary != "auto":
                tell(f"{findings.path}: {why}")
        if kind == "parquet":
            yield rows.of_parquet(path, column, findings)
        elif kind == "json":
            yield rows.of_json(path, column, findings)
        elif kind == "wiki":
            yield rows.Rows(wiki.extracts(path, findings), findings)
        else:
            yield rows.Rows(layouts.texts(path, findings, boundary=boundary), findings)


def _listed(root: Path, tell: Callable[[str], None]) -> list[tuple[Path, Kind]]:
    """List the files of a source with their kinds, and see that they can be opened."""
    if not root.is_dir():
        findings = Findings(str(root))
        expect_file(root, findings)
        kind = _kind(root)
        if kind is None:
            known = ", ".join(KINDS)
            cause = f"the extension {shown(bare(root).suffix)} is not one that can be read"
            fix = f"use one of {known} (all but parquet also with {', '.join(BEGINS)}), or an extract of a wiki dump"
            findings.stop("LW104", cause=cause, fix=fix)
        found = [(root, kind)]
    else:
        paths = [path for path in sorted(root.rglob("*")) if path.is_file() and not _is_hidden(path.relative_to(root))]
        kinds = [(path, _kind(path)) for path in paths]
        found = [(path, kind) for path, kind in kinds if kind is not None]
        if not found:
            seen = f"{len(paths)} files of other kinds" if paths else "nothing"
            raise UsageError(f"{root} holds no documents, but {seen}; expected files that end in {', '.join(KINDS)}")
        if len(found) < len(paths):
            others = [path.relative_to(root).as_posix() for path, kind in kinds if kind is None]
            count = f"{len(others)} files are" if len(others) > 1 else "1 file is"
            tell(f"{root}: {count} of no kind that is read: {listed(map(shown, others), most=3)}")
    if any(path.suffix.lower() == ".zst" for path, _ in found):
        expect_zstandard()
    if any(kind == "parquet" for _, kind in found) and find_spec("pyarrow") is None:
        raise MissingExtra("parquet", "pyarrow", "reading parquet")
    return found


def _kind(path: Path) -> Kind | None:
    """Tell what a file is by its extension, or, if it has none, by how it begins; None for what is not read."""
    plain = bare(path)
    kind = KINDS.get(plain.suffix.lower())
    if kind == "parquet" and plain != path:
        return None
    if kind not in (None, "text") or plain.suffix.lower() not in ("", ".txt"):
        return kind
    try:
        begin = next(pieces(path, Findings(str(path))), b"")[:64].lstrip(b"\xef\xbb\xbf \t\r\n")
    except DataError:  # Reading it will tell.
        return kind or "wiki"
    if begin.startswith(wiki.OPENS.encode()):
        return "wiki"
    return kind or ("json" if begin.startswith(b"{") else None)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
