"""Vectors of texts: how alike they are in and across languages, and which is whose translation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.cases.case import Answers, Case, Rows, Tables, found, grouped, joined, one, parted, some
from benchmarks.encoders import folder
from benchmarks.peers.settings import Settings
from loanword.data.records import Record
from loanword.data.shapes.pairs import SCORED_PAIR
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.language.tag import canonical

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted

TRAIN, DEV, SCORED, ACROSS = 1500, 500, 500, 150
PAIRS, DEV_PAIRS = 60, 20
PARALLEL = {"text": "1", "translation": "2"}


class _Vectors(Case):
    """What both have in common: the peer."""

    files = ("cases/vectors.py", "peers/sentence_vectors.py")
    others = ("untouched",)
    scored: bool

    def _vectors(
        self, rows: Rows, tests: Tables, *, seed: int, settings: Settings
    ) -> tuple[list[Record], list[tuple[str, int]], np.ndarray, Fitted]:
        """Return the records of all tests, how many each has, and their unit vectors (records, 2, width)."""
        from benchmarks.peers.sentence_vectors import run

        train, _ = joined(rows.train)
        records, sizes = joined(tests)
        texts = {
            text: number for number, text in enumerate(dict.fromkeys(t for r in records for t in (r.text, r.pair)))
        }
        found, fitted = run(
            str(folder("pretrained", seed=0)),
            [(record.text, record.pair) for record in train],
            [float(record.label) for record in train] if self.scored else None,
            list(texts),
            seed=seed,
            settings=settings,
        )
        places = np.array([(texts[record.text], texts[record.pair]) for record in records]).reshape(-1, 2)
        return records, sizes, found[places] if len(texts) else np.empty((0, 2, 0)), fitted


class Similarity(_Vectors):
    """Semantic textual similarity: English pairs to train on, nine languages and all 36 pairs of them to test.

    Pairs are the same in all languages: they are the clusters. Across languages each pair of languages has 150 of the
    500, in turn.
    """

    name = "similarity"
    task = "similarity"
    metrics = ("spearman", "pearson")
    judge = "order_metrics"
    folders = ("stsb_multi",)
    scored = True

    def rows(self, seed: int) -> Rows:
        """Draw 1,500 training pairs by `seed`, and 500 test pairs once and for all."""
        train = one("stsb_multi", "en.train.jsonl.gz", language="en", shape=SCORED_PAIR)
        dev = one("stsb_multi", "en.dev.jsonl", language="en", shape=SCORED_PAIR)
        tests = {}
        for tag, table in found("stsb_multi", "*.test.jsonl", shape=SCORED_PAIR).items():
            tests[tag] = some(grouped(table, table.id), SCORED, "similarity", "test")
        across = {}
        for number, (left, right) in enumerate(combinations(sorted(tests), 2)):
            chosen = [(ACROSS * number + row) % SCORED for row in range(ACROSS)]
            here, there = tests[left].select(chosen), tests[right].select(chosen)
            across[f"across/{left}:{right}"] = replace(here, pair=there.pair, pair_language=there.language)
        return Rows(
            {"en": some(train, TRAIN, "similarity", "train", seed)},
            {"en": some(dev, DEV, "similarity", "dev")},
            {**{f"within/{tag}": table for tag, table in tests.items()}, **across},
        )

    def stock(self, rows: Rows, tests: Tables, *, seed: int, settings: Settings) -> tuple[Answers, Fitted]:
        """Answer with the cosine."""
        from loanword.tasks.task import Prediction

        _, sizes, vectors, fitted = self._vectors(rows, tests, seed=seed, settings=settings)
        return parted([Prediction(float(pair[0] @ pair[1])) for pair in vectors], sizes), fitted


class Retrieval(_Vectors):
    """Bitext retrieval: paragraphs of GNOME's help in 17 languages to train on, Tatoeba in 40 to test, both ways.

    All 1,000 sentences of a language are there: with fewer to choose from, more would be right. English sentences are
    the clusters; many stand in several languages.
    """

    name = "retrieval"
    task = "retrieval"
    metrics = ("retrieval-accuracy", "retrieval-at-5")
    judge = "retrieval_metrics"
    folders = ("gnome_help", "tatoeba")
    scored = False

    def rows(self, seed: int) -> Rows:
        """Draw 60 training paragraphs of each language by `seed`."""
        tests = {}
        for tag, table in found("tatoeba", "*-eng.tsv", shape=PARALLEL_TEXT, columns=PARALLEL).items():
            tests[f"tatoeba/{tag}"] = grouped(replace(table, pair_language="en"), table.pair)
        return Rows(parallel("train", PAIRS, seed), parallel("dev", DEV_PAIRS, 0), tests)

    def stock(self, rows: Rows, tests: Tables, *, seed: int, settings: Settings) -> tuple[Answers, Fitted]:
        """Find neighbours: as shipped by the cosine, as the library's evaluator does; tuned by ours (CSLS), too."""
        from loanword.tasks.retrieval import Retrieval as Task

        records, sizes, vectors, fitted = self._vectors(rows, tests, seed=seed, settings=settings)
        task = Task(scoring="csls" if settings.bf16 else "cosine")
        here, there = parted(records, sizes), parted(list(vectors), sizes)
        decode: Callable[..., Any] = task.decode
        return {name: decode(there[name], [], here[name], None) for name in here}, fitted


def parallel(split: str, count: int, seed: int) -> Tables:
    """Return `count` paragraphs of GNOME's help with their translation, of each language, drawn by `seed`."""
    columns = {**PARALLEL, "id": "3"}
    tables: Tables = {}
    for tag, table in found("gnome_help", f"en-*.{split}.tsv", shape=PARALLEL_TEXT, columns=columns).items():
        pages = grouped(table, (name.partition("#")[0] for name in table.id))
        into = canonical(tag)
        rows = replace(pages, language="en", pair_language=into)
        tables[f"en:{into}"] = some(rows, count, "gnome", split, tag, seed)
    return tables
