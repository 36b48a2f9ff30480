"""What can go wrong, typed by what the user can do about it.

Every message says what was seen, what was expected and what to do. The class decides the exit status of
the command line: 1 failed, 2 usage, 3 bad data (130 is an interrupt).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN = 20
"""Problems printed in full; the rest is counted."""

LONG = 200
"""Characters of a foreign error that a message repeats."""

NO_MEMORY = (
    "can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "could not create a primitive",
    "could not create a memory object",
    "backend out of memory",
)
"""How torch says that memory ran out: its allocators on Linux and Windows, oneDNN, which does not name the reason, and
Apple's graphics cards."""


class LoanwordError(Exception):
    """Base of everything that loanword raises on purpose."""

    exit_code = 1


class UsageError(LoanwordError):
    """The call itself is wrong: an unknown name, an option that does not fit."""

    exit_code = 2


class ConfigError(UsageError):
    """A recipe with problems; all of them are listed at once."""

    def __init__(self, problems: Sequence[str], *, where: str = "recipe") -> None:
        """Keep `problems` as a tuple and print them one a line under `where`."""
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{where}: {count} problem{'s' if count != 1 else ''}"
        super().__init__("\n".join([head, *(f"  - {problem}" for problem in self.problems)]))


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in a data file, precise enough to be mended without searching.

    `code` is stable (``LW1xx`` file, ``LW2xx`` row, ``LW3xx`` label, ``LW4xx`` language); `line` is 1-based and
    counts physical lines; 0 means the file as a whole.
    """

    code: str
    path: str
    line: int
    cause: str
    fix: str
    column: str = ""

    def __str__(self) -> str:
        """Render as ``path:line [column] code cause; fix``."""
        place = f"{self.path}:{self.line}" if self.line else self.path
        column = f" [{self.column}]" if self.column else ""
        return f"{place}{column}: {self.code} {self.cause}. {self.fix}."


class DataError(LoanwordError):
    """Data with problems, all of them found in one pass."""

    exit_code = 3

    def __init__(self, problems: Sequence[Problem], *, unfinished: bool = False) -> None:
        """Keep all `problems`; the message shows the first ones and counts the rest.

        `unfinished` says that there may be more, because reading ended with the last of them.
        """
        self.problems, self.unfinished = tuple(problems), unfinished
        lines = [str(problem) for problem in self.problems[:SHOWN]]
        if len(self.problems) > SHOWN:
            lines.append(f"... and {len(self.problems) - SHOWN} more problems")
        if unfinished:
            lines.append(f"reading ended with problem number {len(self.problems)}; there may be more")
        super().__init__("\n".join(lines))


class ModelError(LoanwordError):
    """A model, tokenizer or bundle that cannot be had or cannot be used."""


class MissingExtra(LoanwordError):  # noqa: N818 - it says what is missing
    """An optional dependency is not installed; the message is the exact line that installs it."""

    def __init__(self, extra: str, package: str, purpose: str) -> None:
        """Name the `extra` of loanword that brings `package`, which `purpose` needs."""
        self.extra = extra
        super().__init__(f"{purpose} needs {package}, which is not installed. Run: pip install 'loanword[{extra}]'")


def in_short(error: BaseException) -> str:
    """Render an error of somebody else's code for a message: its type and the first line of what it says."""
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:LONG].rstrip('. :')}".rstrip(": ")


def out_of_memory(error: BaseException) -> bool:
    """Whether memory ran out: Python's own, the processor's in torch, or a graphics card's."""
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, RuntimeError) and any(sign in str(error) for sign in NO_MEMORY))
    )
