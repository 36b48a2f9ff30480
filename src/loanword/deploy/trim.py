"""A model that knows some languages' pieces alone: smaller, and the same on all texts that these pieces cover.

Load What You Need: Smaller Versions of Multilingual BERT (Abdaoui et al., 2020): most of a multilingual model is the
table of pieces of languages that a user does not have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from loanword.batches.passes import passes
from loanword.config import EncoderSettings, expanded
from loanword.data.records import Table
from loanword.deploy.base import bundle_folder, hub_bundle
from loanword.deploy.bundle import Bundle
from loanword.durable import beside, put
from loanword.encoders.load import Loaded, load
from loanword.encoders.modules import save_modules
from loanword.encoders.resize import expect_free, trim
from loanword.encoders.save import save_model
from loanword.errors import LoanwordError, UsageError
from loanword.hardware import Hardware, detect
from loanword.randomness import generator
from loanword.tokens.coverage import covered, covering
from loanword.tokens.vocabulary import Vocabulary

HELD_OUT = 0.1
"""Share of the texts of every language that only measure what is covered."""
PROVED = 64
"""Covered texts of a language whose vectors are compared before and after."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What one language needed: `pieces`, and the share of its `held_out` texts that all kept pieces cover whole."""

    texts: int
    pieces: int
    held_out: int
    covered: float


@dataclass(frozen=True)
class Trimmed:
    """A trimmed model, a `Bundle` if it was one, and what became of it.

    `pieces` and `bytes` are those before and after; the vectors of `compared` covered texts are the same, bit for bit.
    """

    model: Bundle | Loaded
    languages: dict[str, Kept]
    pieces: tuple[int, int]
    bytes: tuple[int, int]
    compared: int

    def describe(self) -> dict[str, Any]:
        """Return the figures, as JSON values."""
        return {
            "pieces": {"before": self.pieces[0], "after": self.pieces[1]},
            "bytes": {"before": self.bytes[0], "after": self.bytes[1]},
            "compared": self.compared,
            "languages": {tag: asdict(kept) for tag, kept in self.languages.items()},
        }

    def save(self, folder: str | Path) -> None:
        """Write the model to `folder`: a bundle, or what transformers and sentence-transformers load."""
        if isinstance(self.model, Bundle):
            self.model.save_pretrained(folder)
            return
        target, (encoder, tokenizer) = expanded(folder), (self.model.encoder, self.model.tokenizer)
        expect_empty(target)
        with beside(target, needed=self.bytes[1]) as staging:
            made = staging / target.name
            made.mkdir()
            save_model(encoder.model, made)
            tokenizer.save(made)
            if not encoder.language_ids:
                save_modules(encoder, tokenizer, made)
            put(made, target)


def expect_empty(target: Path) -> None:
    """Raise `UsageError` if there is something at `target` that saving a model would destroy."""
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise UsageError(f"{target} exists; choose another folder, or move it away")


def trimmed(model: str, texts: Mapping[str, Table], *, share: float = 0.995) -> Trimmed:
    """Trim `model` to the pieces that cover a `share` of unseen texts like `texts`, by language.

    A tenth of the texts is held out to measure that share. Raises `ModelError` for a model that cannot be had, or
    whose pieces are bound to more than its embedding table.
    """
    hardware = detect(precision="fp32")
    bundle = Bundle.load(model, precision="fp32") if bundle_folder(model) or hub_bundle(model) else None
    loaded = Loaded(bundle.model.encoder, bundle.tokenizer) if bundle else load(model, **EncoderSettings().model_dump())
    loaded.encoder.to(hardware.device).eval()
    expect_free(loaded.encoder)
    vocabulary = Vocabulary(loaded.tokenizer)
    apart = {tag: _parted(table.text, tag) for tag, table in texts.items()}
    found = covering(vocabulary, {tag: known for tag, (known, _) in apart.items()}, share=share)
    ids = sorted({n for one in found.values() for n in one.ids})
    there = set(vocabulary.trimmed(ids)[1])
    before = (len(vocabulary), _size(loaded))
    languages, proved = {}, {}
    for tag, (known, held) in apart.items():
        pieces = [set(one.ids) for one in vocabulary.tokenizer.plain(held)]
        languages[tag] = Kept(len(known), len(found[tag].ids), len(held), covered(pieces, there))
        proved[tag] = [text for text, one in zip(held, pieces, strict=True) if one <= there][:PROVED]
    vectors = _vectors(loaded, proved, hardware)
    small = trim(loaded, ids)
    if not torch.equal(vectors, _vectors(small, proved, hardware)):
        raise LoanwordError(f"{model} gives other vectors once it is trimmed: its pieces are used beyond its table")
    if bundle:
        bundle.tokenizer = small.tokenizer
    return Trimmed(
        bundle or small,
        languages,
        pieces=(before[0], len(small.tokenizer)),
        bytes=(before[1], _size(small)),
        compared=sum(map(len, proved.values())),
    )


def _parted(texts: Sequence[str], tag: str) -> tuple[list[str], list[str]]:
    """Return the texts that choose, and those that are held out."""
    order = generator(0, "held out", tag).permutation(len(texts))
    held = {int(place) for place in order[: math.ceil(HELD_OUT * len(texts))]}
    parts: tuple[list[str], list[str]] = ([], [])
    for place, text in enumerate(texts):
        parts[place in held].append(text)
    return parts


def _size(loaded: Loaded) -> int:
    return sum(one.numel() * one.element_size() for one in loaded.encoder.whole.parameters())


def _vectors(loaded: Loaded, texts: Mapping[str, Sequence[str]], hardware: Hardware) -> torch.Tensor:
    """Return the vectors of `texts`, in their order, each computed in the same company before and after."""
    encoded = [
        item for tag, lines in texts.items() for item in loaded.tokenizer.encode(lines, languages=[tag] * len(lines))
    ]
    if not encoded:
        return torch.empty(0)
    found = torch.empty(len(encoded), loaded.encoder.pooled_width)
    for rows, values in passes(
        lambda batch: loaded.encoder(batch).pooled, encoded, pad_id=loaded.tokenizer.pad_id, hardware=hardware
    ):
        found[rows] = values
    return found
