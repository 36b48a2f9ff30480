"""Objectives on text without labels, by the names that recipes use. A user's own takes ten lines.

@PRETRAINING.register("my-objective")
class Mine(OnTexts):                            # rows of text; or give streams of your own
    def prepare(self, encoded, rng): ...        # a Batch with whatever targets the loss wants
    def head(self, encoder): ...                # the module that is trained beside the encoder
    def loss(self, model, batch): ...           # the mean over the rows of the batch
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from loanword.errors import UsageError
from loanword.objectives.streams import Corpus, TextRows
from loanword.registry import Registry

if TYPE_CHECKING:
    from loanword.tokens.tokenizer import Tokenizer

PRETRAINING: Registry[Any] = Registry(
    "pretraining",
    builtin=(
        *(f"loanword.objectives.{name}" for name in ("mlm", "nsp", "ranking", "alignment", "detection")),
        "loanword.tasks.denoising",
    ),
)


SIMPLE: dict[str, Any] = {"float": FiniteFloat, "int": int, "bool": bool, "str": str}
"""Types of options that are checked before an objective is made, by how they are written."""
Material = Literal["text", "parallel"]
"""What an objective learns from (`reads`), by its key in the corpus: texts, or texts with their translations."""


def make_objective(name: str, tokenizer: Tokenizer, options: Mapping[str, Any]) -> Any:
    """Make the objective `name` with its own `options`; raises `UsageError` for what it cannot be made with."""
    kind = PRETRAINING.get(name)
    parameters = inspect.signature(kind).parameters.values()
    known = [one.name for one in parameters if one.kind == one.KEYWORD_ONLY]
    if not any(one.kind == one.VAR_KEYWORD for one in parameters) and (unknown := sorted({*options} - {*known})):
        raise UsageError(f"the objective {name} has no option '{unknown[0]}'; known: {', '.join(known) or 'none'}")
    _expect_types(kind, name, options)
    try:
        return kind(tokenizer, **options)
    except (TypeError, ValueError) as error:
        said = ", ".join(f"{key} = {value!r}" for key, value in options.items())
        raise UsageError(f"the objective {name} cannot be made with {said or 'its defaults'}: {error}") from error


def _expect_types(kind: Any, name: str, options: Mapping[str, Any]) -> None:
    """Raise `UsageError` for an option that is no number, or no text, where `kind` wants one."""
    hints = {one.name: str(one.annotation) for one in inspect.signature(kind).parameters.values()}
    for key, value in options.items():
        said, _, none = hints.get(key, "").partition(" | ")
        if said in SIMPLE and (value is not None or not none):
            try:
                TypeAdapter(SIMPLE[said]).validate_python(value)
            except ValidationError as error:
                about = error.errors()[0]["msg"]
                raise UsageError(f"the objective {name} cannot be made with {key} = {value!r}: {about}") from None


class OnTexts:
    """What an objective is that looks at rows of text: it has a tokenizer and a stream for every language."""

    reads: Material = "text"

    def __init__(self, tokenizer: Tokenizer) -> None:
        """Read rows that `tokenizer` made."""
        self.tokenizer = tokenizer

    def streams(self, corpus: Corpus) -> Mapping[str, Any]:
        """Return the rows of every language."""
        return {tag: TextRows(corpus, shard) for tag, shard in corpus.texts.items()}
