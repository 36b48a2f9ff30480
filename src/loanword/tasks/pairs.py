"""Two texts, one label: inference, paraphrase, whether an answer fits a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loanword.data.records import Record
from loanword.data.shapes.pairs import LABELLED_PAIR
from loanword.encoders.encoder import Encoder
from loanword.errors import UsageError
from loanword.tasks.classification import Classification
from loanword.tasks.heads import ClassHead, of_two_texts
from loanword.tasks.task import TASKS
from loanword.tasks.vectors import two_texts
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer


@TASKS.register("pairs")
class Pairs(Classification):
    """Classification of pairs of texts.

    `reading` "together" lets every layer compare the two (one input, a separator between them); "apart" gives each its
    own vector and the head [u, v, |u - v|, u * v] of them, which an encoder of sentences starts from.
    """

    columns = LABELLED_PAIR
    defaults: Mapping[str, Mapping[str, Any]] = {"training": {"batch_size": 16}}

    def __init__(self, *, reading: str = "together", **options: Any) -> None:
        """Create the task; further `options` are those of `Classification`."""
        if reading not in ("together", "apart"):
            raise UsageError(f"unknown reading '{reading}'; known: together, apart")
        super().__init__(**options)
        self.reading = reading

    def _read(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        if self.reading == "apart":
            return two_texts(records, tokenizer)
        languages = [record.language for record in records]
        pairs = [record.pair for record in records]
        return tokenizer.encode([record.text for record in records], languages=languages, pairs=pairs)

    def _head(self, encoder: Encoder) -> ClassHead:
        if self.reading == "together":
            return super()._head(encoder)
        return ClassHead(4 * encoder.pooled_width, len(self.labels), features=of_two_texts, **self._head_options())

    def state(self) -> dict[str, Any]:
        """Return labels and settings."""
        return {**super().state(), "reading": self.reading}
