"""A SHA-256 for every file of a bundle that is loaded: what was saved is what is loaded."""

from __future__ import annotations

from pathlib import Path

from loanword.durable import MANIFEST, damage, listed, seal
from loanword.errors import ModelError

READ = (".safetensors", ".json", ".jinja", ".model", ".spm", ".txt", ".py")
"""Endings of the files that make a model or a tokenizer."""

CARD = "README.md"
"""Left out: nothing reads it but people, and on the Hub they edit it."""


def write(folder: Path) -> None:
    """Write the manifest of `folder`: file name -> size and SHA-256."""
    seal(folder, leave=[CARD])


def verify(folder: Path) -> None:
    """Raise `ModelError` naming every file that is missing or changed, the manifest included.

    Files that were added are not looked at, but for those that transformers reads: they must be listed.
    """
    bad = damage(folder)
    if bad:
        raise ModelError(f"{folder} is damaged: {'; '.join(bad)}. Save or download it again")
    unlisted = sorted({path.name for path in folder.iterdir() if path.suffix in READ} - {*listed(folder), MANIFEST})
    if unlisted:
        raise ModelError(
            f"{folder}: {MANIFEST} does not list {', '.join(unlisted)}; it is not the manifest of this bundle"
        )
