"""Translation: one model from English into three languages, trained on GNOME's help; software descriptions besides.

Paragraphs of a page are the same in all languages: pages are the clusters. Debian's descriptions are another domain
that nothing was trained on.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.cases.case import Answers, Case, Rows, Tables, found, grouped, some
from benchmarks.cases.vectors import PARALLEL, parallel
from benchmarks.cases.writing import FILES, RATES, TUNED, written
from benchmarks.peers.settings import Settings
from loanword.data.records import Record
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.language.tag import canonical

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted

TAGS = ("de", "es", "fr")
PAIRS, DEV, TEST = 600, 30, 80


class Translating(Case):
    """One decoder for all languages on the encoder inside, against the encoder on both sides of stock's."""

    name = "translation"
    task = "translation"
    metrics = ("chrf", "bleu")
    judge = "text_metrics"
    folders = ("gnome_help", "debian_parallel")
    files = ("cases/translating.py", "cases/vectors.py", *FILES)
    tuned = TUNED
    rates = RATES
    timed = 160
    writes = True

    def rows(self, seed: int) -> Rows:
        """Draw 600 training paragraphs of each language by `seed`, and 80 test rows once and for all."""
        tests = {f"gnome/{tag.removeprefix('en:')}": table for tag, table in into("test", TEST, 0).items()}
        trained = {name.removeprefix("gnome/") for name in tests}
        for tag, table in found("debian_parallel", "en-*.test.tsv", shape=PARALLEL_TEXT, columns=PARALLEL).items():
            language = canonical(tag)
            if language in trained:
                rows = replace(grouped(table, table.text), language="en", pair_language=language)
                tests[f"debian/{language}"] = some(rows, TEST, "debian", tag)
        return Rows(into("train", PAIRS, seed), into("dev", DEV, 0), tests)

    def stock(self, rows: Rows, tests: Tables, *, seed: int, settings: Settings) -> tuple[Answers, Fitted]:
        """Let the Trainer teach a model to read and write."""
        return written(rows, tests, prompt=prompt, seed=seed, settings=settings)


def into(split: str, count: int, seed: int) -> Tables:
    """Return rows of the languages that are learned."""
    every = parallel(split, count, seed)
    return {f"en:{tag}": every[f"en:{tag}"] for tag in TAGS}


def prompt(record: Record) -> str:
    """Return what stock's model is told to do, and the text."""
    return f"translate English to {record.languages[1]}: {record.text}"
