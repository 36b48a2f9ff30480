"""Find the translation of a text among those of all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from loanword.data.records import Record
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.encoders.encoder import Encoder
from loanword.errors import UsageError
from loanword.tasks.aim import Aim, Answered, expect_no_choice
from loanword.tasks.neighbours import CELLS, Scoring, crowdings, expect_scoring, rescored
from loanword.tasks.task import TASKS, Prediction, Task, Training
from loanword.tasks.vectors import ALL_AT_ONCE, VectorHead, cosine, two_texts
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

PACE = 0.3
"""Share of the usual learning rate: an encoder whose vectors are good already has more to lose than to learn."""


@dataclass(frozen=True, slots=True)
class Found(Prediction):
    """What was found for a text: `label` is the nearest translation, `score` its cosine.

    `ranks` are the places (0 the first) of the right one among all translations, and of the text among all texts as
    seen from its translation.
    """

    ranks: tuple[int, int] = (0, 0)


@TASKS.register("retrieval")
class Retrieval(Task):
    """Bitext retrieval with sentence vectors: each text finds its translation, and each translation its text.

    Candidates are the table's own rows; a row whose text equals the right one is right, too. Trained by ranking
    translations above those of the other rows of a batch.

    `reading` "alike" puts nothing but the model's prefix before either text; "search" reads texts as queries and second
    texts as documents, with the prompts that the model has for them.
    """

    columns = PARALLEL_TEXT
    metrics = ("retrieval-accuracy", "retrieval-at-5")
    defaults: Mapping[str, Mapping[str, Any]] = {"training": {**ALL_AT_ONCE["training"], "piece_exchange": 0.0}}
    training: Training = "possible"

    def __init__(self, *, scoring: Scoring = "csls", temperature: float = 0.01, reading: str = "alike") -> None:
        """Create the task; `scoring` of neighbours: "cosine", "csls" or "margin"."""
        expect_scoring(scoring)
        if reading not in ("alike", "search"):
            raise UsageError(f"unknown reading '{reading}'; known: alike, search")
        self.reading = reading
        self.role = "query" if reading == "search" else ""
        self.scoring: Scoring = scoring
        self.temperature = temperature

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode text and translation apart."""
        return two_texts(records, tokenizer, roles=(self.role, "document" if self.role else ""))

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Return nothing that is needed: the rows of a batch are each other's wrong answers."""
        return torch.zeros(len(encoded))

    def head(self, encoder: Encoder) -> nn.Module:
        """Return the head that compares vectors."""
        return VectorHead(learn="ranking", temperature=self.temperature, pace=PACE)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Let every text look for its translation among those of all `records`, and the other way round."""
        if not len(outputs):
            return []
        if not all(record.pair for record in records):
            raise UsageError("retrieval looks for translations among those given; give a second text with each")
        texts, pairs = (np.stack([vectors[side] for vectors in outputs]) for side in (0, 1))
        here, there = crowdings(texts, pairs)
        same = [_numbers([record.pair for record in records]), _numbers([record.text for record in records])]
        forward, best = self._ranks(texts, pairs, here, there, wanted=same[0], offered=same[0])
        backward, _ = self._ranks(pairs, texts, there, here, wanted=same[1], offered=same[1])
        return [
            Found(label=records[place].pair, score=float(texts[row] @ pairs[place]), ranks=(int(one), int(two)))
            for row, (place, one, two) in enumerate(zip(best, forward, backward, strict=True))
        ]

    def _ranks(
        self,
        queries: np.ndarray,
        corpus: np.ndarray,
        here: np.ndarray,
        there: np.ndarray,
        *,
        wanted: np.ndarray,
        offered: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the place of the right one for every query, and which one comes first.

        `wanted` (n) says what each of the queries (n, width) looks for, `offered` (m) what each of the corpus is.
        """
        ranks, best = (np.empty(len(queries), dtype=np.int64) for _ in range(2))
        for start in range(0, len(queries), size := max(1, CELLS // len(corpus))):
            rows = np.arange(start, min(start + size, len(queries)))
            scores = rescored(queries[rows] @ corpus.T, here[rows, None], there[None, :], scoring=self.scoring)
            right = wanted[rows, None] == offered[None, :]
            own = np.where(right, scores, -np.inf).max(axis=1)
            ranks[rows] = ((scores > own[:, None]) & ~right).sum(axis=1)
            best[rows] = scores.argmax(axis=1)
        return ranks, best

    def references(self, records: Sequence[Record]) -> list[Any]:
        """Return the translations."""
        return [record.pair for record in records]

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Find the first translation for every text."""
        last = len(records)
        return [Found(label=records[0].pair, ranks=(place and last, place and last)) for place in range(last)]

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the cosine of the two texts."""
        expect_no_choice("retrieval", label=label, word=word)
        return cosine(answered)

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return accuracy in either direction."""
        ranks = np.array([item.ranks for item in predictions if isinstance(item, Found)]).reshape(-1, 2)
        forward, backward = (ranks == 0).mean(axis=0) if len(ranks) else (0.0, 0.0)
        return {"forward": float(forward), "backward": float(backward)}

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return what was found for the text, and its cosine."""
        return {"text": record.text, "found": prediction.label, "score": round(prediction.score, 6)}

    def brief(self, shown: Any) -> str:
        """Say what was found, and its cosine."""
        return f"{shown['found']} {shown['score']:.3f}"

    def state(self) -> dict[str, Any]:
        """Return the settings."""
        return {"scoring": self.scoring, "temperature": self.temperature, "reading": self.reading}


def _numbers(names: Sequence[str]) -> np.ndarray:
    """Return a number for each name, the same one for equal names."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names])
