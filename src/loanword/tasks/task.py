"""Stage 6: what a model is for. A task reads records, owns a head, and says what the outputs mean.

    @TASKS.register("my-task")
    class Mine(Task): ...

Everything else (training, evaluation per language, intervals, collapse alarm, report, bundle) is the same for all.
"""

from __future__ import annotations

import inspect
import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from loanword.config import TrainingSettings
from loanword.errors import ModelError, UsageError
from loanword.registry import Registry

if TYPE_CHECKING:
    import torch
    from torch import nn

    from loanword.config import Recipe
    from loanword.data.records import Label, Record, Shape
    from loanword.encoders.encoder import Encoder
    from loanword.tasks.aim import Aim, Answered
    from loanword.tokens.encoded import Encoded
    from loanword.tokens.tokenizer import Role, Tokenizer


Training = Literal["needed", "possible", "never"]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a model says of one record: `label`, of the kind that the task's records have.

    `score` is its probability, NaN where the task knows none; `scores` are those of all labels, `parts` those of the
    parts of a label that has some (the words of a tagged text).
    """

    label: Label
    score: float = math.nan
    scores: dict[str, float] = field(default_factory=dict)
    parts: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """One choice among classes: what would have been right, what was said, and the probability of that."""

    expected: str
    predicted: str
    confidence: float


class Task(ABC):
    """The contract of a task; what is abstract is what each must say for itself.

    `columns` is the data shape it reads; `metrics` are names in the metric registry, the main one first. A task that
    has seen its training records (`fit`) can be written to a bundle with `state` and made again from it. `defaults`
    are settings of "training" and "encoder" that suit it better than the usual ones, where a recipe says nothing.
    `role` is what a text is, where the model has prompts for what is looked for and for where it is. `training` is
    "needed" where a head must learn what the answers are, and only "possible" where it compares what the encoder says;
    "never" where the encoder is none that can be trained here. `settles` says that something is chosen after training
    (`settle`): then every candidate is measured so.
    """

    columns: Shape
    metrics: tuple[str, ...]
    defaults: Mapping[str, Mapping[str, Any]] = {}
    labels: tuple[str, ...] = ()
    role: Role = ""
    training: Training = "needed"
    settles: bool = False

    def fit(self, records: Sequence[Record], tokenizer: Tokenizer | None = None) -> None:  # noqa: B027
        """Learn from the training records, and from how they are tokenized, what must be known before encoding."""

    @abstractmethod
    def encode(self, records: Sequence[Record], tokenizer: Tokenizer) -> list[Encoded]:
        """Encode records in bulk; one record may give several inputs (`Encoded.row` says which)."""

    @abstractmethod
    def targets(self, encoded: Sequence[Encoded]) -> torch.Tensor:
        """Collate the targets of a batch."""

    @abstractmethod
    def head(self, encoder: Encoder) -> nn.Module:
        """Return a fresh head for `encoder`: from `EncoderOutput` to outputs, with ``loss(outputs, targets)``.

        The loss is the mean over the rows, in fp32. Where inputs have a second text that is read apart
        (`Encoded.other`), the head gets two outputs of the encoder.
        """

    def ready(self, encoder: Encoder) -> bool:
        """Whether it can be used on `encoder` as it comes, with nothing trained."""
        return self.training != "needed"

    @abstractmethod
    def decode(
        self,
        outputs: Sequence[np.ndarray],
        encoded: Sequence[Encoded],
        records: Sequence[Record],
        tokenizer: Tokenizer,
    ) -> list[Prediction]:
        """Turn the outputs of all inputs of `records` into one prediction for each record."""

    @abstractmethod
    def trivial(self, records: Sequence[Record]) -> list[Prediction]:
        """Return the best predictions that look at no text: what a collapsed model is measured against."""

    def references(self, records: Sequence[Record]) -> list[Any]:
        """Return what the task's metrics compare predictions with: the labels, "" where there is none."""
        return ["" if record.label is None else record.label for record in records]

    def decisions(self, prediction: Prediction, record: Record) -> Iterable[Decision]:
        """Return the choices among classes that `prediction` is made of: what can be confused, and calibrated."""
        return ()

    def classified(self, outputs: Sequence[np.ndarray], encoded: Sequence[Encoded]) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (n, classes) and right classes (n) that a temperature can be fitted on; none by default."""
        return np.empty((0, 0)), np.empty(0, dtype=int)

    def settle(self, outputs: Sequence[np.ndarray], encoded: Sequence[Encoded]) -> None:  # noqa: B027
        """Choose by the answers to source dev what predictions need beside weights, such as thresholds."""

    def aim(self, answered: Answered, *, label: str = "", word: str = "") -> Aim:
        """Return the number of a prediction that an explanation explains; without one there is no explanation.

        `label` chooses what it shall speak for (by default what was predicted), `word` the word it is about, for tasks
        that have such a choice.
        """
        raise UsageError(
            f"{type(self).__name__} cannot be explained: it does not say which number stands for it (`aim`)"
        )

    def breakdown(self, predictions: Sequence[Prediction], records: Sequence[Record]) -> dict[str, float]:
        """Return scores of parts of the rows, or of other sides of the answers, by name, for the report."""
        return {}

    def shown(self, prediction: Prediction, record: Record, *, top: int = 1) -> dict[str, Any]:
        """Return a prediction as users know it, as JSON values; `top` is the number of labels that are named."""
        pair = {"pair": record.pair} if record.pair else {}
        return {"text": record.text, **pair, "label": prediction.label, "score": round(prediction.score, 6)}

    def brief(self, shown: Mapping[str, Any]) -> str:
        """Say what is `shown` in a few words, for a terminal."""
        return f"{shown['label']} {shown['score']:.3f}"

    def state(self) -> dict[str, Any]:
        """Return what makes this task again, as JSON values; `from_state` reads it."""
        return {"labels": list(self.labels)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Task:
        """Make the task again from `state`."""
        return cls(**state)


BUILTIN = (
    "classification",
    "multilabel",
    "pairs",
    "tagging",
    "answers",
    "similarity",
    "retrieval",
    "translation",
    "summarization",
    "abstractive-summarization",
)
"""Tasks that can be trained."""
UNTRAINED = ("inference", "text-image", "fill-mask")

TASKS: Registry[Any] = Registry(
    "task", builtin=tuple(f"loanword.tasks.{name.replace('-', '_')}" for name in (*BUILTIN, *UNTRAINED))
)


def task_of(recipe: Recipe) -> Task:
    """Make the task of `recipe`; raises as `make_task` does."""
    return make_task(recipe.task, recipe.task_options, training=recipe.training)


def make_task(name: str, options: Mapping[str, Any], *, training: TrainingSettings | None = None) -> Task:
    """Make the task `name` with its own `options`, and with what it takes of the settings of `training`.

    Raises `UsageError` for options that it does not have.
    """
    kind = TASKS.get(name)
    taken, general = _taken(kind), (training or TrainingSettings()).head_settings()
    known = [key for key in taken if key not in general]
    if unknown := sorted(set(options) - set(known)):
        raise UsageError(f"{name} has no option '{unknown[0]}'; known: {', '.join(known) or 'none'}")
    task: Task = kind(**{key: value for key, value in general.items() if key in taken}, **options)
    return task


def _taken(kind: type) -> list[str]:
    """Return what the constructor of a task takes, and passes on to that of the class below."""
    taken: list[str] = []
    for one in kind.__mro__:
        parameters = inspect.signature(vars(one)["__init__"]).parameters.values() if "__init__" in vars(one) else []
        taken += [p.name for p in parameters if p.kind == p.KEYWORD_ONLY and p.name != "labels"]
        if parameters and not any(p.kind == p.VAR_KEYWORD for p in parameters):
            break
    return taken


def expect_labels(labels: Any) -> None:
    """Raise `ModelError` unless `labels`, from a bundle, are a list of different texts."""
    if not isinstance(labels, list) or {type(label) for label in labels} != {str} or len({*labels}) < len(labels):
        raise ModelError("labels must be a list of different texts")


def most_common(labels: Iterable[str | None]) -> tuple[str, float]:
    """Return the most frequent of `labels`, and its share: no constant answer does better."""
    counts = Counter(label or "" for label in labels)
    label, count = counts.most_common(1)[0]
    return label, count / counts.total()


def softmax(logits: np.ndarray) -> np.ndarray:
    """Return probabilities over the last axis, in double precision."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(axis=-1, keepdims=True))
    found: np.ndarray = shifted / shifted.sum(axis=-1, keepdims=True)
    return found
