"""What a text is about, in words of the model's own."""

from __future__ import annotations

from collections.abc import Sequence

from loanword.data.records import Record
from loanword.data.shapes.summaries import SUMMARY
from loanword.language.sentences import lead
from loanword.tasks.generation import Generation
from loanword.tasks.task import TASKS, Prediction
from loanword.tokens.tokenizer import Tokenizer


@TASKS.register("abstractive-summarization")
class AbstractiveSummarization(Generation):
    """Summarization by a decoder on the encoder, in the language of the text, or in the second of a pair of languages.

    Of a text longer than the model reads, the beginning is read. In a language that no training summary was in, only
    pieces of the text itself are written, unless `forced` is off.
    """

    columns = SUMMARY
    metrics = ("chrf", "rouge-l")

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:
        """Count the pieces of summaries; half of the rows are copied where all are in the language of their texts."""
        super().fit(records, tokenizer)
        self.strange = 0.5 if all(len(set(record.languages)) == 1 for record in records) else 0.0

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Take the first sentence of each text."""
        return [Prediction(label=lead(record.text)) for record in records]
