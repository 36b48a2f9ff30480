"""The last arrow of a run: Scores -> TransferReport, with all that says how they came about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from loanword.config import Recipe
from loanword.evaluation.measure import Measured
from loanword.evaluation.notes import run_notes
from loanword.evaluation.scores import TransferReport
from loanword.provenance import circumstances
from loanword.training.state import Run
from loanword.training.trainer import Trained


def report_of(
    recipe: Recipe,
    run: Run,
    trained: Trained,
    measured: Measured,
    *,
    regime: Mapping[str, str],
    sources: Sequence[str],
    command: str,
) -> TransferReport:
    """Put the report of a run together.

    `regime` is its line in each language, by the report's field; `sources` are the languages that the model was
    trained on, now or earlier; `command` is what was typed.
    """
    about: dict[str, Any] = {**regime, **circumstances(run.hardware)}
    training = trained.describe(run.settings)
    if not getattr(run.model.head, "starts", False):
        del training["start"]  # The head is none that a probe can start, whatever the settings say.
    return TransferReport(
        task=recipe.task,
        model=recipe.model,
        metric=run.task.metrics[0],
        seed=recipe.seed,
        sources=tuple(sources),
        languages=measured.scores,
        labels=run.task.labels,
        checkpoint=measured.checkpoint,
        seconds={"train": trained.seconds, "evaluate": measured.seconds},
        tokens_per_second=trained.tokens_per_second,
        recipe=recipe.to_toml(),
        origins={tag: table.origin for tag, table in run.data.test.items()},
        training=training,
        temperature=measured.temperature,
        command=command,
        notes=run_notes(
            run,
            measured,
            wanted=recipe.evaluation.checkpoint,
            trained=trained,
            language=recipe.report_language,
        ),
        **about,
    )
