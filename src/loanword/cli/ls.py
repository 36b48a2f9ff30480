"""loanword ls: what there is to choose from."""

from __future__ import annotations

from typing import Annotated

import typer

from loanword.cli.options import Json, dumped
from loanword.errors import UsageError

KINDS = ("tasks", "strategies", "objectives", "models", "datasets", "metrics")


def ls(
    kind: Annotated[str, typer.Argument(help=" | ".join(KINDS))],
    as_json: Json = False,
) -> None:
    """List tasks, strategies, objectives, models, datasets or metrics."""
    if kind not in KINDS:
        raise UsageError(f"unknown kind '{kind}'; known: {', '.join(KINDS)}")
    entries = _entries(kind)
    if as_json:
        typer.echo(dumped([{"name": name, "about": about} for name, about in entries]))
        return
    width = max((len(name) for name, _ in entries), default=0)
    for name, about in entries:
        typer.echo(f"{name:<{width}}  {about}".rstrip())
    if not entries:
        typer.echo(f"no {kind} yet", err=True)


def _entries(kind: str) -> list[tuple[str, str]]:
    if kind == "models":
        from loanword.encoders.models import MODELS

        return [
            (entry.name, f"{entry.about} ({entry.languages} languages, {entry.licence})") for entry in MODELS.values()
        ]
    if kind == "datasets":
        from loanword.data import builtin

        return [(f"builtin:{name}", f"{len(builtin.languages(name))} languages") for name in builtin.names()]
    registry = _registry(kind)
    return [(name, (registry.get(name).__doc__ or "").strip().split("\n")[0]) for name in registry.names()]


def _registry(kind: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
    from loanword.evaluation.metrics import METRICS
    from loanword.objectives.objective import OBJECTIVES
    from loanword.strategies.strategy import STRATEGIES
    from loanword.tasks.task import TASKS

    return {"tasks": TASKS, "strategies": STRATEGIES, "objectives": OBJECTIVES, "metrics": METRICS}[kind]
