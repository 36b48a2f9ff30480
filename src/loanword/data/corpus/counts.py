"""What became of every document of a language: counted, so that nothing is dropped or changed in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REASONS = ("empty", "short", "repetitive", "script", "language", "duplicate", "near-duplicate")
"""Why a document is dropped, in the order in which that is asked; the first one counts."""


@dataclass(slots=True)
class Size:
    """How much text: documents, their characters, and their bytes in UTF-8."""

    documents: int = 0
    characters: int = 0
    bytes: int = 0

    def add(self, text: str) -> None:
        """Count one more document."""
        self.documents += 1
        self.characters += len(text)
        self.bytes += len(text.encode("utf-8", "surrogatepass"))

    def to_dict(self) -> dict[str, int]:
        """Return the figures, as JSON values."""
        return {"documents": self.documents, "characters": self.characters, "bytes": self.bytes}


@dataclass(slots=True)
class Counts:
    """The documents of one language: those that were `read` are either `kept`, some of these `held_out`, or `dropped`.

    `changed` says by step of normalisation how many documents it changed, `characters` how many characters they lost
    by it (`normalise.normalised`). `foreign` says by language what was dropped for being in another; `unjudged`, why
    of how many documents the language was not told.
    """

    read: Size = field(default_factory=Size)
    kept: Size = field(default_factory=Size)
    held_out: Size = field(default_factory=Size)
    dropped: Counter[str] = field(default_factory=Counter)
    foreign: Counter[str] = field(default_factory=Counter)
    unjudged: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    characters: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures, as JSON values."""
        return {
            "read": self.read.to_dict(),
            "kept": self.kept.to_dict(),
            "held_out": self.held_out.to_dict(),
            "dropped": {reason: self.dropped[reason] for reason in REASONS if self.dropped[reason]},
            "foreign": dict(self.foreign.most_common()),
            "unjudged": dict(self.unjudged),
            "changed": {
                name: {"documents": count, "characters": self.characters[name]} for name, count in self.changed.items()
            },
        }


WORDS = {
    "short": "too short",
    "script": "in another script",
    "language": "in another language",
    "duplicate": "there before",
    "near-duplicate": "nearly there before",
}
"""How a sentence says a reason; the others are words already."""
NAMED = 5
"""Languages that a sentence names."""


def reasons(counts: Mapping[str, Any]) -> str:
    """Say why documents were dropped, by `Counts.to_dict`: "14 in another language (12 so, 2 en), 1 too short"."""
    foreign = ", ".join(f"{count:,} {tag}" for tag, count in list(counts["foreign"].items())[:NAMED])
    return ", ".join(
        f"{count:,} {WORDS.get(reason, reason)}" + (f" ({foreign})" if reason == "language" else "")
        for reason, count in Counter(counts["dropped"]).most_common()
    )
