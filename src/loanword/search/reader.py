"""Answers out of all documents: the passages nearest to a question are found, and each is read for the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from loanword.data.records import Record
from loanword.deploy.bundle import Bundle
from loanword.errors import UsageError
from loanword.language.tag import canonical
from loanword.search.index import Hit, Index
from loanword.tasks.outputs import outputs
from loanword.tasks.task import softmax

WEIGHT = 130.0
"""What a cosine is worth in logits: what makes right passages of English questions the likeliest (docs/log.md)."""

Read = tuple[Hit, list[tuple[float, int, int]], float]
"""A passage, its best spans as (score, start, end), and the score of there being none."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and where it stands: from `start` up to but without `end` of its document, in code points.

    `text` is "" where there is none. `score` is the share that it has of the probability of all that was considered.
    """

    text: str
    score: float
    start: int = 0
    end: int = 0
    hit: Hit | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        found: dict[str, Any] = {"answer": self.text, "score": round(self.score, 6)}
        if self.hit is None:
            return found
        passage = self.hit.to_dict()
        row: dict[str, Any] = {name: passage.pop(name) for name in ("document", "line") if name in passage}
        return {**found, **row, "start": self.start, "end": self.end, "passage": passage}


def ask(
    bundle: Bundle, index: Index, questions: Sequence[str], *, passages: int = 5, language: str = "und"
) -> list[list[Answer]]:
    """Answer `questions`, in `language`, from the documents of `index` by a bundle of the task answers, the best first.

    The `passages` nearest to a question are read. An answer is as probable as the sum, over the passages that hold it,
    of the passage's probability (a softmax of `WEIGHT` times its cosine) times that of the answer in the passage.
    """
    expect_reader(bundle)
    found, tag = index.search(questions, top=passages, language=language), canonical(language)
    records = [
        Record(hit.passage.text, hit.passage.language, pair=question, pair_language=tag)
        for question, hits in zip(questions, found, strict=True)
        for hit in hits
    ]
    encoded = bundle.task.encode(records, bundle.tokenizer)
    said = outputs(bundle.model, encoded, pad_id=bundle.tokenizer.pad_id, hardware=bundle.hardware)
    read = iter(bundle.task.candidates(said.values, encoded, len(records)))
    return [answers_of([(hit, *next(read)) for hit in hits], none=bool(bundle.task.no_answer)) for hits in found]


def expect_reader(bundle: Bundle) -> None:
    """Raise `UsageError` for a bundle of another task than answers."""
    kind = bundle.describe()["task"]
    if kind != "answers":
        raise UsageError(f"questions are answered by a bundle of the task answers; this one is of {kind}")


def answers_of(read: Sequence[Read], *, none: bool) -> list[Answer]:
    """Put the answers in all passages that were `read` in one order; with `none`, that there is none is one of them.

    It is as probable as the passage of the best answer says: of most others it is true in any case.
    """
    found: dict[tuple[str, int, int, int], Answer] = {}
    empty: dict[Hit, float] = {}
    weights = softmax(WEIGHT * np.array([hit.score for hit, _, _ in read])) if read else ()
    for (hit, spans, score), weight in zip(read, weights, strict=True):
        logits = [span for span, _, _ in spans] + [score] * none
        shares = weight * softmax(np.array(logits)) if logits else np.zeros(1)
        empty[hit] = float(shares[-1])
        for (_, start, end), share in zip(spans, shares, strict=False):
            first, last = hit.passage.place(start, end)
            place = (hit.passage.document, hit.passage.line, first, last)
            known = found.get(place, Answer(hit.passage.text[start:end], 0.0, first, last, hit))
            found[place] = replace(known, score=known.score + float(share))
    if not found:
        return [Answer("", 1.0)]
    best = max(found.values(), key=lambda answer: answer.score)
    ordered = [*found.values(), *([Answer("", empty[best.hit])] if none and best.hit else [])]
    total = sum(answer.score for answer in ordered)
    return [replace(one, score=one.score / total) for one in sorted(ordered, key=lambda answer: -answer.score)]
