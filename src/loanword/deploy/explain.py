"""Why a model says what it says, as far as attention and gradients can tell: from records to an `Explanation`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import torch
from torch import nn

from loanword.batches.batch import collate
from loanword.batches.passes import CPU_TOKENS, DEVICE_TOKENS
from loanword.data.records import Record
from loanword.deploy.attribution import Integrated, integrate, rollout
from loanword.deploy.explanation import Alignment, Explanation, Piece, Reading, Sum, Word
from loanword.deploy.portable import model_name
from loanword.encoders.observed import Observed, Sight
from loanword.errors import UsageError
from loanword.hardware import Hardware
from loanword.tasks.aim import Aim, Answered
from loanword.tasks.model import Model, answering
from loanword.tasks.outputs import outputs
from loanword.tokens.encoded import NOWHERE, Encoded, Place, texts_of
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.units import units

DEPTH = 2 / 3
"""How deep in the encoder words are compared, where they are most alike across languages: the eighth of twelve layers.
Jalili Sabet et al. 2020, "SimAlign: High Quality Word Alignments without Parallel Training Data"."""


def explain(
    model: Model,
    task: Any,
    tokenizer: Tokenizer,
    hardware: Hardware,
    records: Sequence[Record],
    *,
    name: str,
    label: str = "",
    words: Sequence[str] = (),
) -> Explanation:
    """Explain what `task`, known as `name`, says of each of `records`, in fp32; the first is what others are beside.

    `label` chooses what is explained; without one it is what is said of the first, where labels mean the same for all.
    `words` choose a word of each, for tasks on words. Raises `UsageError` for what cannot be explained.
    """
    explainer = _Explainer(model, task, tokenizer.locating(), replace(hardware, precision="fp32"))
    readings: list[Reading] = []
    vectors: list[list[tuple[int, torch.Tensor]]] = []
    with torch.inference_mode(False), torch.enable_grad(), answering(model):
        for row, record in enumerate(records):
            if readings and task.labels and not label:
                label = readings[0].label
            reading, states = explainer.read(record, label=label, word=words[row] if words else "")
            readings.append(reading)
            vectors.append(states)
    pairs = [((0, 0), (row, 0)) for row in range(1, len(readings))]
    if len(readings) == 1 and len(readings[0].texts) > 1:
        pairs = [((0, 0), (0, 1))]
    return Explanation(
        task=name,
        model=model_name(model.encoder.name),
        layers=explainer.layers,
        pooling=model.encoder.pooling,
        readings=tuple(readings),
        alignments=tuple(_aligned(one, other, readings, vectors, layer=explainer.layer) for one, other in pairs),
    )


class _Explainer:
    """A model in the form that can be looked into."""

    def __init__(self, model: Model, task: Any, tokenizer: Tokenizer, hardware: Hardware) -> None:
        self.model, self.task, self.tokenizer, self.hardware = model, task, tokenizer, hardware
        self.layers = int(model.encoder.config.num_hidden_layers)
        self.layer = max(1, round(DEPTH * self.layers))

    @cached_property
    def observed(self) -> Observed:
        """The encoder, in the form that can be looked into: made when it is known that something will be."""
        return Observed(self.model.encoder)

    def read(self, record: Record, *, label: str, word: str) -> tuple[Reading, list[tuple[int, torch.Tensor]]]:
        """Return the reading of `record`, and the states of those of its words that were read, by their numbers."""
        encoded = self.task.encode([record], self.tokenizer)
        found = outputs(self.model, encoded, pad_id=self.tokenizer.pad_id, hardware=self.hardware)
        (prediction,) = self.task.decode(found.values, encoded, [record], self.tokenizer)
        aim: Aim = self.task.aim(
            Answered(record, encoded, found.values, prediction, self.tokenizer), label=label, word=word
        )
        item = encoded[aim.input]
        places = _places(item)
        sights, flows = self._looked(item, aim)
        parts = [
            self._integrated(item, aim, number, sight, where)
            for number, (sight, where) in enumerate(zip(sights, places, strict=True))
        ]
        pieces = [
            Piece(self.tokenizer.token(piece), *place, contribution=contribution, rollout=share)
            for one, where, part, flow in zip(texts_of([item]), places, parts, flows, strict=True)
            for piece, place, contribution, share in zip(one.ids, where, part.parts.tolist(), flow, strict=True)
        ]
        second = record.pair if aim.second is None else aim.second
        texts = (record.text, second) if any(piece.side == 1 for piece in pieces) else (record.text,)
        said = [one for side, text in enumerate(texts) for one in _words(text, side, pieces)]
        shown = self.task.shown(prediction, record, top=5)
        reading = Reading(
            texts=texts,
            languages=record.languages[: len(texts)],
            answer=self.task.brief(self.task.shown(prediction, record)),
            shown=shown,
            label=aim.label,
            predicted=aim.predicted,
            unit=aim.unit,
            about=aim.about,
            score=parts[0].score,
            sums=tuple(_sum(part, where) for part, where in zip(parts, places, strict=True)),
            pieces=tuple(pieces),
            words=tuple(said),
        )
        states = torch.cat([sight.layers[self.layer][0].detach() for sight in sights])
        return reading, [(n, states[list(one.pieces)].mean(0)) for n, one in enumerate(said) if one.pieces]

    def _looked(self, item: Encoded, aim: Aim) -> tuple[list[Sight], list[list[float | None]]]:
        """Look at `item`: what is seen of each of its texts, and the share of rollout that each piece has.

        Each row of rollout counts as strongly as the score depends on that last state: by the length of its gradient.
        Where it depends on the mean of all states that is each alike, where on the first piece, it alone.
        """
        batch = collate([item], pad_id=self.tokenizer.pad_id).to(self.hardware.device)
        sights = [self.observed.look(one) for one in ((batch,) if batch.other is None else (batch, batch.other))]
        score = aim.score(self.model, [sight.output for sight in sights])
        gradients = torch.autograd.grad(score.sum(), [sight.output.hidden for sight in sights])
        weights = [gradient[0].norm(dim=-1) for gradient in gradients]
        total = sum(weight.sum() for weight in weights)
        flows: list[list[float | None]] = []
        for sight, weight in zip(sights, weights, strict=True):
            if sight.attentions:
                flows.append((weight / total @ rollout([one[0].detach() for one in sight.attentions])).tolist())
            else:
                flows.append([None] * len(weight))
        return sights, flows

    def _integrated(self, item: Encoded, aim: Aim, number: int, sight: Sight, places: Sequence[Place]) -> Integrated:
        """Share out what the words of the input `number` change; pieces that stand for no text are there all along."""
        device = self.hardware.device
        stays = torch.tensor([place.side == NOWHERE for place in places], device=device)

        def along(shares: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            batch = collate([item] * len(shares), pad_id=self.tokenizer.pad_id).to(device)
            both = [batch] if batch.other is None else [batch, batch.other]
            scales = [torch.ones_like(one.ids, dtype=shares.dtype) for one in both]
            scales[number] = torch.where(stays, 1.0, shares.unsqueeze(1))
            sights = [self.observed.read(one, scale) for one, scale in zip(both, scales, strict=True)]
            scores = aim.score(self.model, [one.output for one in sights])
            (gradient,) = torch.autograd.grad(scores.sum(), [sights[number].vectors])
            return scores.detach(), gradient

        budget = CPU_TOKENS if device == "cpu" else DEVICE_TOKENS
        step = sight.vectors[0].detach().masked_fill(stays.unsqueeze(1), 0.0)
        return integrate(along, step, rows=max(1, budget // len(item)))


def _sum(part: Integrated, places: Sequence[Place]) -> Sum:
    sides = tuple(sorted({place.side for place in places} - {NOWHERE}))
    return Sum(sides, part.baseline, float(part.parts.sum()), part.gap, part.points, rough=not part.close)


def _places(item: Encoded) -> list[list[Place]]:
    """Return where the pieces of each text of `item` stand; the second of two that are read apart is on side 1."""
    found = []
    for side, one in enumerate(texts_of([item])):
        if one.places is None or len(one.places) != len(one.ids):
            raise UsageError(
                "nothing says where the pieces of an input stand in the text, so nothing can be shown there: a task "
                "that makes inputs of its own must fill `Encoded.places`, and tokenizers in Python alone cannot tell"
            )
        found.append([place._replace(side=side) if place.side == 0 else place for place in one.places])
    return found


def _words(text: str, side: int, pieces: Sequence[Piece]) -> list[Word]:
    """Return the words of the text number `side`, with what their pieces come to."""
    here = [number for number, piece in enumerate(pieces) if piece.side == side]
    found = []
    for unit in units(text, [(pieces[number].start, pieces[number].end) for number in here]):
        own = tuple(here[place] for place in unit.pieces)
        shares = [pieces[number].rollout for number in own]
        found.append(
            Word(
                text=text[unit.start : unit.end],
                side=side,
                start=unit.start,
                end=unit.end,
                pieces=own,
                contribution=sum(pieces[number].contribution for number in own),
                rollout=None if any(share is None for share in shares) else sum(filter(None, shares)),
            )
        )
    return found


def _aligned(
    one: tuple[int, int],
    other: tuple[int, int],
    readings: Sequence[Reading],
    vectors: Sequence[Sequence[tuple[int, torch.Tensor]]],
    *,
    layer: int,
) -> Alignment:
    """Compare the words of two texts, each a reading and a side."""
    sides = []
    for row, side in (one, other):
        here = [(number, vector) for number, vector in vectors[row] if readings[row].words[number].side == side]
        sides.append(([number for number, _ in here], [vector for _, vector in here]))
    (rows, left), (columns, right) = sides
    alike, pairs = torch.empty(len(rows), len(columns)), []
    if rows and columns:
        units_ = [nn.functional.normalize(torch.stack(part), dim=-1) for part in (left, right)]
        alike = (units_[0] @ units_[1].T).cpu()
        best, back = alike.argmax(1), alike.argmax(0)
        pairs = [(rows[place], columns[int(near)]) for place, near in enumerate(best) if int(back[near]) == place]
    return Alignment(
        one=one,
        other=other,
        layer=layer,
        rows=tuple(rows),
        columns=tuple(columns),
        similarity=tuple(tuple(row) for row in alike.tolist()),
        pairs=tuple(pairs),
    )
