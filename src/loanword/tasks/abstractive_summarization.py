"""What a text is about, in words of the model's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from torch import nn

from loanword.data.records import Record
from loanword.data.shapes.summaries import SUMMARY
from loanword.encoders.encoder import Encoder
from loanword.language.sentences import lead
from loanword.tasks.generation import Generation
from loanword.tasks.task import TASKS, Prediction
from loanword.tokens.tokenizer import Tokenizer

FEW, MANY = 4, 16
"""Usual beams: of a decoder that a model brings, and of a fresh one, which is less sure and finds better ones late."""


@TASKS.register("abstractive-summarization")
class AbstractiveSummarization(Generation):
    """Summarization by a decoder on the encoder, in the language of the text, or in the second of a pair of languages.

    Of a text longer than the model reads, the beginning is read. In a language that no training summary was in, only
    pieces of the text itself are written, unless `forced` is off.
    """

    columns = SUMMARY
    metrics = ("chrf", "rouge-l")

    def __init__(self, *, beams: int | None = None, **options: Any) -> None:
        """Create the task; without `beams` they are 4 where the encoder brings a decoder, 16 where that is fresh."""
        super().__init__(beams=FEW if beams is None else beams, **options)
        self.beams = beams

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the decoder that the encoder brings, or a fresh one."""
        if self.beams is None and encoder.seq2seq is None:
            self.how = replace(self.how, beams=MANY)
        return super().head(encoder)

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:
        """Count the pieces of summaries; half of the rows are copied where all are in the language of their texts."""
        super().fit(records, tokenizer)
        self.strange = 0.5 if all(len(set(record.languages)) == 1 for record in records) else 0.0

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Take the first sentence of each text."""
        return [Prediction(label=lead(record.text)) for record in records]
