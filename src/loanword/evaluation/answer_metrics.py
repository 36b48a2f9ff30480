"""How well an answer fits: exactly, or in how many words, whatever case, punctuation and articles.

The rules are those of SQuAD's and MLQA's own evaluation, by the language of the text: articles are left out where these
rules name some, and scripts without spaces are compared character by character. Rajpurkar et al. 2016,
"SQuAD: 100,000+ Questions for Machine Comprehension of Text"; Lewis et al. 2020, "MLQA: Evaluating Cross-lingual
Extractive Question Answering".
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from loanword.data.records import Label, Record, spans_of
from loanword.evaluation.metrics import METRICS, Accuracy
from loanword.language.identify import letter_script
from loanword.language.tag import UNSEGMENTED
from loanword.tasks.task import Prediction

ARTICLES = {
    "en": r"\b(a|an|the)\b",
    "es": r"\b(un|una|unos|unas|el|la|los|las)\b",
    "vi": r"\b(của|là|cái|chiếc|những)\b",
    "de": r"\b(ein|eine|einen|einem|eines|einer|der|die|das|den|dem|des)\b",
    "ar": r"\sال^|ال",
}
SYMBOLS = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
"""What SQuAD's evaluation takes for punctuation beside what Unicode does."""


@lru_cache(maxsize=1 << 16)
def normalised(answer: str, language: str) -> tuple[str, ...]:
    """Return the words of `answer` that count: in lower case, without punctuation and articles."""
    text = "".join(character for character in answer.lower() if not _is_punctuation(character))
    articles = ARTICLES.get(language.partition("-")[0])
    if articles:
        text = re.sub(articles, " ", text)
    return tuple("".join(f" {one} " if letter_script(one) in UNSEGMENTED else one for one in text).split())


def overlap(answer: Sequence[str], right: Sequence[str]) -> float:
    """Return F1 over words; where either side has none, whether both do."""
    if not answer or not right:
        return float(answer == right)
    same = (Counter(answer) & Counter(right)).total()
    return 2 * same / (len(answer) + len(right))


class AnswerF1(Accuracy):
    """F1 of the words of an answer, against the right answer that it fits best.

    A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Record]) -> np.ndarray:
        """Return (n, 2): the score of each row, and 1 to count it."""
        scores = [self._score(prediction, record) for prediction, record in zip(predictions, references, strict=True)]
        return np.stack([np.asarray(scores, dtype=float), np.ones(len(scores))], axis=1)

    def _score(self, prediction: Prediction, record: Record) -> float:
        said, *_ = _spelt(prediction.label, record.language)
        return max(self._one(said, right) for right in _spelt(record.label, record.language))

    def _one(self, said: tuple[str, ...], right: tuple[str, ...]) -> float:
        return overlap(said, right)


class ExactMatch(AnswerF1):
    """Share of answers whose words are those of a right answer.

    A `Metric`, and `Additive`.
    """

    def _one(self, said: tuple[str, ...], right: tuple[str, ...]) -> float:
        return float(said == right)


METRICS.register("answer-f1")(AnswerF1())
METRICS.register("exact-match")(ExactMatch())


def _spelt(label: Label | None, language: str) -> list[tuple[str, ...]]:
    return [normalised(text, language) for text in [span.label for span in spans_of(label)] or [""]]


def _is_punctuation(character: str) -> bool:
    return character in SYMBOLS or unicodedata.category(character).startswith("P")
