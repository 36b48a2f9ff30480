"""From a path to text: what may be opened, what is unpacked, and strictly UTF-8.

Only regular files are opened, so a pipe never makes the reader wait. Gzip is unpacked in pieces and given up once
it exceeds `FREE_BYTES` and `MAX_RATIO` times its packed size: text packs three to tenfold, bombs a thousandfold.
Every character is kept, but for a byte order mark at the very start.
"""

from __future__ import annotations

import codecs
import errno
import gzip
import io
import stat
import zlib
from pathlib import Path
from typing import NoReturn

from loanword.data.codes import Findings

FREE_BYTES = 64 * 2**20
"""Unpacked bytes that are always allowed."""

MAX_RATIO = 100
"""Unpacked bytes allowed for each packed byte beyond `FREE_BYTES`."""

PIECE = 2**20
MARK = "\ufeff"
"""A byte order mark, which is no part of the text."""

ZSTD = b"\x28\xb5\x2f\xfd"
MAGIC = {
    b"PAR1": "parquet",
    b"\x1f\x8b": "gzip",
    ZSTD: "zstd",
    b"PK\x03\x04": "zip or Excel",
    b"\xd0\xcf\x11\xe0": "old Excel",
}
"""How files begin that are no text, and what they are."""

UTF8 = "save the file as UTF-8, for instance with: iconv -f {encoding} -t UTF-8 IN > OUT"


def expect_file(path: Path, findings: Findings) -> None:
    """Raise `DataError` unless `path` is a regular file; a pipe or a device is not touched."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        _refuse(error, path, findings)
    if not stat.S_ISREG(mode):
        kind = "a directory" if stat.S_ISDIR(mode) else "a pipe, socket or device"
        findings.stop("LW102", cause=f"this is {kind}, not a file", fix="give the path of a regular file")


def load(path: Path, *, packed: bool, parquet: bool, findings: Findings) -> bytes:
    """Return the content of the file `path`, unpacked if `packed`; raise `DataError` if that cannot be."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        _refuse(error, path, findings)
    if data and packed:
        if not data.startswith(b"\x1f\x8b"):
            findings.stop(
                "LW105", cause="the name ends in .gz but the content is not gzip", fix="drop .gz from the name"
            )
        data = _unpack(data, findings)
    if not data:
        findings.stop("LW110", cause="the file is empty", fix="check how it was written or copied")
    seen = next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), "text")
    wanted = "parquet" if parquet else "text"
    if seen != wanted:
        ending = {"parquet": ".parquet", "gzip": ".gz added", "text": ".csv, .tsv or .jsonl"}.get(seen)
        fix = f"rename the file to end in {ending}" if ending else "export it as CSV in UTF-8"
        findings.stop("LW105", cause=f"the name says {wanted} but the content is {seen}", fix=fix)
    return data


def decode(data: bytes, findings: Findings) -> str:
    """Return `data` as text without a leading byte order mark.

    UTF-16 and UTF-32 end the reading. Bytes that are not UTF-8 are noted once, with the first place and the number
    of lines, and replaced, so that the problems of the other rows are found too.
    """
    expect_narrow(data, findings)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        text = data.decode("utf-8", errors="replace")
        lines = sum(1 for line in data.split(b"\n") if not _valid(line))
        findings.add(
            "LW109",
            cause=f"byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8"
            + (f" (the first of {lines} such lines)" if lines > 1 else ""),
            fix=UTF8.format(encoding="ISO-8859-1") + " (or from the encoding that it is in)",
            line=data.count(b"\n", 0, error.start) + 1,
        )
    text = text.removeprefix(MARK)
    if not text.strip():
        findings.stop("LW110", cause="the file holds nothing but blanks", fix="check how it was written or copied")
    return text


def expect_narrow(data: bytes, findings: Findings) -> None:
    """Raise `DataError` if a text that begins with `data` is in UTF-16 or UTF-32."""
    if wide := _wide(data):
        findings.stop("LW108", cause=f"the text is {wide}, not UTF-8", fix=UTF8.format(encoding=wide))


def _refuse(error: OSError | ValueError, path: Path, findings: Findings) -> NoReturn:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        cause = "there is no such file" if path.parent.is_dir() else f"there is no folder '{path.parent}'"
        findings.stop("LW101", cause=cause, fix="check the path; it is taken from the folder you are in")
    looped = isinstance(error, OSError) and error.errno == errno.ELOOP
    reason = "the link leads back to itself" if looped else getattr(error, "strerror", None) or str(error)
    findings.stop("LW103", cause=f"the file cannot be read: {reason}", fix="check the path and its permissions")


def _unpack(data: bytes, findings: Findings) -> bytes:
    limit = max(FREE_BYTES, MAX_RATIO * len(data))
    pieces, total = [], 0
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
            while piece := stream.read(PIECE):
                total += len(piece)
                if total > limit:
                    findings.stop(
                        "LW107",
                        cause=f"{len(data):,} packed bytes hold more than {limit:,}",
                        fix="unpack the file yourself if you trust it",
                    )
                pieces.append(piece)
    except (EOFError, zlib.error, OSError) as error:
        findings.stop(
            "LW106",
            cause=f"the gzip data is damaged or cut short after {total:,} unpacked bytes ({error})",
            fix="copy or download the file again",
        )
    return b"".join(pieces)


def _wide(data: bytes) -> str:
    for mark, name in ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF32_BE, "UTF-32")):
        if data.startswith(mark):
            return name
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "UTF-16"
    # Without a mark, Latin letters and delimiters in UTF-16 still show as a zero in every other byte.
    head = data[:4096]
    for start, name in ((0, "UTF-16BE"), (1, "UTF-16LE")):
        half = head[start::2]
        if len(half) >= 8 and half.count(0) > 0.4 * len(half):
            return name
    return ""


def _valid(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
