"""A model that knows some languages' pieces alone: smaller, and the same on all texts that these pieces cover.

Load What You Need: Smaller Versions of Multilingual BERT (Abdaoui et al. 2020): most of a multilingual model is the
table of pieces of languages that a user does not have.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from loanword.batches.batch import Batch
from loanword.batches.passes import passes
from loanword.config import EncoderSettings, expanded
from loanword.data.records import Table
from loanword.deploy.base import bundle_folder, hub_bundle
from loanword.deploy.bundle import Bundle
from loanword.deploy.folder import save_folder
from loanword.deploy.info import read
from loanword.deploy.output import expect_new
from loanword.durable import beside, put
from loanword.encoders.load import Loaded, load
from loanword.encoders.masked import MaskedHead, brings_head, masked_head
from loanword.encoders.resize import expect_free, needed, trim
from loanword.errors import LoanwordError, ModelError, UsageError
from loanword.hardware import Hardware, detect
from loanword.randomness import generator
from loanword.tasks.generation import Generation
from loanword.tasks.task import TASKS
from loanword.tokens.coverage import covering, pieces_of
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

HELD_OUT = 0.1
"""Share of the texts of every language that only measure what is covered."""
LEAST = 20
"""Texts that a language must have: fewer do not say what it is made of."""
PROVED = 32
"""Covered texts of a language that are read before and after, held-out ones first."""
README = "README.md"
CARD = """
## Vocabulary

Trimmed from {0:,} pieces to {1:,}, by texts of {languages}. Texts that need no other pieces ({share:.1%} of those held
out) are read as before. What is said above of other languages no longer holds.
"""
"""What is added to the card of a bundle."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one language needed: `pieces`, and how many of its `held_out` texts are `covered` whole by all that stay."""

    texts: int
    pieces: int
    held_out: int
    covered: int

    @property
    def share(self) -> float:
        """The share of held-out texts that are covered."""
        return self.covered / self.held_out


@dataclass(frozen=True)
class Trimmed:
    """A trimmed model, a `Bundle` if it was one, and what became of it.

    `pieces` and `bytes` (of the weights) are those before and after. `compared` covered texts are read as before: the
    vectors of all their pieces are the same, bit for bit, and what the `head`, where there is one, makes of them.
    """

    model: Bundle | Loaded
    head: MaskedHead | None
    languages: dict[str, Kept]
    pieces: tuple[int, int]
    bytes: tuple[int, int]
    compared: int

    @property
    def share(self) -> float:
        """The share of all held-out texts that are covered."""
        kept = self.languages.values()
        return sum(one.covered for one in kept) / sum(one.held_out for one in kept)

    def describe(self) -> dict[str, Any]:
        """Return the figures, as JSON values."""
        return {
            "pieces": {"before": self.pieces[0], "after": self.pieces[1]},
            "bytes": {"before": self.bytes[0], "after": self.bytes[1]},
            "compared": self.compared,
            "share": self.share,
            "languages": {tag: {**asdict(kept), "share": kept.share} for tag, kept in self.languages.items()},
        }

    def save(self, folder: str | Path) -> None:
        """Write the model to `folder`: a bundle, or what transformers and sentence-transformers load."""
        if isinstance(self.model, Bundle):
            self.model.save_pretrained(folder)
            return
        target = expanded(folder)
        expect_new(target)
        with beside(target, needed=self.bytes[1]) as staging:
            made = staging / target.name
            made.mkdir()
            save_folder(self.model, made, head=self.head)
            put(made, target)


