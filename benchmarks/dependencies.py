"""Which files of loanword the numbers of a row hang on: all that its modules import, where numbers are made.

A change anywhere else (another task, a reader, a report, the command line) leaves a row as it was. Data counts by its
files and settings by their values, which go into the fingerprint beside the code.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from functools import cache

from benchmarks.harness import ROOT
from loanword.config import Recipe

PACKAGE = "loanword"
NUMBERS = (
    *("run", "hardware", "randomness", "language", "tokens", "batches", "encoders", "objectives", "tasks", "training"),
    *("data.records", "data.families", "data.shapes", "evaluation.evaluate", "evaluation.measure"),
    *("strategies.strategy", "strategies.zero_shot", "deploy.base"),
)
"""Modules and packages where numbers are made; imports are followed into these alone."""
FLOW = ("run", "tasks.supervised", "strategies.zero_shot")
"""Where a run of the default recipe begins: the flow, and what it finds by name. Its task is found by name, too."""


@cache
def of_task(name: str) -> tuple[str, ...]:
    """Return the files that a run of task `name` hangs on; those of other tasks are not among them."""
    return reached(*FLOW, f"tasks.{name.replace('-', '_')}")


def values(recipe: Recipe) -> str:
    """Return what `recipe` says of the numbers: all but its data, its model, its machine and what it writes."""
    said = recipe.model_dump(include={"task", "task_options", "objective", "strategies", "encoder", "training"})
    return json.dumps({**said, "checkpoint": recipe.evaluation.checkpoint}, sort_keys=True)


def reached(*modules: str) -> tuple[str, ...]:
    """Return the files, below the root, of `modules` (without the package's name) and of all that they import."""
    found: dict[str, str] = {}
    todo = list(modules)
    while todo:
        module = todo.pop()
        if module in found or not (path := _file(module)):
            continue
        found[module] = path
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        todo += [name for name in _imported(tree) if any(f"{name}.".startswith(f"{part}.") for part in NUMBERS)]
    return tuple(sorted(found.values()))


def _file(module: str) -> str | None:
    path = f"src/{PACKAGE}/{module.replace('.', '/')}"
    return next((name for name in (f"{path}.py", f"{path}/__init__.py") if (ROOT / name).is_file()), None)


def _imported(node: ast.AST) -> Iterator[str]:
    """Yield the package's modules that are imported anywhere below `node`, but for annotations alone."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        children: list[ast.AST] = list(node.orelse)
    else:
        children = list(ast.iter_child_nodes(node))
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
    else:
        names = []
    yield from (name.removeprefix(f"{PACKAGE}.") for name in names if name.startswith(f"{PACKAGE}."))
    for child in children:
        yield from _imported(child)
