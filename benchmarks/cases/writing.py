"""What the cases share in which a text is written: the peer that writes, and how it learns to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.cases.case import Answers, Rows, Tables, joined, parted
from benchmarks.encoders import folder
from benchmarks.peers.settings import Settings
from loanword.data.records import Record

if TYPE_CHECKING:
    from benchmarks.peers.clock import Fitted

TUNED = Settings(batch_size=8, accumulate=4, bf16=True, warmup=0.1, grouped=True, beams=4)
RATES = (1e-4, 3e-4, 1e-3)
FILES = ("cases/writing.py", "peers/trainer_writing.py")


def written(
    rows: Rows, tests: Tables, *, prompt: Callable[[Record], str], seed: int, settings: Settings
) -> tuple[Answers, Fitted]:
    """Let the Trainer teach a model to write the second text of each row after its `prompt`."""
    from benchmarks.peers.trainer_writing import run
    from loanword.tasks.task import Prediction

    train, _ = joined(rows.train)
    records, sizes = joined(tests)
    texts, fitted = run(
        str(folder("pretrained", seed=0)),
        [prompt(record) for record in train],
        [record.pair for record in train],
        [prompt(record) for record in records],
        seed=seed,
        settings=settings,
    )
    return parted([Prediction(text) for text in texts], sizes), fitted
