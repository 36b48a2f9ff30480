"""What an explanation explains: one number of a prediction, as a function of what the encoder says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

from loanword.data.records import Record
from loanword.encoders.encoder import EncoderOutput
from loanword.errors import UsageError
from loanword.tasks.task import Prediction
from loanword.tokens.encoded import Encoded
from loanword.tokens.tokenizer import Tokenizer

if TYPE_CHECKING:
    from loanword.tasks.model import Model


@dataclass(frozen=True, slots=True)
class Answered:
    """A record with all that was said of it: its inputs, the head's outputs for each, and the prediction they make."""

    record: Record
    encoded: Sequence[Encoded]
    outputs: Sequence[np.ndarray]
    prediction: Prediction
    tokenizer: Tokenizer


@dataclass(frozen=True, slots=True)
class Aim:
    """The number to be explained: ``score(model, outputs)`` (batch) of a batch of the record's input number `input`.

    `label` is what it speaks for and `predicted` what was said there, in the user's words; `unit` the kind of number;
    `about` is the part of the record's text that it is about, in code points, where it is about a part. `second` is
    the input's second text, where that is not the record's.
    """

    label: str
    predicted: str
    unit: Literal["log-odds", "log-probability", "cosine"]
    score: Callable[[Model, Sequence[EncoderOutput]], torch.Tensor]
    input: int = 0
    about: tuple[int, int] | None = None
    second: str | None = None


def log_odds(logits: torch.Tensor, place: int) -> torch.Tensor:
    """Return the log of p / (1 - p) of the class at `place`, from `logits` (..., classes): (...).

    Other than a logit it does not change when all logits do, and other than a probability it has no ceiling.
    """
    rest = torch.cat([logits[..., :place], logits[..., place + 1 :]], dim=-1)
    return logits[..., place] - rest.logsumexp(-1)


def expect_known(label: str, labels: Sequence[str]) -> None:
    """Raise `UsageError` if the model does not know `label`, or nothing else."""
    if label not in labels:
        raise UsageError(f"the model has no label '{label}'; it knows {', '.join(labels)}")
    if len(labels) < 2:
        raise UsageError(f"the model knows the label '{label}' alone; where nothing is chosen, nothing is explained")


def expect_no_choice(task: str, *, label: str = "", word: str = "") -> None:
    """Raise `UsageError` if a `label` or a `word` was chosen where the `task` has none."""
    for name, given in {"label": label, "word": word}.items():
        if given:
            raise UsageError(f"{task} has no {name} to choose; leave out '{given}'")
