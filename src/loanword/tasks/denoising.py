"""Denoising, for models that read and write: some spans of a text are hidden, and the model writes what was there.

Models of BART's make see one mask in the place of each span and write the whole text (Lewis et al. 2020; in many
languages Liu et al. 2020, mBART); those of T5's make see a sentinel and write what stood behind it (Raffel et al.
2020).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from loanword.batches.batch import Batch, collate
from loanword.encoders.decoder import NOTHING
from loanword.errors import ModelError, UsageError
from loanword.objectives.masking import Masking
from loanword.objectives.pretraining import PRETRAINING, Material
from loanword.objectives.streams import Corpus, TextRows
from loanword.tasks.seq2seq import Seq2SeqHead
from loanword.tasks.writing import Writing
from loanword.tokens.beginnings import Beginnings
from loanword.tokens.tokenizer import Frame, Tokenizer

if TYPE_CHECKING:
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.shards import Shard

SENTINEL = "<extra_id_{}>"


@dataclass(frozen=True, slots=True)
class Written:
    """The `pieces` that are to be written, (batch, seq), and how many of them were `expected`."""

    pieces: torch.Tensor
    expected: float

    def to(self, device: str) -> Written:
        """Move the tensors to `device`."""
        return replace(self, pieces=self.pieces.to(device))


@PRETRAINING.register("denoising")
class Denoising:
    """Write what was hidden. An `Objective` for sequence-to-sequence models, which hides a `ratio` of the pieces.

    The loss of a batch is the sum over written pieces divided by how many are expected, so that it does not hang on
    how a step is cut into passes (`weight`).
    """

    reads: Material = "text"

    def __init__(self, tokenizer: Tokenizer, *, ratio: float = 0.3) -> None:
        """Read rows that `tokenizer` made."""
        if not 0 < ratio < 1:
            raise UsageError(f"the ratio {ratio} of denoising must lie between 0 and 1")
        self.tokenizer = tokenizer
        self.ratio = ratio
        fast, self.mask_id = tokenizer.fast, tokenizer.fast.mask_token_id
        size, never = len(tokenizer), np.zeros(len(tokenizer), dtype=bool)
        self.sentinels = [
            int(n)
            for n in (fast.convert_tokens_to_ids(SENTINEL.format(k)) for k in range(100))
            if n is not None and n != fast.unk_token_id
        ]
        never[[n for n in (*tokenizer.control_ids, *self.sentinels) if n < size]] = True
        if self.mask_id is None and not self.sentinels:
            raise ModelError("denoising needs a mask or sentinels such as <extra_id_0>; the tokenizer has neither")
        self.masking = Masking(
            mask_id=-1, begins=Beginnings(tokenizer), never=never, others=np.flatnonzero(~never), unit="span"
        )
        self.frames: dict[str, tuple[Frame, list[int], list[int]]] = {}

    def streams(self, corpus: Corpus) -> dict[str, TextRows]:
        """Return the rows of every language, framed as the model is told languages."""
        return {tag: FramedRows(corpus, shard, self._frames(tag)[0]) for tag, shard in corpus.texts.items()}

    def weight(self, encoded: Sequence[Encoded]) -> float:
        """Return what a batch of `encoded` counts in its step: its pieces."""
        return float(sum(len(item.ids) for item in encoded))

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Collate `encoded` with spans hidden, and what is to be written of each."""
        shown, written = [], []
        for item in encoded:
            ids = np.asarray(item.ids)
            places = self.masking.hide(ids, rng, ratio=self.ratio)[1]
            seen, said = (self._spans if self.sentinels else self._whole)(ids, places, item.language)
            shown.append(replace(item, ids=seen))
            written.append(said)
        width = max(map(len, written))
        pieces = torch.tensor([[*row, *[NOTHING] * (width - len(row))] for row in written])
        targets = Written(pieces, self.weight(encoded) * (self.ratio if self.sentinels else 1))
        return replace(collate(shown, pad_id=self.tokenizer.pad_id), targets=targets)

    def expect(self, encoder: Encoder) -> None:
        """Raise `ModelError` for an encoder alone."""
        if encoder.seq2seq is None:
            raise ModelError(f"{encoder.name} writes nothing; denoising is for models that bring a decoder")

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the model's own decoder."""
        self.expect(encoder)
        assert encoder.seq2seq is not None
        return Seq2SeqHead(encoder.seq2seq, Writing(longest=1), per_row=1.0)

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the sum of the losses of the pieces that are to be written over their expected number."""
        pieces = batch.targets.pieces
        loss: torch.Tensor = model.head.loss(model.encoder(batch), pieces) * len(pieces) / batch.targets.expected
        return loss

    def _spans(self, ids: np.ndarray, places: np.ndarray, language: str) -> tuple[list[int], list[int]]:
        """Return what T5 sees and writes: a sentinel for every span, then the spans after theirs."""
        _, before, after = self._frames(language)
        seen: list[int] = []
        said = list(before)
        end, number = 0, 0
        for start, stop in _runs(places):
            if number + 1 >= len(self.sentinels):
                break
            seen += [*ids[end:start].tolist(), self.sentinels[number]]
            said += [self.sentinels[number], *ids[start:stop].tolist()]
            end, number = stop, number + 1
        return [*seen, *ids[end:].tolist()], [*said, self.sentinels[number], *after]

    def _whole(self, ids: np.ndarray, places: np.ndarray, language: str) -> tuple[list[int], list[int]]:
        """Return what BART sees and writes: a mask for every span, then the whole text."""
        frame, before, after = self._frames(language)
        seen: list[int] = []
        end = 0
        for start, stop in _runs(places):
            seen += [*ids[end:start].tolist(), self.mask_id]
            end = stop
        first, last = len(frame.parts[0]), len(ids) - len(frame.parts[1])
        return [*seen, *ids[end:].tolist()], [*before, *ids[first:last].tolist(), *after]

    def _frames(self, language: str) -> tuple[Frame, list[int], list[int]]:
        """Return what stands around a text of `language` that is read, and before and after one that is written."""
        if language not in self.frames:
            inner = self.tokenizer.plain(["a"])[0].ids
            read = _around(self.tokenizer.encode(["a"], languages=[language])[0].ids, inner)
            written = _around(self.tokenizer.written(["a"], languages=[language], longest=len(inner))[0], inner)
            self.frames[language] = (Frame([*read], [[0] * len(part) for part in read], 0), *written)
        return self.frames[language]


class FramedRows(TextRows):
    """Rows of one language in a frame of their own."""

    def __init__(self, corpus: Corpus, shard: Shard, frame: Frame) -> None:
        """Cut the documents of `shard` into rows."""
        self.shard, self.seed, self.frame = shard, corpus.seed, frame
        self.rows = shard.rows(corpus.length - frame.size)


def _runs(places: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield where runs of neighbouring places start, and where they have ended."""
    cuts = np.flatnonzero(np.diff(places) > 1) + 1
    for part in np.split(places, cuts):
        if len(part):
            yield int(part[0]), int(part[-1]) + 1


def _around(ids: Sequence[int], inner: Sequence[int]) -> tuple[list[int], list[int]]:
    """Return what stands before and after `inner` in `ids`."""
    found = list(ids)
    at = next(at for at in range(len(found)) if found[at : at + len(inner)] == list(inner))
    return found[:at], found[at + len(inner) :]
