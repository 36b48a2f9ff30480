"""Parts of a text by where they start and where they end: what answers and extracted summaries are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import nn

from loanword.data.records import Span
from loanword.encoders.dropout import Dropout
from loanword.encoders.encoder import EncoderOutput
from loanword.errors import UsageError
from loanword.language.words import trimmed
from loanword.tasks.aim import Aim, Answered
from loanword.tasks.model import Model
from loanword.tokens.encoded import Encoded, Place
from loanword.tokens.tokenizer import Frame, Pieces
from loanword.tokens.windows import windows

START, END, OPEN = 1, 2, 4
"""What a piece may be, as bits of its target: where a span starts, where one ends, where either may be."""


class SpanHead(nn.Module):
    """Scores of every piece as the start and as the end of a span: (batch, seq, width) -> (batch, seq, 2)."""

    per_piece = True

    def __init__(self, width: int, *, dropout: float) -> None:
        """Create the layer as BERT does."""
        super().__init__()
        self.dropout = Dropout(dropout)
        self.linear = nn.Linear(width, 2)
        nn.init.normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def forward(self, output: EncoderOutput) -> torch.Tensor:
        """Return logits in fp32, whatever precision the encoder runs in."""
        with torch.autocast(output.hidden.device.type, enabled=False):
            logits: torch.Tensor = self.linear(self.dropout(output.hidden.float()))
        return logits

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean over the rows of the log loss of start and end; where several are right, of their probability together.

        Targets (batch, seq) are bits: `START`, `END`, `OPEN`.
        """
        open_ = (targets & OPEN) > 0
        total = outputs.new_zeros(())
        for place, bit in enumerate((START, END)):
            logits = outputs[..., place].float()
            right = logits.masked_fill((targets & bit) == 0, float("-inf")).logsumexp(1)
            every = logits.masked_fill(~open_, float("-inf")).logsumexp(1)
            total = total + (every - right).sum()
        return total / (2 * len(targets))


Reading = tuple[list[int], list[int], list[tuple[int, int]]]
"""Pieces, token types, and the part of the text that each piece stands for; (0, 0) for those that stand for none."""


def readings(
    text: str, pieces: Pieces, *, frame: Frame, limit: int, stride: int, question: Sequence[int] | None = None
) -> Iterator[Reading]:
    """Put `text` into as many windows of `limit` pieces as it takes, each after the pieces of a `question`.

    Neighbours share `stride` pieces. Blanks are no part of what a piece stands for.
    """
    before = [] if question is None else [question]
    room = max(1, limit - frame.size - sum(map(len, before)))
    first = len(frame.parts[0]) + (0 if question is None else len(question) + len(frame.parts[1]))
    for window in windows([1] * len(pieces.ids), room=room, overlap=min(stride, room // 2)):
        here = range(window.start, window.end)
        ids, types = frame.around(*before, [pieces.ids[piece] for piece in here])
        offsets = [(0, 0)] * len(ids)
        for place, piece in enumerate(here, start=first):
            start, end = trimmed(pieces.offsets[piece], text)
            if start < end:
                offsets[place] = (start, end)
        yield ids, types, offsets


def places_of(
    offsets: Sequence[tuple[int, int]], frame: Frame, question: Pieces | None = None, asked: int = 0
) -> list[Place]:
    """Say where the pieces of a reading stand: at `offsets` in the text, and so many as `asked` in a `question`."""
    before = [] if question is None else [[Place(1, *offset) for offset in question.offsets[:asked]]]
    first = sum(len(part) for part in frame.parts[:-1]) + sum(len(part) for part in before)
    return frame.places(*before, [Place(0, *offset) for offset in offsets[first : len(offsets) - len(frame.parts[-1])]])


def marked(offsets: Sequence[tuple[int, int]], spans: Iterable[Span]) -> list[int]:
    """Return the bits of every piece: where `spans` start and end, the first piece if none is all in these pieces."""
    target = [OPEN if place == 0 or span != (0, 0) else 0 for place, span in enumerate(offsets)]
    places = [place for place, span in enumerate(offsets) if span != (0, 0)]
    found = False
    for one in spans:
        inside = [place for place in places if offsets[place][0] < one.end and one.start < offsets[place][1]]
        if inside and offsets[inside[0]][0] <= one.start and one.end <= offsets[inside[-1]][1]:
            # Pieces of bytes may share a character: the one that starts where the span does, if there is one.
            target[next((n for n in inside if offsets[n][0] == one.start), inside[0])] |= START
            target[next((n for n in reversed(inside) if offsets[n][1] == one.end), inside[-1])] |= END
            found = True
    if not found:
        target[0] |= START | END
    return target


def bits(encoded: Sequence[Encoded]) -> torch.Tensor:
    """Collate the bits of every piece (batch, seq)."""
    longest = max(len(item.ids) for item in encoded)
    return torch.tensor([[*item.target, *[0] * (longest - len(item.ids))] for item in encoded], dtype=torch.long)


def aim_at(answered: Answered, span: Span | None, *, predicted: str) -> Aim:
    """Aim at the log probability that `span` starts and ends where it does, in the window that decided it.

    Without a span, at that of there being none. The probabilities are those of training: among the pieces of the text
    in the window and the first piece.
    """
    found = []
    for number, (item, logits) in enumerate(zip(answered.encoded, answered.outputs, strict=True)):
        target = marked(item.offsets or [], [span] if span else [])
        first, last = (next(n for n, has in enumerate(target) if has & bit) for bit in (START, END))
        if bool(first) == bool(span):
            found.append((float(logits[first, 0] + logits[last, 1]), number, first, last))
    text = answered.record.text
    part = (span.start, span.end) if span else None
    label = text[slice(*part)] if part else ""
    if not found:
        raise UsageError(f"'{label}' cannot be explained: no window that the model reads holds all of it")
    _, number, first, last = max(found) if span else min(found)
    places = [0, *(place for place, offset in enumerate(answered.encoded[number].offsets or ()) if offset != (0, 0))]

    def score(model: Model, read: Sequence[EncoderOutput]) -> torch.Tensor:
        starts, ends = model.adjust(model.head(*read))[:, places].log_softmax(1).unbind(-1)
        total: torch.Tensor = starts[:, places.index(first)] + ends[:, places.index(last)]
        return total

    return Aim(label, predicted, "log-probability", score, input=number, about=part)


Scored = tuple[float, int, int]
"""A span of a text: its score, where it starts, where it ends."""


def likeliest(logits: np.ndarray, offsets: Sequence[tuple[int, int]], *, longest: int, best: int = 20) -> list[Scored]:
    """Return the `best` spans of a window with at most `longest` pieces, from `logits` (pieces, 2)."""
    places = np.array([place for place, span in enumerate(offsets) if span != (0, 0)])
    if not len(places):
        return []
    starts, ends = logits[places, 0], logits[places, 1]
    scores = starts[:, None] + ends[None, :]
    apart = np.arange(len(places))[None, :] - np.arange(len(places))[:, None]
    scores = np.where((apart >= 0) & (apart < longest), scores, -np.inf).ravel()
    top = np.argpartition(-scores, min(best, len(scores) - 1))[:best]
    found = []
    for number in top[np.isfinite(scores[top])]:
        first, last = divmod(int(number), len(places))
        found.append((float(scores[number]), offsets[places[first]][0], offsets[places[last]][1]))
    return found
