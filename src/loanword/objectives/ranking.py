"""Translation ranking: of all translations in a batch, find the right one, in both directions.

Feng et al. 2022 (LaBSE): vectors of length 1, a softmax over the batch with an additive margin on the right one. The
more translations, the harder: batches of thousands are made of small passes, whose vectors are computed twice, first
without gradients for all, then again pass by pass with the gradient of the loss at each vector (Gao et al. 2021,
"Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup"). The same gradient, for one forward more.

Over several processes every one ranks against the translations of all.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from loanword.batches.batch import Batch, collate
from loanword.batches.mixture import pass_tokens
from loanword.batches.sampler import by_tokens
from loanword.errors import UsageError
from loanword.objectives.gathering import gathered
from loanword.objectives.pretraining import PRETRAINING, Material
from loanword.objectives.streams import Corpus, rows_of
from loanword.tokens.encoded import Encoded

if TYPE_CHECKING:
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.tokenizer import Tokenizer

SCALE, MARGIN = 20.0, 0.3
LEAST = 16
"""Tokens of a pass, at least."""


@dataclass(frozen=True, slots=True)
class Passes:
    """Both sides of a step in passes of similar length; `same` is what tells equal texts: (rows,) for each side."""

    sides: tuple[tuple[tuple[Batch, torch.Tensor], ...], ...]
    same: torch.Tensor

    def to(self, device: str) -> Passes:
        """Move the tensors to `device`."""
        sides = tuple(tuple((batch.to(device), rows.to(device)) for batch, rows in side) for side in self.sides)
        return replace(self, sides=sides, same=self.same.to(device))


@PRETRAINING.register("ranking")
class TranslationRanking:
    """Rank translations. An `Objective` whose steps come whole (`whole_steps`): it cuts them into passes itself."""

    reads: Material = "parallel"
    whole_steps = True

    def __init__(
        self, tokenizer: Tokenizer, *, scale: float = SCALE, margin: float = MARGIN, micro_tokens: int | None = None
    ) -> None:
        """Rank vectors by their cosine times `scale`, from which the right one's `margin` is taken."""
        if not scale > 0 or margin < 0:
            raise UsageError(f"the scale {scale} of ranking must be above 0, and its margin {margin} not below 0")
        if micro_tokens is not None and micro_tokens < LEAST:
            raise UsageError(f"micro_tokens = {micro_tokens} of ranking is too little for a text: at least {LEAST}")
        self.tokenizer = tokenizer
        self.scale = scale
        self.margin = margin
        self.micro_tokens = micro_tokens

    def streams(self, corpus: Corpus) -> dict[str, TranslationRows]:
        """Return the pairs of every parallel corpus; raises `UsageError` where there is but one."""
        found = {name: TranslationRows(corpus, name) for name in corpus.parallel}
        if sum(map(len, found.values())) == 1:
            raise UsageError("ranking tells a translation from others, and there is one in all; give more")
        return found

    def begin(self, encoded: Sequence[Encoded], encoder: Encoder) -> Sequence[int]:
        """See where the encoder is: passes are as large as suits that device, unless a size was given."""
        self.micro_tokens = self.micro_tokens or pass_tokens(next(encoder.parameters()).device.type)
        return ()

    def prepare(self, encoded: Sequence[Encoded], rng: np.random.Generator) -> Batch:
        """Put each side of `encoded` into passes."""
        budget = self.micro_tokens or pass_tokens("cpu")
        sides = ([replace(item, other=None) for item in encoded], [item.other for item in encoded if item.other])
        same = torch.tensor([[hash(tuple(item.ids)) for item in side] for side in sides])
        passes = []
        for side in sides:
            order = sorted(range(len(side)), key=lambda row, side=side: len(side[row].ids))  # type: ignore[misc]
            groups = by_tokens([len(side[row].ids) for row in order], budget=budget)
            passes.append(
                tuple(
                    (collate([side[order[at]] for at in group], pad_id=self.tokenizer.pad_id),
                     torch.tensor([order[at] for at in group]))
                    for group in groups
                )
            )  # fmt: skip
        first = passes[0][0][0]
        return Batch(
            ids=first.ids,
            mask=first.mask,
            languages=tuple(item.language for item in encoded),
            rows=tuple(item.row for item in encoded),
            targets=Passes(tuple(passes), same),
        )

    def head(self, encoder: Encoder) -> nn.Module:
        """Return nothing to be trained: vectors are compared as they are."""
        return nn.Identity()

    def loss(self, model: Any, batch: Batch) -> torch.Tensor:
        """Return the mean loss of both directions; its backward pass runs the encoder again."""
        todo: list[tuple[Any, Batch, torch.Tensor, int]] = []
        sides: list[torch.Tensor] = []
        for side in batch.targets.sides:
            vectors = []
            for one, rows in side:
                noise = _noise(one.ids.device)
                with torch.no_grad():
                    vectors.append(unit(model.encoder(one).pooled))
                todo.append((noise, one, rows, len(sides)))
            order = torch.cat([rows for _, rows in side])
            found = torch.empty_like(torch.cat(vectors))
            found[order] = torch.cat(vectors)
            sides.append(found.requires_grad_())
        same, _ = gathered(batch.targets.same, dim=1)
        with torch.enable_grad():
            value = ranking_loss(*map(among_all, sides), same=same, scale=self.scale, margin=self.margin)
        slopes = torch.autograd.grad(value, sides)
        loss = value.detach().requires_grad_()
        precision = _autocast(loss.device.type)

        def again(gradient: torch.Tensor) -> None:
            for noise, one, rows, side in todo:
                with torch.enable_grad():
                    with _noise_of(noise, one.ids.device), precision():
                        vectors = unit(model.encoder(one).pooled)
                    (vectors * slopes[side][rows] * gradient).sum().backward()  # type: ignore[no-untyped-call]

        loss.register_hook(again)  # type: ignore[no-untyped-call]
        return loss


