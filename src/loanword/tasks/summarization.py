"""The parts of a text that say what it is about."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record, Span
from loanword.data.shapes.summaries import SUMMARY
from loanword.encoders.encoder import Encoder
from loanword.errors import UsageError
from loanword.language.outputs import compared, expect_measurable
from loanword.language.sentences import lead, sentences
from loanword.language.tag import is_segmented
from loanword.language.words import is_run, words
from loanword.tasks.aim import Aim, Answered, expect_no_choice
from loanword.tasks.extracts import likeness
from loanword.tasks.spans import Scored, SpanHead, aim_at, bits, marked, places_of, readings
from loanword.tasks.task import TASKS, Prediction, Task, softmax
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

UNITS = ("phrase", "sentence")
ALIKE = 0.6
"""Share of the words of a sentence from which on it says nothing new beside another."""
BEST = 60
"""Stretches that are compared with one another."""


@dataclass(frozen=True, slots=True)
class Extract(Prediction):
    """A summary: `label` is what it says, `spans` are the parts of the text that it is made of."""

    spans: tuple[Span, ...] = ()


@TASKS.register("summarization")
class Summarization(Task):
    """Extractive summarization: the stretch of words, or the few sentences, that say most of what a summary would.

    Trained on those parts of each text that are most like its summary; since it points and does not write, it answers
    in the language of the text, whatever language it was trained on. Long texts are read in windows. Sentences: Liu and
    Lapata 2019, "Text Summarization with Pretrained Encoders".
    """

    columns = SUMMARY
    metrics = ("chrf", "rouge-l")
    defaults: Mapping[str, Mapping[str, Any]] = {"training": {"piece_exchange": 0.0, "head_rate": 30.0, "average": 0.1}}

    def __init__(
        self, *, unit: str = "", parts: int = 0, longest: int = 24, stride: int = 64, dropout: float = 0.1
    ) -> None:
        """Create the task.

        `unit`: "phrase" for one stretch of at most `longest` words (where words are not written apart, pieces),
        "sentence" for the best `parts` sentences in the order of the text. What is not said is learned: phrases, if
        summaries are shorter than sentences. Neighbouring windows share `stride` pieces.
        """
        if unit and unit not in UNITS:
            raise UsageError(f"unknown unit '{unit}'; known: {', '.join(UNITS)}")
        self.unit = unit
        self.parts = parts
        self.longest = longest
        self.stride = stride
        self.dropout = dropout

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:
        """Learn whether summaries are phrases or sentences, and of how many."""
        expect_measurable()
        wanted = [record for record in records if record.pair]
        counts = [len(sentences(record.pair)) for record in wanted]
        self.parts = self.parts or round(median(counts or [1])) or 1
        usual = median([end - start for record in wanted for start, end in sentences(record.text)] or [0])
        short = median([len(record.pair) for record in wanted] or [0]) < usual
        self.unit = self.unit or ("phrase" if short and self.parts == 1 else "sentence")

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode each text in as many windows as it takes; targets are bits of every piece, as for answers."""
        frame = tokenizer.frame()
        found = []
        plain = tokenizer.plain([record.text for record in records])
        for row, (record, pieces) in enumerate(zip(records, plain, strict=True)):
            units = self._units(record.text, pieces.offsets)
            wanted = self._nearest(record, units) if record.pair else []
            for ids, _, offsets in readings(
                record.text, pieces, frame=frame, limit=tokenizer.max_length, stride=self.stride
            ):
                target = marked(offsets, wanted) if record.pair else None
                places = places_of(offsets, frame) if tokenizer.locates else None
                found.append(Encoded(ids, record.language, row, target=target, offsets=offsets, places=places))
        return found

    def _units(self, text: str, offsets: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Cut a text into what a summary is made of: sentences, or words; where these are not written apart, pieces."""
        if self.unit == "sentence":
            return sentences(text)
        found: list[tuple[int, int]] = []
        for start, end in words(text):
            inside = {place for offset in offsets for place in offset if start < place < end}
            cuts = [start, *(sorted(inside) if is_run(text[start:end]) else []), end]
            found += pairwise(cuts)
        return found

    def _nearest(self, record: Record, units: Sequence[tuple[int, int]]) -> list[Span]:
        """Return the parts of a text that are most like its summary."""
        if not units:
            return []
        scores = likeness(record.text, record.pair, units, longest=self._most())
        if self.unit == "sentence":
            scored = zip(scores[:, 0].tolist(), units, strict=True)
            return self._different(record, [(score, start, end) for score, (start, end) in scored])
        first, more = divmod(int(scores.argmax()), scores.shape[1])
        return [_span(record.text, units[first][0], units[first + more][1])]

    def _most(self) -> int:
        return 1 if self.unit == "sentence" else self.longest

    def _different(self, record: Record, scored: Sequence[Scored]) -> list[Span]:
        """Return the best `parts` sentences of which none says what a better one does, in the order of the text."""
        chosen: list[Span] = []
        for _, start, end in sorted(scored, key=lambda one: (-one[0], one[1])):
            if len(chosen) < self.parts and not any(_alike(record.text[start:end], one.label) for one in chosen):
                chosen.append(_span(record.text, start, end))
        return sorted(chosen)

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return the bits of every piece (batch, seq)."""
        return bits(encoded)

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
        """Put the best parts of each text together."""
        scored: list[list[Scored]] = [[] for _ in records]
        offsets: list[list[tuple[int, int]]] = [[] for _ in records]
        for item in encoded:
            offsets[item.row] += item.offsets or []
        units = [self._units(record.text, found) for record, found in zip(records, offsets, strict=True)]
        for item, logits in zip(encoded, outputs, strict=True):
            scored[item.row] += self._scored(units[item.row], logits, item.offsets or [])
        return [self._prediction(record, found) for record, found in zip(records, scored, strict=True)]

    def _scored(
        self, units: Sequence[tuple[int, int]], logits: np.ndarray, offsets: Sequence[tuple[int, int]]
    ) -> Iterator[Scored]:
        """Score the stretches of units that are whole in a window; in two windows a sentence is scored twice."""
        places = [place for place, offset in enumerate(offsets) if offset != (0, 0)]
        if not places:
            return
        first = {offsets[place][0]: place for place in reversed(places)}
        last = {offsets[place][1]: place for place in places}
        own = [(start, end) for start, end in units if start in first and end in last]
        scores = np.add.outer([logits[first[start], 0] for start, _ in own], [logits[last[end], 1] for _, end in own])
        scores = np.where(np.triu(np.ones_like(scores)) > np.triu(np.ones_like(scores), self._most()), scores, -np.inf)
        for number in np.argsort(-scores, axis=None, kind="stable")[: BEST if self.unit == "phrase" else None]:
            one, other = divmod(int(number), len(own))
            if np.isfinite(scores[one, other]):
                yield float(scores[one, other]), own[one][0], own[other][1]

    def _prediction(self, record: Record, scored: Sequence[Scored]) -> Prediction:
        if not scored:
            return Extract(label=lead(record.text, count=self.parts))  # No sentence is short enough to be read whole.
        best = sorted(scored, key=lambda one: (-one[0], one[1], one[2]))[: BEST if self.unit == "phrase" else None]
        shares = softmax(np.array([score for score, _, _ in best]))
        if self.unit == "phrase":
            number = _most_like_all(best, shares)
            _, start, end = best[number]
            span = _span(record.text, start, end)
            return Extract(label=span.label, score=float(shares[number]), spans=(span,))
        spans = self._different(record, best)
        between = " " if is_segmented(record.language) else ""
        return Extract(label=between.join(span.label for span in spans), score=float(shares[0]), spans=tuple(spans))

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the log probability that the summary, or the first of its parts, starts and ends where it does.

        `label` is another part, as the text has it first.
        """
        expect_no_choice("summarization", word=word)
        text, said = answered.record.text, answered.prediction.spans if isinstance(answered.prediction, Extract) else ()
        if label and label not in text:
            raise UsageError(f"'{label}' is no part of the text")
        if not said:
            raise UsageError("nothing of the summary was scored: no sentence is short enough to be read whole")
        start = text.find(label)
        about = next((span for span in said if span.label == label), _span(text, start, start + len(label)))
        return aim_at(answered, about if label else said[0], predicted=about.label if about in said else said[0].label)

    def references(self, records: Sequence[Record]) -> list[Any]:
        """Return the records: how texts are compared depends on their language."""
        return list(records)

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Take the first sentences of each text."""
        return [Prediction(label=lead(record.text, count=max(1, self.parts))) for record in records]

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return the share of summaries in the right language, that of the references, and how long the ones are."""
        said, wanted = ([str(item.label) for item in predictions], [record.pair for record in records])
        return compared(said, wanted, language=records[0].languages[1] if records else "und")

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return the summary, and where its parts stand in code points."""
        spans = prediction.spans if isinstance(prediction, Extract) else ()
        places = [{"start": span.start, "end": span.end} for span in spans]
        score = None if math.isnan(prediction.score) else round(prediction.score, 6)
        return {"text": record.text, "summary": prediction.label, "spans": places, "score": score}

    def brief(self, shown: Mapping[str, Any]) -> str:
        """Return the summary."""
        return str(shown["summary"]) or "-"

    def state(self) -> dict[str, Any]:
        """Return the settings."""
        return {name: getattr(self, name) for name in ("unit", "parts", "longest", "stride", "dropout")}


def _span(text: str, start: int, end: int) -> Span:
    return Span(start, end, text[start:end])


def _alike(text: str, other: str) -> bool:
    """Whether most words of the shorter text are in the other."""
    one, two = ({text[start:end].casefold() for start, end in words(text)} for text in (text, other))
    return len(one & two) >= ALIKE * max(1, min(len(one), len(two)))


def _most_like_all(spans: Sequence[Scored], shares: np.ndarray, *, beta: float = 2.0) -> int:
    """Return the span that has most in common with those that are likely, each weighed by its share.

    In common are characters, as F-beta counts them: what chrF would say of it, by the model's own lights. Kumar and
    Byrne 2004, "Minimum Bayes-Risk Decoding for Statistical Machine Translation".
    """
    starts, ends = (np.array(side) for side in zip(*((start, end) for _, start, end in spans), strict=True))
    common = np.minimum(ends[:, None], ends[None, :]) - np.maximum(starts[:, None], starts[None, :])
    lengths = ends - starts
    gain = (1 + beta**2) * np.maximum(common, 0) / (lengths[:, None] + beta**2 * lengths[None, :])
    return int((gain @ shares).argmax())
