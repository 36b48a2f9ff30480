"""A SHA-256 for every file of a bundle that is loaded: what was saved is what is loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from loanword.errors import ModelError

NAME = "manifest.json"
READ = (".safetensors", ".json", ".jinja", ".model", ".txt", ".py")
"""Endings of the files that make a model or a tokenizer."""

CARD = "README.md"
"""Left out: nothing reads it but people, and on the Hub they edit it."""


def write(folder: Path) -> None:
    """Write the manifest of `folder`: file name -> size and SHA-256."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    (folder / NAME).write_bytes(_dump({name: _entry(folder / name) for name in files if name not in (NAME, CARD)}))


def verify(folder: Path) -> None:
    """Raise `ModelError` naming every file that is missing or changed, the manifest included.

    Files that were added are not looked at, but for those that transformers reads: they must be listed.
    """
    try:
        content = (folder / NAME).read_bytes()
        expected = dict(json.loads(content))
    except (OSError, ValueError, TypeError) as error:
        raise ModelError(f"{folder} has no readable {NAME} ({error}); it is not a complete bundle") from None
    found = {name: _entry(folder / name) for name in expected if (folder / name).is_file()}
    bad = [
        f"{name} {'was changed' if name in found else 'is missing'}"
        for name, entry in expected.items()
        if found.get(name) != entry
    ]
    if not bad and _dump(found) != content:
        bad = [f"{NAME} was changed"]
    if bad:
        raise ModelError(f"{folder} is damaged: {'; '.join(bad)}. Save or download it again")
    unlisted = sorted({path.name for path in folder.iterdir() if path.suffix in READ} - {*expected, NAME})
    if unlisted:
        raise ModelError(f"{folder}: {NAME} does not list {', '.join(unlisted)}; it is not the manifest of this bundle")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _entry(path: Path) -> dict[str, int | str]:
    return {"bytes": path.stat().st_size, "sha256": digest(path)}


def _dump(entries: Mapping[str, object]) -> bytes:
    return (json.dumps(entries, indent=1) + "\n").encode()
