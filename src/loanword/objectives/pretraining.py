"""Objectives on text without labels, by the names that recipes use. A user's own takes ten lines.

@PRETRAINING.register("my-objective")
class Mine(OnTexts):                            # rows of text; or give streams of your own
    def prepare(self, encoded, rng): ...        # a Batch with whatever targets the loss wants
    def head(self, encoder): ...                # the module that is trained beside the encoder
    def loss(self, model, batch): ...           # the mean over the rows of the batch
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from loanword.objectives.streams import Corpus, TextRows
from loanword.registry import Registry

if TYPE_CHECKING:
    from loanword.tokens.tokenizer import Tokenizer

PRETRAINING: Registry[Any] = Registry(
    "pretraining",
    builtin=(
        *(f"loanword.objectives.{name}" for name in ("mlm", "nsp", "ranking", "alignment", "detection")),
        "loanword.tasks.denoising",
    ),
)


class OnTexts:
    """What an objective is that looks at rows of text: it has a tokenizer and a stream for every language."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Read rows that `tokenizer` made."""
        self.tokenizer = tokenizer

    def streams(self, corpus: Corpus) -> Mapping[str, Any]:
        """Return the rows of every language."""
        return {tag: TextRows(corpus, shard) for tag, shard in corpus.texts.items()}
