"""From a path to lines of text, piece by piece: what is packed is unpacked on the way, and no file is ever held whole.

As strict as `data.text`: regular files in UTF-8, no bombs; and no line of more than `LONGEST` bytes.
"""

from __future__ import annotations

import bz2
import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from loanword.data.codes import Findings
from loanword.data.text import FREE_BYTES, MAGIC, MARK, MAX_RATIO, UTF8, ZSTD, expect_narrow
from loanword.errors import MissingExtra

PIECE = 2**16
SIP = 2**10
"""Packed bytes of zstd that are unpacked at a time: a bomb makes 32 MB of them at the most."""

HEAD = 2**18
"""Unpacked bytes at the beginning of a file by which its layout is told."""

LONGEST = 2**26
"""Bytes of the longest line, characters of the longest document."""

BEGINS = {".gz": (b"\x1f\x8b", "gzip"), ".bz2": (b"BZh", "bzip2"), ".zst": (ZSTD, "zstd")}
"""How the packed file of an extension begins, and what it is then."""

SKIPPABLE = b"\x2a\x4d\x18"
"""Stands in a frame of zstd that holds no data, from the second byte on; some programs write one at the start."""


def bare(path: Path) -> Path:
    """Return `path` without the extension that says how the file is packed."""
    return path.with_suffix("") if path.suffix.lower() in BEGINS else path


def pieces(path: Path, findings: Findings) -> Iterator[bytes]:
    """Yield the content of `path`, unpacked, some `PIECE` bytes at a time; raise `DataError` if it is damaged."""
    kind, total = path.suffix.lower(), 0
    unpack = UNPACK.get(kind, _plain)
    damages: tuple[type[Exception], ...] = (EOFError, zlib.error, ValueError, OSError, *_damages(kind))
    try:
        with path.open("rb") as file:
            limit = max(FREE_BYTES, MAX_RATIO * path.stat().st_size)
            _expect_packed(file, kind, findings)
            try:
                for piece in unpack(file):
                    total += len(piece)
                    if kind in BEGINS and total > limit:
                        cause = f"the packed bytes hold more than {limit:,}"
                        findings.stop("LW107", cause=cause, fix="unpack the file yourself if you trust it")
                    yield piece
            except damages as error:
                if kind not in BEGINS:
                    raise
                cause = f"the {BEGINS[kind][1]} data is damaged or cut short after {total:,} unpacked bytes ({error})"
                findings.stop("LW106", cause=cause, fix="copy or download the file again")
    except OSError as error:
        cause = f"the file cannot be read: {error.strerror or error}"
        findings.stop("LW103", cause=cause, fix="check the path and its permissions")


def head(path: Path, findings: Findings) -> bytes:
    """Return how the unpacked content of `path` begins; raise `DataError` for one that is empty or no text in UTF-8."""
    found = b""
    for piece in pieces(path, findings):
        found += piece
        if len(found) >= HEAD:
            break
    if not found:
        findings.stop("LW110", cause="the file is empty", fix="check how it was written or copied")
    if seen := next((kind for magic, kind in MAGIC.items() if found.startswith(magic)), ""):
        cause = f"text is expected but the content is {seen}"
        findings.stop("LW105", cause=cause, fix="give the file the extension of what it is, or write it as text")
    expect_narrow(found, findings)
    return found[:HEAD].removeprefix(MARK.encode())


def lines(path: Path, findings: Findings) -> Iterator[tuple[int, str]]:
    """Yield the lines of `path` with their numbers, without their ends; those that are not UTF-8 are noted instead."""
    number, size = 0, 0
    held: list[bytes] = []  # What is there of a line whose end is not.
    for piece in pieces(path, findings):
        first, *others = piece.split(b"\n")
        held.append(first)
        size += len(first)
        if size > LONGEST:
            cause = f"the line has more than {LONGEST:,} bytes"
            findings.stop("LW216", cause=cause, fix="break it up into lines or documents", line=number + 1)
        for begun in others:
            number += 1
            if (text := _decoded(b"".join(held), number, findings)) is not None:
                yield number, text
            held, size = [begun], len(begun)
    if size and (text := _decoded(b"".join(held), number + 1, findings)) is not None:
        yield number + 1, text


def expect_zstandard() -> ModuleType:
    """Return the package that unpacks zstd; raise `MissingExtra` if it is not there."""
    try:
        import zstandard
    except ImportError:
        raise MissingExtra("corpus", "zstandard", "reading and writing .zst") from None
    return zstandard  # type: ignore[no-any-return, unused-ignore]


def _decoded(line: bytes, number: int, findings: Findings) -> str | None:
    if number == 1:
        line = line.removeprefix(MARK.encode())
    try:
        return line.decode("utf-8").removesuffix("\r")
    except UnicodeDecodeError as error:
        cause = f"byte 0x{line[error.start]:02x}, number {error.start + 1} of the line, is not UTF-8"
        fix = UTF8.format(encoding="ISO-8859-1") + " (or from the encoding that it is in)"
        findings.add("LW109", cause=cause, fix=fix, line=number)
        return None


def _expect_packed(file: BinaryIO, kind: str, findings: Findings) -> None:
    """Look at how a packed file begins, and go back to its start."""
    found = file.read(4)
    file.seek(0)
    magic, name = BEGINS.get(kind, (b"", ""))
    if found and not found.startswith(magic) and not (kind == ".zst" and found[1:] == SKIPPABLE):
        fix = f"drop {kind} from the name"
        findings.stop("LW105", cause=f"the name ends in {kind} but the content is not {name}", fix=fix)


def _plain(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _gz(file: BinaryIO) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=file) as stream:
        while piece := stream.read(PIECE):
            yield piece


def _bz2(file: BinaryIO) -> Iterator[bytes]:
    with bz2.BZ2File(file) as stream:
        while piece := stream.read(PIECE):
            yield piece


def _zst(file: BinaryIO) -> Iterator[bytes]:
    """Unpack frame after frame; the library itself takes a frame that is cut short for a whole one."""
    zstandard = expect_zstandard()
    frame, found, size = None, [], 0
    while packed := file.read(SIP):
        while packed:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            found.append(frame.decompress(packed))
            size += len(found[-1])
            packed, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
        if size >= PIECE:
            yield b"".join(found)
            found, size = [], 0
    if size:
        yield b"".join(found)
    if frame is not None:
        raise EOFError("the last frame is not whole")


def _damages(kind: str) -> tuple[type[Exception], ...]:
    """What a library raises that unpacks a kind of file."""
    return (expect_zstandard().ZstdError,) if kind == ".zst" else ()


UNPACK: dict[str, Callable[[BinaryIO], Iterator[bytes]]] = {".gz": _gz, ".bz2": _bz2, ".zst": _zst}
"""How the packed file of an extension is unpacked."""
