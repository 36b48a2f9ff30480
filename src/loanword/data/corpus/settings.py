"""What is done to a corpus, and what a document must be to stay in it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from loanword.config import Settings
from loanword.data.corpus.normalise import SAFE, STEPS
from loanword.errors import UsageError


class CorpusSettings(Settings):
    """How documents are read, cleaned and laid aside. `column` and `boundary` are those of `documents`."""

    column: str = "text"
    boundary: Literal["auto", "line", "blank", "file"] = "auto"
    normalise: tuple[str, ...] = SAFE
    """Steps of `normalise.STEPS`, in their order."""
    min_characters: int = Field(default=10, ge=1)
    repetition: float = Field(default=0.1, ge=0, lt=1)
    """Texts that zlib packs to less than this share of their bytes are dropped; 0: none."""
    script_share: float = Field(default=0.2, ge=0, le=1)
    """Texts with a smaller share of their letters in the scripts of their language are dropped; 0: none."""
    identify: bool = True
    """Drop texts that are in another language, as py3langid sees it, if it knows theirs."""
    exact_duplicates: bool = True
    near_duplicates: bool = False
    held_out: float = Field(default=0.01, ge=0, le=0.5)
    """Share of the documents that is laid aside to measure by."""

    @field_validator("normalise", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError(
                f'\'{value}\' is no list; expected steps in their order, e.g. ["controls", "nfkc", "spaces"]'
            )
        return value

    @field_validator("normalise")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        try:
            for name in value:
                STEPS.get(name)
        except UsageError as error:
            raise ValueError(str(error)) from None
        return value
