"""How near a written text is to the one that was wanted: in characters, in words, in the order of words.

chrF and BLEU are sacrebleu's, from the counts that it takes of each text: Popović 2015, "chrF: character n-gram F-score
for automatic MT evaluation"; Post 2018, "A Call for Clarity in Reporting BLEU Scores". ROUGE-L (Lin 2004) is our own,
since the usual package knows no words but those of a-z and 0-9, and gives Chinese and Hindi nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from loanword.data.records import Record
from loanword.errors import MissingExtra
from loanword.evaluation.metrics import METRICS, Accuracy
from loanword.language.tag import is_segmented
from loanword.language.words import is_run, words
from loanword.tasks.task import Prediction


class ChrF:
    """Character n-gram F-score over the whole of the rows, as sacrebleu's chrF2.

    A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Record]) -> np.ndarray:
        """Return what sacrebleu counts in each row (n, k)."""
        return self._counted(self._scorer(""), [str(item.label) for item in predictions], [r.pair for r in references])

    def reduce(self, rows: np.ndarray) -> float:
        """Score the sum of the rows."""
        return float(self.of_sums(rows.sum(axis=0))) if rows.size else 0.0

    def of_sums(self, sums: np.ndarray) -> np.ndarray:
        """Score sums of counts (..., k)."""
        scorer = self._scorer("")
        scored: np.ndarray = np.apply_along_axis(
            lambda one: scorer._compute_score_from_stats(one).score / 100, -1, sums
        )
        return scored

    @staticmethod
    def _counted(scorer: Any, said: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
        return np.array(scorer._extract_corpus_statistics(said, [wanted]), dtype=float) if said else np.zeros((0, 0))

    def _scorer(self, language: str) -> Any:
        return _sacrebleu("CHRF")


class Bleu(ChrF):
    """BLEU over the whole of the rows; where words are not written apart, of characters.

    A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Record]) -> np.ndarray:
        """Return what sacrebleu counts in each row (n, 10)."""
        languages = {record.languages[1] for record in references}
        scorer = self._scorer(next(iter(languages)) if len(languages) == 1 else "")
        return self._counted(scorer, [str(item.label) for item in predictions], [record.pair for record in references])

    def _scorer(self, language: str) -> Any:
        base = language.partition("-")[0]
        tokenize = "13a" if not language or is_segmented(language) else "zh" if base == "zh" else "char"
        return _sacrebleu("BLEU", tokenize=tokenize, force=True)


class RougeL(Accuracy):
    """F1 of the longest common subsequence of words, characters where these are not written apart; mean over rows.

    A `Metric`, and `Additive`.
    """

    def rows(self, predictions: Sequence[Prediction], references: Sequence[Record]) -> np.ndarray:
        """Return (n, 2): the score of each row, and 1 to count it."""
        scores = [
            _f1(_tokens(str(item.label)), _tokens(record.pair))
            for item, record in zip(predictions, references, strict=True)
        ]
        return np.stack([np.asarray(scores, dtype=float), np.ones(len(scores))], axis=1)


METRICS.register("chrf")(ChrF())
METRICS.register("bleu")(Bleu())
METRICS.register("rouge-l")(RougeL())


@lru_cache
def _sacrebleu(name: str, **options: Any) -> Any:
    try:
        from sacrebleu import metrics
    except ImportError:
        raise MissingExtra("generation", "sacrebleu", "scoring written text") from None
    return getattr(metrics, name)(**options)


def _tokens(text: str) -> list[str]:
    """Return the words of `text` in lower case, without punctuation; of a run, its characters."""
    found: list[str] = []
    for start, end in words(text.casefold()):
        word = text.casefold()[start:end]
        if is_run(word):
            found += word
        elif any(map(str.isalnum, word)):
            found.append(word)
    return found


def _f1(said: Sequence[str], wanted: Sequence[str]) -> float:
    if not said or not wanted:
        return float(said == wanted)
    longest = [0] * (len(wanted) + 1)
    for word in said:
        before = 0
        for place, other in enumerate(wanted, start=1):
            above = longest[place]
            longest[place] = before + 1 if word == other else max(above, longest[place - 1])
            before = above
    return 2 * longest[-1] / (len(said) + len(wanted))
