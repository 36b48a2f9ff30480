"""What a text is about, in words of the model's own."""

from __future__ import annotations

from collections.abc import Sequence

from loanword.data.records import Record
from loanword.data.shapes.summaries import SUMMARY
from loanword.language.sentences import lead
from loanword.tasks.generation import Generation
from loanword.tasks.task import TASKS, Prediction


@TASKS.register("abstractive-summarization")
class AbstractiveSummarization(Generation):
    """Summarization by a decoder on the encoder, in the language of the text, or in the second of a pair of languages.

    Of a text longer than the model reads, the beginning is read. In a language that no training summary was in, only
    pieces of the text itself are written, unless `forced` is off.
    """

    columns = SUMMARY
    strange = 0.5
    metrics = ("chrf", "rouge-l")

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Take the first sentence of each text."""
        return [Prediction(label=lead(record.text)) for record in records]
