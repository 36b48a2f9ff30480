"""Stage 6: what a model is for. A task reads records, owns a head, and says what the outputs mean.

    @TASKS.register("my-task")
    class Mine: ...

Everything else (training, evaluation per language, intervals, collapse alarm, report, bundle) is the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from loanword.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import nn

    from loanword.data.records import Record, Shape
    from loanword.encoders.encoder import Encoder
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one record: the best `label`, its probability `score`, and all `scores` by label."""

    label: str
    score: float
    scores: dict[str, float] = field(default_factory=dict)


class Task(Protocol):
    """The contract of a task.

    `columns` is the data shape it reads; `metrics` are names in the metric registry, the main one first. A task that
    has seen its training records (`fit`) can be written to a bundle with `state` and made again from it.
    """

    columns: Shape
    metrics: tuple[str, ...]
    labels: tuple[str, ...]

    def fit(self, records: Sequence[Record]) -> None:
        """Learn from the training records what must be known before encoding (the labels)."""
        ...

    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode records in bulk; one record may give several inputs (`Encoded.row` says which)."""
        ...

    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Collate the targets of a batch."""
        ...

    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head for `encoder`: from `EncoderOutput` to outputs, with ``loss(outputs, targets)``.

        The loss is the mean over the rows, in fp32.
        """
        ...

    def decode(self, outputs: np.ndarray) -> list[Prediction]:
        """Turn outputs (n, ...) into predictions."""
        ...

    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Return the best predictions that look at no text: what a collapsed model is measured against."""
        ...

    def state(self) -> dict[str, Any]:
        """Return what makes this task again, as JSON values; `from_state` reads it."""
        ...

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Task:
        """Make the task again from `state`."""
        ...


TASKS: Registry[Any] = Registry("task", builtin=("loanword.tasks.classification",))
