"""A text and its translation; the translation is the record's second text."""

from __future__ import annotations

from loanword.data import po, tmx, xliff
from loanword.data.cells import texts
from loanword.data.columns import Source
from loanword.data.records import Filled, Shape


def _fill(source: Source) -> Filled:
    wanted = source.labelled or source.names["translation"] in source.cells.columns
    pair = texts(source, "translation", what="translation") if wanted else []
    return Filled(text=texts(source, "text"), pair=pair)


PARALLEL_TEXT = Shape(
    "parallel text",
    inputs=("text",),
    label="translation",
    fill=_fill,
    known_as={"text": ("source", "src", "sentence1"), "translation": ("target", "tgt", "sentence2")},
    documents={".tmx": tmx.parse, ".po": po.parse, ".pot": po.parse, ".xlf": xliff.parse, ".xliff": xliff.parse},
    second="allowed",
)
