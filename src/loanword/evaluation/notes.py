"""Sentences worth reading beside the scores: what the numbers alone do not say."""

from __future__ import annotations

from collections.abc import Mapping

from loanword.data.records import Table
from loanword.evaluation.measure import Measured
from loanword.evaluation.scores import Scores
from loanword.evaluation.words import Words, number, percent
from loanword.tasks.task import Task
from loanword.tokens.tokenizer import Tokenizer
from loanword.training.state import Run
from loanword.training.trainer import Trained

CUT = 0.02
UNKNOWN = 0.05
LOST = 0.01
"""What training may take from a language unnamed, as a share of the metric's range."""


def run_notes(
    run: Run, measured: Measured, *, wanted: str, trained: Trained | None = None, language: str = "en"
) -> tuple[str, ...]:
    """Say what is worth knowing of a run whose recipe wanted the checkpoint `wanted`: what is missing or lost.

    `language` is that of the sentences: "en" or "zh".
    """
    words = Words(language)
    found = []
    if wanted != measured.checkpoint:
        found.append(words("note_checkpoint", wanted=words.named("candidates", wanted)))
    found += notes(
        run.data.test, measured.scores, task=run.task, tokenizer=run.tokenizer, trained=True, language=language
    )
    if not run.data.dev:
        found.append(words("note_no_dev"))
    if trained is not None and trained.skipped:
        found.append(words("note_skipped", n=trained.skipped, steps=str(trained.steps)))
    return tuple(found)


def notes(
    tests: Mapping[str, Table],
    scores: Mapping[str, Scores],
    *,
    task: Task,
    tokenizer: Tokenizer,
    trained: bool = False,
    language: str = "en",
) -> tuple[str, ...]:
    """Name what is left out of test files, labels that are not known, cut texts, languages that are not known.

    `trained` says that the labels are those of a training that just ended, and not simply those of the model.
    """
    words = Words(language)
    found = []
    known = set(task.labels)
    for tag, table in tests.items() if task.columns.classes else ():
        unseen = {name for named in table.named for name in named} - known
        if unseen:
            rows = sum(not unseen.isdisjoint(named) for named in table.named)
            key = "note_unseen" if trained else "note_unknown_label"
            found.append(words(key, tag=tag, n=rows, labels=words("comma").join(sorted(unseen)[:5])))
    for tag, table in tests.items():
        if table.left_out:
            found.append(words("note_left_out", tag=tag, n=sum(table.left_out.values())))
    for tag, score in scores.items():
        if score.truncated > CUT:
            length = str(tokenizer.max_length)
            found.append(words("note_cut", tag=tag, share=f"{score.truncated:.0%}", length=length))
        if score.unknown > UNKNOWN:
            found.append(words("note_unknown", tag=tag, share=f"{score.unknown:.0%}"))
        before = score.candidates.get("untrained")
        if before and (lost := before.score - score.metrics[task.metrics[0]].score) > LOST:
            was, now = percent(before.score), percent(before.score - lost)
            found.append(words("note_lost", tag=tag, points=number(100 * lost, digits=1), before=was, after=now))
    return tuple(found)
