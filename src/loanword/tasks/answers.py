"""Answers to questions: the part of a text that says it, or that it does not say it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record, Span, spans_of
from loanword.data.shapes.questions import QUESTION
from loanword.encoders.encoder import Encoder
from loanword.errors import UsageError
from loanword.language.words import words
from loanword.tasks.aim import Aim, Answered, expect_no_choice
from loanword.tasks.spans import Scored, SpanHead, aim_at, bits, likeliest, marked, places_of, readings
from loanword.tasks.task import TASKS, Prediction, Task, softmax
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

PACE = 2.0
"""Times the usual rate at which encoder and head learn, in half as large steps: rows are few and long."""


class AnswerHead(SpanHead):
    """A head for answers, which asks for a pace of its own."""

    pace = PACE


@TASKS.register("answers")
class Answers(Task):
    """Extractive question answering: question and text read together, long texts in windows that overlap.

    A prediction's label holds the answer as a span of the text, or nothing where there is none; `scores` are the
    probabilities of the best answers, each that of the likeliest span that says it, the best first. Devlin et al. 2019,
    "BERT", section 4.2 and 4.3.
    """

    columns = QUESTION
    metrics = ("answer-f1", "exact-match")
    defaults: Mapping[str, Mapping[str, Any]] = {
        "training": {"piece_exchange": 0.0, "batch_size": 16, "head_rate": 100.0, "average": 0.1}
    }

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
        questions = tokenizer.plain([record.pair for record in records])
        contexts = dict(zip(every := sorted({record.text for record in records}), tokenizer.plain(every), strict=True))
        found = []
        for row, record in enumerate(records):
            for ids, types, offsets in readings(
                record.text,
                contexts[record.text],
                frame=frame,
                limit=tokenizer.max_length,
                stride=self.stride,
                question=questions[row].ids[: self.question],
            ):
                found.append(
                    Encoded(
                        ids=ids,
                        language=record.language,
                        row=row,
                        target=None if record.label is None else marked(offsets, spans_of(record.label)),
                        types=types,
                        truncated=len(questions[row].ids) > self.question,
                        offsets=offsets,
                        places=places_of(offsets, frame, questions[row], self.question) if tokenizer.locates else None,
                    )
                )
        return found

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return the bits of every piece (batch, seq)."""
        return bits(encoded)

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head."""
        return AnswerHead(encoder.width, dropout=self.dropout)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Take the likeliest span of all windows of a record, or none if the first piece is likelier in all of them."""
        return [
            self._prediction(spans, none, record.text)
            for (spans, none), record in zip(self.candidates(outputs, encoded, len(records)), records, strict=True)
        ]

    def candidates(
        self, outputs: Sequence[np.ndarray], encoded: Sequence[Encoded], count: int
    ) -> list[tuple[list[Scored], float]]:
        """Return the best spans of each of `count` records as (score, start, end), and the score of there being none.

        Scores are sums of two logits, the best first; that of none is the least of all windows. A span that several
        windows have, or that a piece without characters begins as well, stands there once, with its best score.
        """
        spans: list[list[Scored]] = [[] for _ in range(count)]
        empty = [math.inf] * count
        for item, logits in zip(encoded, outputs, strict=True):
            empty[item.row] = min(empty[item.row], float(logits[0].sum()))
            spans[item.row] += likeliest(logits, item.offsets or [], longest=self.longest)
        return [(_once(found), none) for found, none in zip(spans, empty, strict=True)]

    def _prediction(self, spans: list[Scored], none: float, text: str) -> Prediction:
        scores = [score for score, _, _ in spans] + ([none] if self.no_answer else [])
        if not scores:
            return Prediction(label=(), score=math.nan)
        sure = softmax(np.array(scores))
        found: dict[str, float] = {}
        for (_, start, end), share in zip(spans, sure, strict=False):
            found.setdefault(text[start:end], float(share))
        if not spans or (self.no_answer and none > spans[0][0]):
            return Prediction(label=(), score=float(sure[-1]), scores={"": float(sure[-1]), **found})
        if self.no_answer:
            found[""] = float(sure[-1])
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

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the log probability that the answer starts and ends where it does, in the window that decided it.

        `label` is another answer, as the text has it first.
        """
        expect_no_choice("answers", word=word)
        text, said = answered.record.text, next(iter(spans_of(answered.prediction.label)), None)
        if label and label not in text:
            raise UsageError(f"'{label}' is no answer: the text does not hold it")
        about = Span(text.index(label), text.index(label) + len(label), label) if label else said
        return aim_at(answered, about, predicted=text[said.start : said.end] if said else "")

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return how often there is an answer, and how often one is given."""
        if not self.no_answer or not records:
            return {}
        right = [(p.label == ()) == (r.label == ()) for p, r in zip(predictions, records, strict=True)]
        return {"answerable-or-not": sum(right) / len(right)}

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return the answer, where it stands in code points, its probability, and the `top` best ones, itself first."""
        span = next(iter(spans_of(prediction.label)), None)
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


def _once(spans: Iterable[Scored]) -> list[Scored]:
    """Return the spans in the order of their scores, the best first, each once."""
    found: dict[tuple[int, int], Scored] = {}
    for one in sorted(spans, reverse=True):
        found.setdefault(one[1:], one)
    return list(found.values())


def _lead(text: str, *, count: int = 3) -> tuple[Span, ...]:
    found = words(text)[:count]
    return (Span(0, found[-1][1], text[: found[-1][1]]),) if found else ()
