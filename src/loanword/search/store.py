"""An index on disk: passages, a line of JSON each, and their vectors, both read from the disk as they are needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field, ValidationError

from loanword.config import Settings
from loanword.durable import damage
from loanword.errors import LoanwordError, UsageError
from loanword.search.passages import Passage
from loanword.version import __version__

INFO, PASSAGES, VECTORS, GRAPH = "index.json", "passages.jsonl", "vectors.npy", "graph.faiss"
FORMAT_VERSION = 1
BLOCK = 2**24
"""Bytes that are looked through at a time."""

CHUNK = 8192
"""Passages whose vectors are made at a time: sorted by length, a batch of them has little padding."""


class Info(Settings):
    """What an index says of itself: its `model`, how many pieces a passage has at most, how many neighbours share."""

    format_version: int = Field(default=FORMAT_VERSION, le=FORMAT_VERSION)
    loanword_version: str = __version__
    model: str
    length: int
    overlap: int
    passages: int


class Stored:
    """The passages of a file, by number; their texts stay on the disk."""

    def __init__(self, path: Path) -> None:
        """Find where each line of the file starts."""
        self.content = np.memmap(path, dtype=np.uint8, mode="r")
        blocks = range(0, len(self.content), BLOCK)
        found = [start + np.flatnonzero(self.content[start : start + BLOCK] == ord("\n")) for start in blocks]
        self.ends = np.concatenate(found)

    def __len__(self) -> int:
        """Count the passages."""
        return len(self.ends)

    def __getitem__(self, number: int) -> Passage:
        """Read one."""
        start = self.ends[number - 1] + 1 if number else 0
        return Passage.from_dict(json.loads(bytes(self.content[start : self.ends[number]])))

    def __iter__(self) -> Iterator[Passage]:
        """Read them all, in their order."""
        return (self[number] for number in range(len(self)))


def write_passages(passages: Iterable[Passage], path: Path) -> None:
    """Write a line for each passage."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(json.dumps(one.to_dict(), ensure_ascii=False) + "\n" for one in passages)


def write_vectors(
    passages: Stored, path: Path, *, width: int, vectors: Callable[[list[Passage]], np.ndarray]
) -> np.ndarray:
    """Write what `vectors` says of every passage in fp16, and return it, (n, width)."""
    file: np.ndarray = np.lib.format.open_memmap(path, mode="w+", dtype=np.float16, shape=(len(passages), width))
    for start in range(0, len(passages), CHUNK):
        some = [passages[number] for number in range(start, min(start + CHUNK, len(passages)))]
        file[start : start + len(some)] = vectors(some)
    return file


def read_info(folder: Path) -> Info:
    """Check every file of the index in `folder` against its manifest, and return what it says of itself.

    Raises `UsageError` for what is no index, and `LoanwordError` for one that is damaged or of a later version.
    """
    if not (folder / INFO).is_file():
        raise UsageError(f"{folder} is no index; make one with: loanword index DOCUMENTS --out {folder}")
    if bad := damage(folder):
        raise LoanwordError(f"the index {folder} is damaged: {'; '.join(bad)}. Make it again, or copy it again")
    values: dict[str, Any] = json.loads((folder / INFO).read_bytes())
    try:
        return Info.model_validate(values)
    except ValidationError:
        raise LoanwordError(
            f"the index {folder} was made by loanword {values.get('loanword_version')}, this is {__version__} and "
            "cannot read it; upgrade loanword, or make the index again"
        ) from None
