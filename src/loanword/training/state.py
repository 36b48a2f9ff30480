"""What is trained, and where training stands.

A `Run` holds everything a strategy may want to change before training: it takes a run and returns a run. `State` is
what hooks see while it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Protocol

from loanword.data.families import families

if TYPE_CHECKING:
    import torch

    from loanword.config import TrainingSettings
    from loanword.data.records import Table
    from loanword.hardware import Hardware
    from loanword.objectives.objective import Objective
    from loanword.tasks.model import Model
    from loanword.tasks.task import Task
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Tokenizer


@dataclass(frozen=True)
class Data:
    """The tables of a run by language: labelled `train`, `dev` (source languages) and `test`; the rest is optional."""

    train: Mapping[str, Table]
    dev: Mapping[str, Table] = field(default_factory=dict)
    test: Mapping[str, Table] = field(default_factory=dict)
    unlabelled: Mapping[str, Table] = field(default_factory=dict)
    parallel: Mapping[str, Table] = field(default_factory=dict)

    def groups(self, encoded: Iterable[Encoded]) -> list[str]:
        """Return what the training row of each input belongs to: its group, translations, copies."""
        names = families(self.train)
        first = dict(zip(self.train, accumulate(map(len, self.train.values()), initial=0), strict=False))
        return [names[first[self.source(item)] + item.row] for item in encoded]

    def source(self, item: Encoded) -> str:
        """Return the tag of the training table that an input is of; one that does not say it is of the first."""
        return item.table or next(iter(self.train))


@dataclass(frozen=True)
class Run:
    """A training run before it starts. Strategies map a run to a run with `dataclasses.replace`.

    `sees` names what of the target languages the run looks at: "target text", "parallel text", "dictionary",
    "target labels"; empty means zero-shot. `optimizer` and `sampler` build something other than the default where a
    strategy needs it. `agreed` makes of a number the highest that any of the processes that train together says.
    """

    model: Model
    tokenizer: Tokenizer
    task: Task
    objective: Objective
    data: Data
    settings: TrainingSettings
    hardware: Hardware
    seed: int
    sees: frozenset[str] = frozenset()
    hooks: tuple[Hook, ...] = ()
    optimizer: Callable[[Model], torch.optim.Optimizer] | None = None
    sampler: Callable[[Sequence[Encoded]], Any] | None = None
    agreed: Callable[[int], int] = int


@dataclass
class State:
    """Where training stands: `step` of `steps` updates done, tokens seen (padding not counted), last loss.

    `skipped` counts the steps before this one, without a gap, that changed no weight, `lost` all such steps;
    micro-batches are cut in half `halvings` times because memory ran out.
    """

    model: Model
    steps: int
    step: int = 0
    tokens: int = 0
    loss: float = 0.0
    learning_rate: float = 0.0
    seconds: float = 0.0
    stop: bool = False
    skipped: int = 0
    lost: int = 0
    halvings: int = 0
    history: list[dict[str, float]] = field(default_factory=list)
    candidates: dict[str, dict[str, Any]] = field(default_factory=dict)


class Hook(Protocol):
    """Something that watches or steers training. Setting `state.stop` ends it after the current update."""

    def before_update(self, state: State) -> None:
        """Called when the gradients of a step are complete."""
        ...

    def after_update(self, state: State) -> None:
        """Called after each optimizer step."""
        ...

    def on_evaluate(self, state: State, scores: Mapping[str, float]) -> None:
        """Called with source-dev scores, by language."""
        ...
