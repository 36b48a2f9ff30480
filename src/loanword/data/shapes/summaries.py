"""A text, or several about one thing, and a summary; the summary is the record's second text."""

from __future__ import annotations

from typing import Any

from loanword.data.cells import check_characters, kind, texts
from loanword.data.columns import Source
from loanword.data.records import Filled, Shape

BETWEEN = "\n\n"
"""What stands between several documents in the text of a record: an empty line, which no sentence goes across."""


def _fill(source: Source) -> Filled:
    several = source.names["documents"] in source.cells.columns
    found = _joined(source) if several else texts(source, "text")
    wanted = source.labelled or source.names["summary"] in source.cells.columns
    return Filled(text=found, pair=texts(source, "summary", what="summary") if wanted else [])


SUMMARY = Shape(
    "text and summary",
    inputs=("text",),
    label="summary",
    others=((("documents",), "summary"),),
    fill=_fill,
    known_as={"text": ("article", "document"), "summary": ("highlights", "abstract", "headline", "title")},
    second="allowed",
)


def _joined(source: Source) -> list[str]:
    """Put the documents of each row together; note those that are no list of texts."""
    found = []
    for line, documents in source.rows("documents"):
        if not _are_texts(documents):
            cause = f"the documents are {kind(documents) if documents is not None else 'missing'}"
            fix = "write a list of texts, none of them empty"
            source.note("LW211", "documents", line, cause=cause, fix=fix)
            found.append("")
            continue
        for text in documents:
            check_characters(source, "documents", line, text)
        found.append(BETWEEN.join(documents))
    return found


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one.strip() for one in value)
