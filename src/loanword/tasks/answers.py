"""Answers to questions: the part of a text that says it, or that it does not say it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record, Span
from loanword.data.shapes.questions import QUESTION
from loanword.encoders.dropout import Dropout
from loanword.encoders.encoder import Encoder, EncoderOutput
from loanword.language.words import words
from loanword.tasks.task import TASKS, Prediction, Task, softmax
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.windows import windows

START, END, OPEN = 1, 2, 4
"""What a piece may be, as bits of its target: where an answer starts, where one ends, where either may be."""


class SpanHead(nn.Module):
    """Scores of every piece as the start and as the end of an answer: (batch, seq, width) -> (batch, seq, 2)."""

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


@TASKS.register("answers")
class Answers(Task):
    """Extractive question answering: question and text read together, long texts in windows that overlap.

    A prediction's label holds the answer as a span of the text, or nothing where there is none; `scores` are the
    probabilities of the best answers by what they say. Devlin et al. 2019, "BERT", section 4.2 and 4.3.
    """

    columns = QUESTION
    metrics = ("answer-f1", "exact-match")

    def __init__(
        self,
        *,
        dropout: float = 0.1,
        stride: int = 128,
        longest: int = 32,
        question: int = 64,
        no_answer: bool | None = None,
    ) -> None:
        """Create the task.

        Neighbouring windows share `stride` pieces; an answer has at most `longest`, of a question so many are read.
        `no_answer` says whether there may be none; None learns it from the training rows.
        """
        self.dropout = dropout
        self.stride = stride
        self.longest = longest
        self.question = question
        self.no_answer = no_answer

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:
        """Learn whether there are questions without an answer."""
        if self.no_answer is None:
            self.no_answer = any(record.label == () for record in records)

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode question and text of each record, in as many windows as it takes.

        Targets are bits of every piece; where a window holds no answer, the first piece is start and end of none.
        """
        frame = tokenizer.frame(pair=True)
        questions = [pieces.ids for pieces in tokenizer.plain([record.pair for record in records])]
        contexts = dict(zip(every := sorted({record.text for record in records}), tokenizer.plain(every), strict=True))
        found = []
        for row, record in enumerate(records):
            context, asked = contexts[record.text], questions[row][: self.question]
            room = max(1, tokenizer.max_length - frame.size - len(asked))
            before = len(frame.parts[0]) + len(asked) + len(frame.parts[1])
            for window in windows([1] * len(context.ids), room=room, overlap=min(self.stride, room // 2)):
                here = range(window.start, window.end)
                ids, types = frame.around(asked, [context.ids[piece] for piece in here])
                offsets = [(0, 0)] * len(ids)
                target = [OPEN, *[0] * (len(ids) - 1)]
                for place, piece in enumerate(here, start=before):
                    start, end = _trimmed(context.offsets[piece], record.text)
                    if start < end:
                        offsets[place] = (start, end)
                        target[place] = OPEN
                if record.label is not None:
                    _mark(target, offsets, record.label)
                found.append(
                    Encoded(
                        ids=ids,
                        language=record.language,
                        row=row,
                        target=target if record.label is not None else None,
                        types=types,
                        truncated=len(questions[row]) > self.question,
                        offsets=offsets,
                    )
                )
        return found

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return the bits of every piece (batch, seq)."""
        longest = max(len(item.ids) for item in encoded)
        return torch.tensor([[*item.target, *[0] * (longest - len(item.ids))] for item in encoded], dtype=torch.long)

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head."""
        return SpanHead(encoder.width, dropout=self.dropout)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Take the likeliest span of all windows of a record, or none if the first piece is likelier in all of them."""
        spans: list[list[tuple[float, int, int]]] = [[] for _ in records]
        empty = [math.inf] * len(records)
        for item, logits in zip(encoded, outputs, strict=True):
            empty[item.row] = min(empty[item.row], float(logits[0].sum()))
            spans[item.row] += self._spans(logits, item.offsets or [])
        return [
            self._prediction(sorted(found, reverse=True), none, record.text)
            for found, none, record in zip(spans, empty, records, strict=True)
        ]

    def _spans(
        self, logits: np.ndarray, offsets: Sequence[tuple[int, int]], *, best: int = 20
    ) -> list[tuple[float, int, int]]:
        """Return the `best` spans of a window: score, start and end in the text."""
        places = np.array([place for place, span in enumerate(offsets) if span != (0, 0)])
        if not len(places):
            return []
        starts, ends = logits[places, 0], logits[places, 1]
        scores = starts[:, None] + ends[None, :]
        apart = np.arange(len(places))[None, :] - np.arange(len(places))[:, None]
        scores = np.where((apart >= 0) & (apart < self.longest), scores, -np.inf).ravel()
        top = np.argpartition(-scores, min(best, len(scores) - 1))[:best]
        found = []
        for number in top[np.isfinite(scores[top])]:
            first, last = divmod(int(number), len(places))
            found.append((float(scores[number]), offsets[places[first]][0], offsets[places[last]][1]))
        return found

    def _prediction(self, spans: list[tuple[float, int, int]], none: float, text: str) -> Prediction:
        scores = [score for score, _, _ in spans] + ([none] if self.no_answer else [])
        if not scores:
            return Prediction(label=(), score=math.nan)
        sure = softmax(np.array(scores))
        found: dict[str, float] = {}
        for (_, start, end), share in zip(spans, sure, strict=False):
            found[text[start:end]] = found.get(text[start:end], 0.0) + float(share)
        if self.no_answer:
            found[""] = float(sure[-1])
        if not spans or (self.no_answer and none > spans[0][0]):
            return Prediction(label=(), score=float(sure[-1]), scores=found)
        _, start, end = spans[0]
        return Prediction(label=(Span(start, end, text[start:end]),), score=float(sure[0]), scores=found)

    def references(self, records: Sequence[Record]) -> list[Any]:
        """Return the records: how answers are compared depends on their language."""
        return list(records)

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Answer nothing where that is often right, else the first words of each text, whatever the question."""
        if sum(record.label == () for record in records) * 4 > len(records):
            return [Prediction(label=())] * len(records)
        return [Prediction(label=_lead(record.text)) for record in records]

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return how often there is an answer, and how often one is given."""
        if not self.no_answer or not records:
            return {}
        right = [(p.label == ()) == (r.label == ()) for p, r in zip(predictions, records, strict=True)]
        return {"answerable-or-not": sum(right) / len(right)}

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return the answer, where it stands in code points, its probability, and the `top` best ones."""
        label = prediction.label if isinstance(prediction.label, tuple) else ()
        span = next((one for one in label if isinstance(one, Span)), None)
        best = sorted(prediction.scores.items(), key=lambda pair: -pair[1])[:top]
        return {
            "question": record.pair,
            "answer": span.label if span else "",
            "start": span.start if span else None,
            "end": span.end if span else None,
            "score": round(prediction.score, 6),
            "answers": [{"answer": answer, "score": round(score, 6)} for answer, score in best],
        }

    def brief(self, shown: Mapping[str, Any]) -> str:
        """Say the answer and its probability."""
        return f"{shown['answer'] or '-'} {shown['score']:.3f}"

    def state(self) -> dict[str, Any]:
        """Return the settings."""
        names = ("dropout", "stride", "longest", "question", "no_answer")
        return {name: getattr(self, name) for name in names}


def _trimmed(offset: tuple[int, int], text: str) -> tuple[int, int]:
    """Take the blanks off a piece: an answer neither starts nor ends with them."""
    start, end = offset
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _mark(target: list[int], offsets: list[tuple[int, int]], label: Any) -> None:
    """Mark where answers start and end; one that is not all in this window is none."""
    places = [place for place, span in enumerate(offsets) if span != (0, 0)]
    found = False
    for answer in label:
        inside = [place for place in places if offsets[place][0] < answer.end and answer.start < offsets[place][1]]
        if inside and offsets[inside[0]][0] <= answer.start and answer.end <= offsets[inside[-1]][1]:
            # Pieces of bytes may share a character: the one that starts where the answer does, if there is one.
            target[next((n for n in inside if offsets[n][0] == answer.start), inside[0])] |= START
            target[next((n for n in reversed(inside) if offsets[n][1] == answer.end), inside[-1])] |= END
            found = True
    if not found:
        target[0] |= START | END


def _lead(text: str, *, count: int = 3) -> tuple[Span, ...]:
    found = words(text)[:count]
    return (Span(0, found[-1][1], text[: found[-1][1]]),) if found else ()
