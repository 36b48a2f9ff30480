"""Documents by what they mean: an index of their passages, and those nearest to a query, whatever its language.

Index.build("manuals", out="manuals.index")
Index.load("manuals.index").search(["wie öffne ich das Fenster?"])
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from loanword.config import expanded
from loanword.deploy.bundle import Bundle
from loanword.deploy.embedding import embedder
from loanword.errors import ModelError, UsageError
from loanword.language.outputs import identified
from loanword.language.tag import canonical
from loanword.progress import Progress, Silent
from loanword.search.build import expect_place, vectors_of, write_index
from loanword.search.documents import Documents
from loanword.search.graph import Graph, expect_faiss
from loanword.search.passages import Passage
from loanword.search.store import GRAPH, INFO, PASSAGES, VECTORS, Info, Stored, read_info
from loanword.tasks.neighbours import nearest

MODEL = "bundled:e5-small"
SAME = 0.99
"""Cosine of a passage's vector and what the same encoder makes of it again, in whatever precision."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found, and the cosine of its vector and the query's.

    `relevance` is the probability that a model of pairs gives it, where one was asked.
    """

    passage: Passage
    score: float
    relevance: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        passage = {name: value for name, value in self.passage.to_dict().items() if name != "runs"}
        relevance = {} if self.relevance is None else {"relevance": round(self.relevance, 6)}
        return {**passage, "score": round(self.score, 6), **relevance}


class Index:
    """Passages with their vectors in a folder, and the encoder that made them."""

    def __init__(self, folder: Path, info: Info, encoder: Bundle) -> None:
        """Open the index in `folder`, which says `info` of itself; `load` finds and checks both."""
        self.folder = folder
        self.info = info
        self.passages = Stored(folder / PASSAGES)
        self.vectors: np.ndarray = np.load(folder / VECTORS, mmap_mode="r")
        self.graph = Graph(folder / GRAPH) if (folder / GRAPH).is_file() else None
        self.encoder = encoder
        again = vectors_of([self.passages[0]], encoder)
        if again.shape[1] != self.vectors.shape[1] or float(again[0] @ self.vectors[0]) < SAME:
            raise ModelError(
                f"the index {folder} was not made by this model as it is now, which says something else of the first "
                f"passage; the index names {info.model}. Make the index again, or give its own model"
            )

    def __len__(self) -> int:
        """Count the passages."""
        return len(self.passages)

    @classmethod
    def build(
        cls,
        documents: str | Path,
        *,
        out: str | Path | None = None,
        model: str | Path = MODEL,
        columns: Mapping[str, str] | None = None,
        language: str | None = None,
        length: int = 256,
        overlap: int = 64,
        approximate: bool = False,
        progress: Progress | None = None,
    ) -> Index:
        """Index the `documents` of a folder, or of one file; `columns` as for `loanword.read`.

        The index is written to the folder `out`, whole or not at all, in the place of an older one; without `out` it
        lasts as long as the object. Passages have at most `length` pieces; neighbours share whole sentences of at most
        `overlap` pieces. Where that is more than the model reads, or than half a passage, less is taken, said and
        recorded. `language` is that of all documents; None has it identified for each passage, "und" where that is not
        sure. An `approximate` index is searched by faiss: for more than some million passages.

        Raises `DataError` with all problems of all files, `UsageError` for a folder without documents and for an `out`
        that holds something else.
        """
        watch, found = progress or Silent(), Documents.within(documents)
        if found.others:
            kinds = Counter(path.suffix or path.name for path in found.others)
            listed = ", ".join(f"{kind} ({count})" for kind, count in sorted(kinds.items()))
            watch.say(f"not read, for they are no documents of a known kind: {listed}")
        tag = canonical(language) if language else None
        if tag is None:
            identified([])  # What is missing is said before hours are spent.
        if approximate:
            expect_faiss()
        with ExitStack() as leaving:
            if out is None:
                scratch = tempfile.mkdtemp(prefix="loanword-index-")
                leaving.callback(shutil.rmtree, scratch, ignore_errors=True)
            target = Path(scratch) / "index" if out is None else expanded(out)
            expect_place(target, found)
            watch.stage("load", detail=str(model))
            encoder = embedder(model)
            info = write_index(
                found,
                target,
                model=str(expanded(model).resolve()) if expanded(model).is_dir() else str(model),
                encoder=encoder,
                columns=columns,
                language=tag,
                length=length,
                overlap=overlap,
                approximate=approximate,
                watch=watch,
            )
            watch.done()
            index = cls(target, info, encoder)
            weakref.finalize(index, leaving.pop_all().close)
            return index

    @staticmethod
    def is_at(folder: str | Path) -> bool:
        """Whether there is an index in `folder`."""
        return (expanded(folder) / INFO).is_file()

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        model: str | Path | None = None,
        device: str = "auto",
        precision: str = "auto",
        threads: int = 0,
    ) -> Index:
        """Load the index in `folder`, with the encoder that made it; `model` says where this is now, if it moved.

        Raises `UsageError` for what is no index, `LoanwordError` for a damaged one, `ModelError` for another model.
        """
        place = expanded(folder)
        info = read_info(place)
        return cls(place, info, embedder(model or info.model, device=device, precision=precision, threads=threads))

    def search(self, queries: Sequence[str], *, top: int = 5, language: str = "und") -> list[list[Hit]]:
        """Return the `top` passages nearest to each of `queries`, the nearest first; `language` is that of the queries.

        The search is exact, but where the index is an approximate one.
        """
        if top < 1:
            raise UsageError(f"top is {top}; expected 1 or more")
        for number, query in enumerate(queries, start=1):
            if not query.strip():
                raise UsageError(f"query number {number} is empty; give at least a word")
        if not queries:
            return []
        asked = self.encoder.embed(queries, language=language, role="query")
        if self.graph is None:
            scores, places = nearest(asked, self.vectors, count=top)
        else:
            scores, places = self.graph.nearest(asked, self.vectors, count=top)
        return [
            [Hit(self.passages[int(place)], float(score)) for score, place in zip(*found, strict=True) if place >= 0]
            for found in zip(scores, places, strict=True)
        ]
