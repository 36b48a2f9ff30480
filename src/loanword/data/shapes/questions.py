"""A question, a text that may answer it, and where: the answers are spans of the text, called by what they say.

The text is the record's text, the question its second one. Of a question that the text does not answer the label is ().
"""

from __future__ import annotations

from typing import Any

from loanword.data.cells import is_integer, kind, seen, texts
from loanword.data.codes import shown
from loanword.data.columns import Source
from loanword.data.records import Filled, Label, Shape, Span
from loanword.data.squad import parse

FIX = 'write {"text": ["..."], "answer_start": [0]}, code points from 0; empty lists where there is no answer'


def _fill(source: Source) -> Filled:
    contexts = texts(source, "context", what="context")
    questions = texts(source, "question", what="question")
    labels: list[Label | None] = []
    for context, (line, value) in zip(contexts, source.rows("answers"), strict=True):
        if value is None:
            if source.labelled:
                source.note("LW301", "answers", line, cause="the row has no answers", fix=FIX)
            labels.append(None)
        else:
            labels.append(tuple(_answers(source, line, context, value)))
    return Filled(text=contexts, pair=questions, label=labels)


QUESTION = Shape(
    "question about a text",
    inputs=("question", "context"),
    label="answers",
    fill=_fill,
    known_as={"context": ("passage", "paragraph"), "answers": ("answer",), "group": ("title", "article")},
    formats={".json": parse},
    second="needed",
)


def _answers(source: Source, line: int, context: str, value: Any) -> list[Span]:
    """Read the answers of a row; note those that do not stand where they are said to."""
    if isinstance(value, dict) and isinstance(value.get("text"), list):
        said, starts = value["text"], value.get("answer_start", [None] * len(value["text"]))
        if not isinstance(starts, list) or len(starts) != len(said):
            count = len(starts) if isinstance(starts, list) else kind(starts)
            cause = f"there are {len(said)} answers, and of places where they start there are {count}"
            source.note("LW309", "answers", line, cause=cause, fix=FIX)
            return []
        pairs = list(zip(said, starts, strict=True))
    elif isinstance(value, list):
        pairs = [(one.get("text"), one.get("answer_start")) if isinstance(one, dict) else (one, None) for one in value]
    else:
        pairs = [(value, None)]
    found = []
    for text, start in pairs:
        if not isinstance(text, str) or not text.strip():
            what = "empty" if isinstance(text, str) else "missing" if text is None else kind(text)
            source.note("LW309", "answers", line, cause=f"an answer is {what}", fix=FIX)
            continue
        if start is not None and not is_integer(start):
            cause = f"answer_start of {shown(text)} is {seen(start)} where an integer is needed"
            source.note("LW309", "answers", line, cause=cause, fix=FIX)
            continue
        at = context.find(text)
        place = at if start is None else start
        if wrong := _misplaced(context, text, place, given=start is not None):
            hint = f"; it stands at {at}" if start is not None and at >= 0 else ""
            fix = "count code points from 0, not bytes or UTF-16 units; or leave answer_start out"
            source.note("LW309", "answers", line, cause=f"the answer {shown(text)} {wrong}{hint}", fix=fix)
            continue
        found.append(Span(place, place + len(text), text))
    return found


def _misplaced(context: str, text: str, place: int, *, given: bool) -> str:
    """Say why `text` does not stand at `place` of `context`, which was `given` or looked for; "" if it does."""
    if not given:
        return "is not in the text" if place < 0 else ""
    if place < 0:
        return f"is said to start at {place}, and no place is negative"
    if place >= len(context):
        return f"is said to start at {place}, which lies beyond the text of {len(context)} code points"
    there = context[place : place + len(text)]
    return "" if there == text else f"is not where it should be: the text has {shown(there)} at {place}"