def trimmed(model: str, texts: Mapping[str, Table], *, share: float = 0.995) -> Trimmed:
    """Trim `model` to the pieces that cover a `share` of unseen texts like `texts`, by language.

    A tenth of the texts is held out to measure that share. Raises `UsageError` for too few texts, `ModelError` for a
    model that cannot be had, or whose pieces are bound to more than its embedding table.
    """
    different = {tag: [*dict.fromkeys(table.text)] for tag, table in texts.items()}
    if few := [f"{tag} has {len(lines)}" for tag, lines in different.items() if len(lines) < LEAST]:
        raise UsageError(f"every language needs {LEAST} different texts, better thousands; {', '.join(few)}")
    parts = {tag: held_out(lines, tag) for tag, lines in different.items()}
    hardware = detect(precision="fp32")
    bundle, loaded = _read(model)
    loaded.encoder.to(hardware.device).eval()
    expect_free(loaded.encoder)
    head = (
        masked_head(loaded.encoder).to(hardware.device).eval() if not bundle and brings_head(loaded.encoder) else None
    )
    vocabulary = Vocabulary(loaded.tokenizer)
    found = covering(vocabulary, {tag: known for tag, (known, _) in parts.items()}, share=share)
    ids = {n for one in found.values() for n in one.ids}
    there = vocabulary.closed(ids | vocabulary.needed)
    fewer = vocabulary.trimmed(ids | needed(loaded.encoder, vocabulary))[0] if vocabulary.kind == "WordPiece" else None
    languages: dict[str, Kept] = {}
    proof: dict[str, list[str]] = {}
    for tag, (known, held) in parts.items():
        pieces = pieces_of(loaded.tokenizer, held)
        covered = [text for text, one in zip(held, pieces, strict=True) if there.issuperset(one)]
        if fewer:
            covered, known = (_cut_alike(loaded.tokenizer, fewer, texts) for texts in (covered, known))
        languages[tag] = Kept(len(parts[tag][0]), len(found[tag].ids), len(held), len(covered))
        proof[tag] = [*covered, *known][:PROVED]
    before, size = _states(loaded, proof, hardware, head), _bytes(loaded)
    small = trim(loaded, ids, vocabulary=vocabulary, head=head)
    if _states(small, proof, hardware, head) != before:
        raise LoanwordError(f"{model} reads texts otherwise once it is trimmed: its pieces are used beyond its table")
    done = Trimmed(
        bundle or small,
        head,
        languages,
        pieces=(len(vocabulary), len(small.tokenizer)),
        bytes=(size, _bytes(small)),
        compared=len(before),
    )
    if bundle:
        bundle.tokenizer = small.tokenizer
        if README in bundle.documents:
            bundle.documents[README] += CARD.format(*done.pieces, languages=", ".join(languages), share=done.share)
    return done


def _read(model: str) -> tuple[Bundle | None, Loaded]:
    """Load `model`, as a bundle if it is one; raises `ModelError` for one that knows pieces by their numbers."""
    folder = bundle_folder(model) or hub_bundle(model)
    if folder is None:
        return None, load(model, **EncoderSettings().model_dump())
    info = read(folder)
    if issubclass(TASKS.get(info.task), Generation):
        raise ModelError(
            f"{model} does {info.task}: its decoder knows pieces by their numbers; trim the model that it was trained "
            "from, and train again"
        )
    bundle = Bundle.load(folder, precision="fp32")
    return bundle, Loaded(bundle.model.encoder, bundle.tokenizer)


def held_out(texts: Sequence[str], tag: str) -> tuple[list[str], list[str]]:
    """Return the texts that choose, and those that are held out."""
    order = generator(0, "held out", tag).permutation(len(texts))
    held = {int(place) for place in order[: math.ceil(HELD_OUT * len(texts))]}
    parts: tuple[list[str], list[str]] = ([], [])
    for place, text in enumerate(texts):
        parts[place in held].append(text)
    return parts


def _cut_alike(one: Tokenizer, other: Tokenizer, texts: Sequence[str]) -> list[str]:
    """Return those of `texts` that two tokenizers cut into the same pieces, whatever the numbers of these.

    That all pieces stay is not enough for WordPiece: a word that it failed to cut after a long piece may be cut once
    that is gone.
    """
    spelt = ([[read.token(n) for n in ids] for ids in pieces_of(read, texts)] for read in (one, other))
    return [text for text, ours, theirs in zip(texts, *spelt, strict=True) if ours == theirs]


def _bytes(loaded: Loaded) -> int:
    """Return the bytes of the weights."""
    return sum(one.numel() * one.element_size() for one in loaded.encoder.parameters())


def _states(
    loaded: Loaded, texts: Mapping[str, Sequence[str]], hardware: Hardware, head: MaskedHead | None
) -> list[bytes]:
    """Return a digest of the vectors of all pieces of each text; each is read in the same company before and after."""
    read = loaded.tokenizer.encode

    def vectors(batch: Batch) -> torch.Tensor:
        hidden = loaded.encoder(batch).hidden
        return torch.cat([hidden, head.transform(hidden)], dim=-1) if head else hidden

    encoded = [item for tag, lines in texts.items() for item in read(lines, languages=[tag] * len(lines))]
    found = [b""] * len(encoded)
    for rows, states in passes(vectors, encoded, pad_id=loaded.tokenizer.pad_id, hardware=hardware):
        for row, one in zip(rows, states, strict=True):
            found[row] = hashlib.sha256(one.numpy().tobytes()).digest()
    return found
