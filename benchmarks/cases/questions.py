"""Questions about texts: English ones to train on, XQuAD in eight languages, also with the text in another one.

Paragraphs have several questions, and are the same in all languages: they are the clusters.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from benchmarks.cases.case import Answers, Case, Rows, Tables, found, grouped, joined, one, parted, some, some_groups
from benchmarks.encoders import folder
from benchmarks.peers.settings import Settings
from loanword.data.records import Table
from loanword.data.shapes.questions import QUESTION

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted

TRAIN = {
    ("xquad", "en.train.jsonl"): 600,
    ("qa_en_extra", "en.squad_sample.jsonl"): 150,
    ("qa_en_extra", "en.qed_dev.jsonl.gz"): 150,
}
PARAGRAPHS = 24
MANY = "mul"
"""The code of several languages."""


class Questions(Case):
    """The part of a text that answers a question; both sides train for the two epochs of the example."""

    name = "answers"
    task = "answers"
    metrics = ("answer-f1", "exact-match")
    judge = "answer_metrics"
    folders = ("xquad", "qa_en_extra")
    files = ("cases/questions.py", "peers/trainer_answers.py")
    training = {"epochs": 2}  # noqa: RUF012
    shipped = Settings(learning_rate=3e-5, batch_size=12, epochs=2, padded=True)
    tuned = Settings(batch_size=16, epochs=2, bf16=True, warmup=0.1, grouped=True)
    timed = 256
    faster = 1.2

    def rows(self, seed: int) -> Rows:
        """Draw 900 English questions of three sets by `seed`, and 24 test paragraphs once and for all.

        In the set "crossed" (text:question) the question is in one of the other languages, in turn.
        """
        parts = [
            some(one(*place, language="en", shape=QUESTION), count, "answers", *place, seed)
            for place, count in TRAIN.items()
        ]
        tests = found("xquad", "*.test.jsonl", shape=QUESTION)
        paragraph = dict(zip(tests["en"].id, tests["en"].text, strict=True))
        tests = {tag: grouped(table, (paragraph[name] for name in table.id)) for tag, table in tests.items()}
        tests = some_groups(tests, PARAGRAPHS, "answers", "test")
        dev = one("xquad", "en.dev.jsonl", language="en", shape=QUESTION)
        return Rows(
            {"en": _together(parts)},
            {"en": dev},
            {
                **{f"xquad/{tag}": table for tag, table in tests.items()},
                **{f"crossed/{tag}:{MANY}": _crossed(tests, tag) for tag in tests},
            },
        )

    def stock(self, rows: Rows, tests: Tables, *, seed: int, settings: Settings) -> tuple[Answers, Fitted]:
        """Let the Trainer read windows of question and text."""
        from benchmarks.peers.trainer_answers import run
        from loanword.data.records import Span
        from loanword.tasks.task import Prediction

        train, _ = joined(rows.train)
        records, sizes = joined(tests)
        places, fitted = run(
            str(folder("pretrained", seed=0)),
            [(record.pair, record.text) for record in train],
            [(record.label[0].start, record.label[0].end) for record in train],
            [(record.pair, record.text) for record in records],
            seed=seed,
            settings=settings,
        )
        answers = [
            Prediction((Span(start, end, record.text[start:end]),))
            for record, (start, end) in zip(records, places, strict=True)
        ]
        return parted(answers, sizes), fitted


def _together(tables: list[Table]) -> Table:
    """Return all rows as one table."""
    columns = {
        name: [value for table in tables for value in getattr(table, name)]
        for name in ("text", "label", "pair", "id", "group", "line")
    }
    return replace(tables[0], **columns)


def _crossed(tests: Tables, tag: str) -> Table:
    """Return the table of `tag` with the questions of the other languages, each row's of the next one."""
    others = [table for other, table in tests.items() if other != tag]
    asked = [dict(zip(table.id, table.pair, strict=True)) for table in others]
    here = tests[tag]
    pairs = [asked[row % len(asked)][name] for row, name in enumerate(here.id)]
    return replace(here, pair=pairs, pair_language=MANY)
