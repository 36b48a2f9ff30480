"""How a run tells what it is doing, without knowing who listens."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from loanword.training.state import Hook

STAGES = ("read", "load", "probe", "train", "evaluate", "index", "save")


class Progress(Protocol):
    """A listener: the command line draws bars, a library call listens to nothing."""

    def stage(self, name: str, *, total: int = 0, detail: str = "") -> None:
        """Stage `name` (one of `STAGES`) begins; `total` is how many `advance` will count, if known."""
        ...

    def advance(self, count: int) -> None:
        """`count` more items of the stage are done."""
        ...

    def say(self, text: str) -> None:
        """Something happened that the user should know: a sentence."""
        ...

    def hooks(self) -> tuple[Hook, ...]:
        """Training hooks that follow the steps."""
        ...

    def done(self) -> None:
        """Everything is finished."""
        ...


class Silent:
    """Draws nothing; what the user should know goes to the log "loanword"."""

    def stage(self, name: str, *, total: int = 0, detail: str = "") -> None:
        """Ignore it."""

    def advance(self, count: int) -> None:
        """Ignore it."""

    def say(self, text: str) -> None:
        """Log it as a warning, which Python shows on stderr unless told otherwise."""
        logging.getLogger("loanword").warning(text)

    def hooks(self) -> tuple[Hook, ...]:
        """No hooks."""
        return ()

    def done(self) -> None:
        """Ignore it."""
