"""One text, one label, by what follows from the text: labels are known by sentences about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from loanword.data.records import Record
from loanword.encoders.encoder import Encoder
from loanword.errors import ModelError, UsageError
from loanword.tasks.aim import Aim, Answered, expect_known, expect_no_choice, log_odds
from loanword.tasks.classification import Classification
from loanword.tasks.pairs import Pairs
from loanword.tasks.task import TASKS, Prediction, Task
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer


@TASKS.register("inference")
class Inference(Classification):
    """Classification by a model of pairs: the label whose hypotheses a text entails most; made, not trained.

    A text is read with each of the `hypotheses`, as many for every label. A label's logit is the log odds of
    `entailment`, a label of `pairs`, mean over its hypotheses, less what is `usual` of it in any text. Yin et al. 2019,
    "Benchmarking Zero-shot Text Classification: Datasets, Evaluation and Entailment Approach".
    """

    def __init__(
        self,
        *,
        labels: Sequence[str] = (),
        hypotheses: Sequence[Sequence[str]] = (),
        pairs: Pairs | None = None,
        entailment: str = "entailment",
        usual: Sequence[float] = (),
    ) -> None:
        """Create the task from what an earlier one had as its `state`."""
        if pairs is None:
            raise UsageError("inference is not trained: it is made from a bundle of pairs, by loanword zero-shot --by")
        if entailment not in pairs.labels:
            raise UsageError(f"there is no label '{entailment}' of pairs; known: {', '.join(pairs.labels)}")
        super().__init__(labels=labels)
        self.hypotheses = [list(group) for group in hypotheses]
        self.pairs = pairs
        self.entailment = entailment
        self.usual = np.array(usual or [0.0] * len(self.labels))
        if {len(self.hypotheses), len(self.usual)} != {len(self.labels)}:
            raise ModelError("every label needs its hypotheses, and a number that is usual of it")
        if len(sizes := {len(group) for group in self.hypotheses}) != 1 or 0 in sizes:
            raise ModelError("there must be hypotheses, as many for every label")

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode each text with every hypothesis, in the order of the labels."""
        said = [one for group in self.hypotheses for one in group]
        encoded = self.pairs.encode([replace(record, pair=one) for record in records for one in said], tokenizer)
        for place, item in enumerate(encoded):
            item.row, item.target = place // len(said), None
        return encoded

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head for pairs."""
        return self.pairs.head(encoder)

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Turn the logits of all pairs into predictions with probabilities."""
        if not len(outputs):
            return []
        logits = np.stack(outputs).astype(np.float64)
        yes = self.pairs.labels.index(self.entailment)
        odds = _odds(logits, yes)
        by_label = odds.reshape(len(records), len(self.labels), -1).mean(axis=2) - self.usual
        return super().decode(list(by_label), encoded, records, tokenizer)

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the log odds of entailment of a label's hypothesis: of the one that is entailed most."""
        expect_no_choice("inference", word=word)
        predicted = str(answered.prediction.label)
        label = label or predicted
        expect_known(label, self.labels)
        count, yes = len(self.hypotheses[0]), self.pairs.labels.index(self.entailment)
        first = self.labels.index(label) * count
        odds = [_odds(answered.outputs[first + place], yes) for place in range(count)]
        best = int(np.argmax(odds))
        return Aim(
            label,
            predicted,
            "log-odds",
            lambda model, read: log_odds(model.adjust(model.head(*read)), yes),
            input=first + best,
            second=self.hypotheses[self.labels.index(label)][best],
        )

    def classified(self, outputs: Sequence[np.ndarray], encoded: Sequence[Encoded]) -> tuple[np.ndarray, np.ndarray]:
        """Return nothing: outputs are those of pairs, whose right answers nobody knows."""
        return Task.classified(self, outputs, encoded)

    def state(self) -> dict[str, Any]:
        """Return labels, hypotheses and the task of pairs."""
        return {
            "labels": list(self.labels),
            "hypotheses": self.hypotheses,
            "pairs": self.pairs.state(),
            "entailment": self.entailment,
            "usual": self.usual.tolist(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Inference:
        """Make the task again from `state`."""
        return cls(**{**state, "pairs": Pairs.from_state(state["pairs"])})


def _odds(logits: np.ndarray, place: int) -> np.ndarray:
    """Return the log odds of the class at `place`, from logits (..., classes): (...)."""
    found: np.ndarray = logits[..., place] - np.logaddexp.reduce(np.delete(logits, place, axis=-1), axis=-1)
    return found
