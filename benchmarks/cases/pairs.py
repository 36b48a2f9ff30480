"""Inference: English pairs of XNLI's development set to train on, its test set in five languages.

Premises have three hypotheses each: they are what dev is split off by, and the clusters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.cases.case import Answers, Case, Rows, Tables, found, grouped, joined, one, parted, some_groups
from benchmarks.encoders import folder
from benchmarks.peers.settings import Settings
from loanword.data.shapes.pairs import LABELLED_PAIR

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted

TRAIN, DEV, TEST = 500, 83, 200
"""Premises."""


class Pairs(Case):
    """Whether a text follows from another one, contradicts it, or neither."""

    name = "pairs"
    task = "pairs"
    metrics = ("accuracy", "macro-f1")
    judge = "metrics"
    folders = ("xnli_lite",)
    files = ("cases/pairs.py", "peers/trainer_pairs.py")
    shipped = Settings(padded=True)

    def rows(self, seed: int) -> Rows:
        """Draw 500 training premises by `seed` from those that are not dev's; the 200 test premises are fixed."""
        whole = one("xnli_lite", "en.dev.jsonl", language="en", shape=LABELLED_PAIR)
        whole = grouped(whole, whole.text)
        dev = some_groups({"en": whole}, DEV, "pairs", "dev")
        held = set(dev["en"].group)
        rest = whole.select(row for row, premise in enumerate(whole.text) if premise not in held)
        train = some_groups({"en": rest}, TRAIN, "pairs", "train", seed)
        tests = found("xnli_lite", "*.test.jsonl", shape=LABELLED_PAIR)
        premise = dict(zip(tests["en"].id, tests["en"].text, strict=True))
        tests = {tag: grouped(table, (premise[name] for name in table.id)) for tag, table in tests.items()}
        tests = some_groups(tests, TEST, "pairs", "test")
        return Rows(train, dev, {f"xnli/{tag}": table for tag, table in tests.items()})

    def stock(self, rows: Rows, tests: Tables, *, seed: int, settings: Settings) -> tuple[Answers, Fitted]:
        """Let the Trainer read the pairs together."""
        from benchmarks.peers.trainer_pairs import run
        from loanword.tasks.task import Prediction

        train, _ = joined(rows.train)
        records, sizes = joined(tests)
        answers, fitted = run(
            str(folder("pretrained", seed=0)),
            [(record.text, record.pair) for record in train],
            [record.label for record in train],
            [(record.text, record.pair) for record in records],
            seed=seed,
            settings=settings,
        )
        return parted([Prediction(label) for label in answers], sizes), fitted
