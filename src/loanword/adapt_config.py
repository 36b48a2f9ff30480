"""The recipe of adapting a model to a language: that of pretraining, and what the model is measured by."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from loanword.config import EncoderSettings, Places
from loanword.errors import UsageError
from loanword.language.tag import canonical, sides
from loanword.pretrain_config import ObjectiveSettings, PretrainRecipe, PretrainTraining

MONOLINGUAL: dict[str, Any] = {"mlm": {}}
PARALLEL: dict[str, Any] = {"alignment": {"weight": 2.0}, "mlm": {}}
"""What is learned where there is text alone, and where there are translations."""


TRAINING: dict[str, Any] = {"embeddings": "compact", "batch_size": 32, "passes": 20.0}
"""The settings of training that differ: many passes over little text."""


class AdaptRecipe(PretrainRecipe):
    """Everything that adapting a model needs to know.

    `task` is a bundle, whose encoder is adapted in place of `model`; it is measured on `test` before and after.
    `pieces` is how many new ones the vocabulary gets at most; None: `USUAL`, if it lacks some; 0: none.
    """

    places: ClassVar[Places] = {**PretrainRecipe.places, "task": "model", "test": "path"}

    language: str
    task: str = ""
    test: dict[str, str] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    """Names of the columns of the test data."""
    pieces: int | None = Field(default=None, ge=0)
    start: Literal["random", "mean", "pieces", "script", "similar"] = "similar"
    objectives: dict[str, ObjectiveSettings] = Field(default_factory=dict)
    """Empty: `PARALLEL` where there are translations, else `MONOLINGUAL`."""
    encoder: EncoderSettings = EncoderSettings()
    training: PretrainTraining = PretrainTraining(**TRAINING)

    @model_validator(mode="before")
    @classmethod
    def _little_text(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(said := value.get("training"), dict):
            return {**value, "training": {**TRAINING, **said}}
        return value

    @field_validator("language")
    @classmethod
    def _tag(cls, value: str) -> str:
        try:
            return canonical(value)
        except UsageError as error:
            raise ValueError(str(error)) from None

    @model_validator(mode="after")
    def _fits(self) -> AdaptRecipe:
        if self.language not in self.corpus.text:
            raise ValueError(f"corpus.text has no text of {self.language}; give it, e.g. --text {self.language}.txt")
        if wrong := [pair for pair in self.corpus.parallel if sides(pair)[1] != self.language]:
            raise ValueError(
                f"translations go from a known language into {self.language}, and '{wrong[0]}' does not; "
                f"name them en:{self.language}, and say which column is which in corpus.columns"
            )
        if self.test and not self.task:
            raise ValueError("test says what a bundle is measured on, but there is none: give task, e.g. --task run")
        return self

    @property
    def learned(self) -> dict[str, ObjectiveSettings]:
        """What is learned."""
        usual = PARALLEL if self.corpus.parallel else MONOLINGUAL
        return self.objectives or {name: ObjectiveSettings(**said) for name, said in usual.items()}
