"""Texts in another language, with the encoder inside."""

from __future__ import annotations

from collections.abc import Sequence

from loanword.data.records import Record
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.tasks.generation import Generation
from loanword.tasks.task import TASKS, Prediction


@TASKS.register("translation")
class Translation(Generation):
    """Translation by a decoder on the encoder: one model for all pairs of languages.

    The language to write in is the second of the pair (``--train en:de=FILE``). chrF is the main metric: Popović 2015,
    "chrF: character n-gram F-score for automatic MT evaluation".
    """

    columns = PARALLEL_TEXT
    metrics = ("chrf", "bleu")

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Copy the text."""
        return [Prediction(label=record.text) for record in records]
