"""loanword: train in the language you have labels for, ship in the ones you don't.

The stages, in order; each folder imports only from those before it:

    data         text -> Record        readers, checks, built-in data
    tokens       Record -> Encoded     tokenizers, fertility
    batches      Encoded -> Batch      length buckets, token budgets
    encoders     Batch -> EncoderOutput  any multilingual encoder
    objectives   what a step minimises
    tasks        EncoderOutput -> Prediction
    training     the one loop
    evaluation   Prediction -> Scores -> TransferReport
    strategies   how labels cross over: Run -> Run
    deploy       the bundle that ships
    search       passages found, answers read out of them, translations paired: texts that nobody labelled

`loanword.run` holds the whole flow. Importing this package imports no torch; names below load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from loanword.version import __version__

if TYPE_CHECKING:
    from loanword.api import check, embed, evaluate, load, read_recipe, transfer, zero_shot
    from loanword.config import Recipe
    from loanword.data.read import read
    from loanword.data.records import Record, Table
    from loanword.deploy.bundle import Bundle
    from loanword.deploy.explanation import Explanation
    from loanword.errors import ConfigError, DataError, LoanwordError, MissingExtra, ModelError, UsageError
    from loanword.estimator import TransferClassifier
    from loanword.evaluation.metrics import METRICS
    from loanword.evaluation.scores import TransferReport
    from loanword.objectives.objective import OBJECTIVES
    from loanword.run import Result
    from loanword.search.index import Index
    from loanword.search.mine import mine
    from loanword.search.reader import ask
    from loanword.strategies.strategy import STRATEGIES
    from loanword.tasks.task import TASKS, Prediction

_WHERE = {
    "check": "api",
    "embed": "api",
    "evaluate": "api",
    "load": "api",
    "read_recipe": "api",
    "transfer": "api",
    "zero_shot": "api",
    "Recipe": "config",
    "read": "data.read",
    "Record": "data.records",
    "Table": "data.records",
    "Bundle": "deploy.bundle",
    "Explanation": "deploy.explanation",
    "ConfigError": "errors",
    "DataError": "errors",
    "LoanwordError": "errors",
    "MissingExtra": "errors",
    "ModelError": "errors",
    "UsageError": "errors",
    "TransferClassifier": "estimator",
    "METRICS": "evaluation.metrics",
    "TransferReport": "evaluation.scores",
    "OBJECTIVES": "objectives.objective",
    "Result": "run",
    "Index": "search.index",
    "mine": "search.mine",
    "ask": "search.reader",
    "TASKS": "tasks.task",
    "Prediction": "tasks.task",
    "STRATEGIES": "strategies.strategy",
}

__all__ = [*_WHERE, "__version__"]


def __getattr__(name: str) -> Any:
    """Load a public name on first use (PEP 562)."""
    if name not in _WHERE:
        raise AttributeError(f"module 'loanword' has no attribute '{name}'")
    return getattr(import_module(f"loanword.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    """Show the lazy names too."""
    return sorted({*globals(), *_WHERE})
