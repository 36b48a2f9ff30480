"""Summaries: descriptions of Debian's packages and the synopses that people wrote, from English to eight languages.

A package has one description in each language: packages are the clusters. The first sentence of a description is the
score to beat.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cases.case import Answers, Case, Rows, Tables, found, grouped, one, some
from benchmarks.cases.writing import FILES, RATES, TUNED, written
from benchmarks.peers.settings import Settings
from loanword.data.records import Record
from loanword.data.shapes.summaries import SUMMARY

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted

TRAIN, DEV, TEST = 1500, 100, 200
EVERY = 10**9


class Summarizing(Case):
    """Parts of the text that say it, against stock's encoder on both sides, which writes."""

    train = TRAIN
    name = "summarization"
    task = "summarization"
    metrics = ("chrf", "rouge-l")
    judge = "text_metrics"
    folders = ("debian_summ",)
    files = ("cases/summarizing.py", *FILES)
    tuned = TUNED
    rates = RATES
    timed = 160
    writes = True
    others = ("trivial",)

    def rows(self, seed: int) -> Rows:
        """Draw `train` training rows by `seed`, and 200 test rows of each language once and for all."""
        train = one("debian_summ", "en.train.jsonl.gz", language="en", shape=SUMMARY)
        dev = one("debian_summ", "en.dev.jsonl", language="en", shape=SUMMARY)
        tests = found("debian_summ", "*.test.jsonl", shape=SUMMARY)
        return Rows(
            {"en": some(train, self.train, "summaries", seed)},
            {"en": some(dev, DEV, "summaries")},
            {f"debian/{tag}": some(grouped(table, table.id), TEST, "summaries", tag) for tag, table in tests.items()},
        )

    def stock(self, rows: Rows, tests: Tables, *, seed: int, settings: Settings) -> tuple[Answers, Fitted]:
        """Let the Trainer teach a model to read and write."""
        return written(rows, tests, prompt=prompt, seed=seed, settings=settings)


def prompt(record: Record) -> str:
    """Return what stock's model is told to do, and the text."""
    return f"summarize: {record.text}"


class Abstracting(Summarizing):
    """A decoder of our own on the encoder, taught by all training rows; stock's is the same as above."""

    name = "abstractive-summarization"
    task = "abstractive-summarization"
    rates = ()
    alone = True
    train = EVERY
