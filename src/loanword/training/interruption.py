"""Stop when asked to: the first signal lets the step finish and a checkpoint be written, the second stops at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from loanword.errors import LoanwordError

HEARD = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM") if hasattr(signal, name))


class Interrupted(LoanwordError):  # noqa: N818 - it says what happened
    """Training stopped because a signal asked for it; the exit status is the shell's for that signal."""

    exit_code = 130

    def __init__(self, number: int, *, where: Path) -> None:
        """Name the folder of the checkpoints, the last of which holds what was reached."""
        super().__init__(
            f"training was stopped by {signal.Signals(number).name}; what it reached is kept in {where}, and the same "
            "command goes on from there"
        )
        self.exit_code = 128 + number


@dataclass
class Asked:
    """`by` is the signal that asked to stop, 0 while none has."""

    by: int = 0


@contextmanager
def listening(wanted: bool = True) -> Iterator[Asked]:
    """Hear SIGINT and SIGTERM for a while; outside the main thread, where Python gives no signals, hear none."""
    asked = Asked()
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield asked
        return
    # What is ignored stays so: a shell makes what runs behind it deaf to Ctrl-C.
    before = {number: old for number in HEARD if (old := signal.getsignal(number)) != signal.SIG_IGN}

    def hear(number: int, frame: FrameType | None) -> None:
        asked.by = number
        for known, old in before.items():  # The next one does what it did before: it stops at once.
            signal.signal(known, old or signal.SIG_DFL)

    for number in before:
        signal.signal(number, hear)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
