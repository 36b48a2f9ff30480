"""A text, or several about one thing, and what they say in short; the summary is the record's second text."""

from __future__ import annotations

from loanword.data.cells import texts
from loanword.data.columns import Source
from loanword.data.records import Filled, Shape


def _fill(source: Source) -> Filled:
    wanted = source.labelled or source.names["summary"] in source.cells.columns
    pair = texts(source, "summary", what="summary") if wanted else []
    return Filled(text=texts(source, "text"), pair=pair)


DOCUMENT = Shape(
    "text with a summary",
    inputs=("text",),
    label="summary",
    fill=_fill,
    known_as={"text": ("document", "article", "body"), "summary": ("highlights", "headline", "title", "abstract")},
    second="allowed",
)
