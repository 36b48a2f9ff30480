"""Two texts and what one says of the other: a class (entailment, paraphrase) or a number (similarity)."""

from __future__ import annotations

import math

from loanword.data.cells import is_integer, kind, note_kinds, texts
from loanword.data.codes import shown
from loanword.data.columns import Source
from loanword.data.records import Filled, Label, Shape
from loanword.data.shapes.labelled_text import labels

KNOWN_AS = {
    "text": ("premise", "sentence1", "text_a", "sentence_a", "text1", "question1"),
    "pair": ("hypothesis", "sentence2", "text_b", "sentence_b", "text2", "question2"),
    "label": ("gold_label", "entailment_judgment"),
    "score": ("similarity_score", "similarity", "label"),
}
"""What SNLI, XNLI, GLUE, PAWS, SICK and the STS benchmark call these columns."""


def _classes(source: Source) -> Filled:
    return Filled(*_texts(source), label=labels(source, "label"))


def _scores(source: Source) -> Filled:
    return Filled(*_texts(source), label=numbers(source, "score"))


def _texts(source: Source) -> tuple[list[str], list[str]]:
    return texts(source, "text"), texts(source, "pair", what="second text")


LABELLED_PAIR = Shape(
    "pair of texts",
    inputs=("text", "pair"),
    label="label",
    fill=_classes,
    known_as=KNOWN_AS,
    second="needed",
    classes=True,
)
SCORED_PAIR = Shape(
    "scored pair of texts", inputs=("text", "pair"), label="score", fill=_scores, known_as=KNOWN_AS, second="needed"
)


def numbers(source: Source, name: str) -> list[Label | None]:
    """Return a column of numbers, which may be written as text; note missing ones, and what is none."""
    values: list[Label | None] = []
    refused: list[tuple[int, str]] = []
    for line, value in source.column(name):
        found: float | None = None
        if isinstance(value, float) or is_integer(value):
            found = float(value)  # type: ignore[arg-type]
        elif isinstance(value, str) and value.strip():
            found = _number(value)
            if found is None:
                refused.append((line, f"the text {shown(value)}"))
        elif value is None or isinstance(value, str):
            if source.labelled:
                source.note("LW301", name, line, cause="the row has no score", fix="add one or remove the row")
        else:
            refused.append((line, kind(value)))
        if found is not None and not math.isfinite(found):
            refused.append((line, f"the number {found}"))
        values.append(found)
    note_kinds(source, name, "LW306", refused, expected="a finite number")
    return values


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
