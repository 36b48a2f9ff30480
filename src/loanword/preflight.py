"""What a recipe names must exist, what it writes must have a place: all problems at once, before anything is read."""

from __future__ import annotations

from typing import Any

from loanword.config import Recipe, expanded
from loanword.deploy.output import expect_output
from loanword.errors import ConfigError, UsageError
from loanword.objectives.objective import OBJECTIVES
from loanword.registry import Registry
from loanword.strategies.strategy import STRATEGIES
from loanword.tasks.task import TASKS, task_of


def expect_sound(recipe: Recipe) -> None:
    """Raise `ConfigError` for unknown names of task, its options, objective, strategies, and an unusable `out`."""
    named: list[tuple[Registry[Any], str]] = [
        (TASKS, recipe.task),
        (OBJECTIVES, recipe.objective),
        *((STRATEGIES, name) for name in recipe.strategies),
    ]
    problems = []
    for registry, name in named:
        try:
            registry.get(name)
        except UsageError as error:
            problems.append(str(error))
    if not problems:
        try:
            task = task_of(recipe)
        except UsageError as error:
            problems.append(f"task_options: {error}")
        else:
            advice = f"loanword {'evaluate' if task.metrics else 'predict'} MODEL --task {recipe.task}"
            if task.training == "never":
                problems.append(f"task: {recipe.task} is for models as they come, and not trained: {advice}")
    if recipe.out:
        try:
            expect_output(expanded(recipe.out))
        except UsageError as error:
            problems.append(f"out: {error}")
    if problems:
        raise ConfigError(problems)
