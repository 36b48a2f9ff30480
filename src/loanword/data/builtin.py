"""Data sets that come from the package index: real labelled text without a hub or a download page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from loanword.data import home_assistant
from loanword.data.records import Table
from loanword.registry import Registry


@dataclass(frozen=True, slots=True)
class Builtin:
    """A data set by name: `languages` lists what is fit for testing, `load` returns one split of one language."""

    languages: Callable[[], list[str]]
    load: Callable[..., Table]


_REGISTRY: Registry[Builtin] = Registry("data set")
_REGISTRY.register("home-assistant")(Builtin(languages=home_assistant.languages, load=home_assistant.load))


def names() -> list[str]:
    """The names that `load` knows."""
    return _REGISTRY.names()


def languages(name: str) -> list[str]:
    """The languages of data set `name` that are fit for testing, as canonical tags."""
    return _REGISTRY.get(name).languages()


def load(
    name: str, *, language: str, split: Literal["train", "dev", "test"], seed: int = 0, rows: int | None = None
) -> Table:
    """Return one split of data set `name` in one language; the same `seed` gives the same rows.

    Raises:
        UsageError: an unknown name, language or split.
        MissingExtra: the data set's package is not installed.
    """
    return _REGISTRY.get(name).load(language=language, split=split, seed=seed, rows=rows)
