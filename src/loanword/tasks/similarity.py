"""How alike two texts are in meaning, as a number."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record
from loanword.data.shapes.pairs import SCORED_PAIR
from loanword.encoders.encoder import Encoder
from loanword.tasks.aim import Aim, Answered, expect_no_choice
from loanword.tasks.task import TASKS, Prediction, Task, Training
from loanword.tasks.vectors import ALL_AT_ONCE, VectorHead, cosine, two_texts
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer


@TASKS.register("similarity")
class Similarity(Task):
    """Semantic textual similarity: the cosine of the two texts' vectors, trained to put pairs in the right order.

    A prediction's label is the cosine. Cer et al. 2017, "SemEval-2017 Task 1: Semantic Textual Similarity".
    """

    columns = SCORED_PAIR
    metrics = ("spearman", "pearson")
    defaults: Mapping[str, Mapping[str, Any]] = ALL_AT_ONCE
    training: Training = "possible"

    def __init__(self, *, temperature: float = 0.05) -> None:
        """Create the task; a lower `temperature` makes differences of the cosine weigh more."""
        self.temperature = temperature

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode the texts apart; the target is the score."""
        encoded = two_texts(records, tokenizer)
        for item, record in zip(encoded, records, strict=True):
            item.target = record.label
        return encoded

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return scores (batch)."""
        return torch.tensor([item.target for item in encoded], dtype=torch.float32)

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the head that compares vectors."""
        return VectorHead(learn="order", temperature=self.temperature)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Turn two unit vectors into their cosine."""
        return [Prediction(label=float(vectors[0] @ vectors[1])) for vectors in outputs]

    def references(self, records: Sequence[Record]) -> list[Any]:
        """Return the scores; NaN where there is none."""
        return [math.nan if record.label is None else record.label for record in records]

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Answer that all are equally alike."""
        return [Prediction(label=0.0)] * len(records)

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the cosine of the two texts."""
        expect_no_choice("similarity", label=label, word=word)
        return cosine(answered)

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return both texts and their cosine."""
        return {"text": record.text, "pair": record.pair, "score": round(float(str(prediction.label)), 6)}

    def brief(self, shown: Any) -> str:
        """Say the cosine."""
        return f"{shown['score']:.3f}"

    def state(self) -> dict[str, Any]:
        """Return the settings."""
        return {"temperature": self.temperature}
