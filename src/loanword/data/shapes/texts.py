"""Texts alone: sentences to be paired, documents to be searched. In a .txt file a line is a text."""

from __future__ import annotations

from collections.abc import Collection

from loanword.data.cells import texts
from loanword.data.codes import Findings
from loanword.data.columns import Cells, Source
from loanword.data.records import Filled, Shape


def lines(text: str, *, wanted: Collection[str], findings: Findings) -> Cells:
    """Return every line of `text` that is not blank as a text."""
    rows = [(number, line.removesuffix("\r")) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    return Cells(("text",), [number for number, _ in rows], {"text": [line for _, line in rows]})


def _fill(source: Source) -> Filled:
    return Filled(text=texts(source, "text"))


TEXTS = Shape(
    "text",
    inputs=("text",),
    label="label",
    fill=_fill,
    known_as={"text": ("sentence", "passage", "body", "content")},
    formats={".txt": lines},
    labelled=False,
)