def among_all(vectors: torch.Tensor) -> torch.Tensor:
    """Return `vectors` (rows, width) among those of all processes, which have no gradient here."""
    every, start = gathered(vectors)
    return torch.cat([every[:start], vectors, every[start + len(vectors) :]])


def unit(vectors: torch.Tensor) -> torch.Tensor:
    """Return `vectors` at length 1, in fp32."""
    return nn.functional.normalize(vectors.float(), dim=-1)


def ranking_loss(
    one: torch.Tensor, other: torch.Tensor, *, same: torch.Tensor, scale: float, margin: float
) -> torch.Tensor:
    """Return the mean over both directions of the loss of finding row i of `other`, (rows, width), for row i of `one`.

    `same`, (2, rows), tells texts apart: a translation whose text is that of the right one is no wrong answer.
    """
    cosines = one @ other.T
    right = torch.eye(len(one), device=one.device)
    scores = scale * (cosines - margin * right)
    losses = []
    for matrix, names in ((scores, same), (scores.T, same.flip(0))):
        # Of two rows with one source text, or one target text, either would be right.
        equal = (names[1].unsqueeze(0) == names[1].unsqueeze(1)) | (names[0].unsqueeze(0) == names[0].unsqueeze(1))
        wrong = matrix.masked_fill(equal & ~right.bool(), -torch.inf)
        losses.append(nn.functional.cross_entropy(wrong, torch.arange(len(one), device=one.device)))
    return (losses[0] + losses[1]) / 2


class TranslationRows:
    """The pairs of a parallel corpus, each side framed by itself."""

    def __init__(self, corpus: Corpus, name: str) -> None:
        """Take the corpus called `name`, as "en:de"."""
        self.name, self.seed, self.frame = name, corpus.seed, corpus.frame
        self.one, self.other = corpus.parallel[name]
        self.room = corpus.length - self.frame.size

    def __len__(self) -> int:
        """Count the pairs."""
        return len(self.one)

    def lengths(self, numbers: np.ndarray) -> np.ndarray:
        """Return how many pieces the longer side has."""
        pairs = rows_of(numbers, size=len(self), seed=self.seed, language=self.name)
        spans = [
            max(b - a, d - c) for (a, b), (c, d) in ((self.one.span(p), self.other.span(p)) for p in pairs.tolist())
        ]
        return np.minimum(spans, self.room) + self.frame.size

    def __getitem__(self, number: int) -> Encoded:
        """Return one pair: the second text is the `other` of the first."""
        pair = int(rows_of(np.array([number]), size=len(self), seed=self.seed, language=self.name)[0])
        sides = []
        for shard in (self.one, self.other):
            start, end = shard.span(pair)
            ids, _ = self.frame.around(shard.pieces[start : min(end, start + self.room)].tolist())
            sides.append(Encoded(ids=ids, language=shard.language, row=number))
        sides[0].other = sides[1]
        return sides[0]


def _noise(device: torch.device) -> Any:
    """Return what the next dropout hangs on."""
    return torch.cuda.get_rng_state(device) if device.type == "cuda" else torch.get_rng_state()


@contextmanager
def _noise_of(state: Any, device: torch.device) -> Iterator[None]:
    """Let dropout fall as it did when `state` was taken."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.cuda.set_rng_state(state, device) if device.type == "cuda" else torch.set_rng_state(state)
        yield


def _autocast(device: str) -> Any:
    """Return a context that multiplies as is done now: the backward pass runs outside of it."""
    from functools import partial

    on, dtype = torch.is_autocast_enabled(device), torch.get_autocast_dtype(device)
    return partial(torch.autocast, device, dtype=dtype, enabled=on)
