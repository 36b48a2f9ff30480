"""One run at a time in a folder: a second one is refused, and what a dead one held is free again."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from loanword.durable import sweep
from loanword.errors import UsageError

FOLDER, LOCK, HOLDER = "checkpoints", "lock", "process"
ROUNDS = "round-*"


@contextmanager
def working_in(out: Path, *, target: str) -> Iterator[Path]:
    """Hold the run folder `out` for this process; gives the folder for its checkpoints, gone when the run is done.

    A run that fails, or is killed, leaves its checkpoints there; what it left unfinished of them, or of `target` in
    `out`, the next one removes. Files of anybody else stay. The operating system frees the lock of a process that
    ends, however it ends. Raises `UsageError` while another one holds it.
    """
    from filelock import FileLock, Timeout

    folder = out / FOLDER
    made = [place for place in (out, *out.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout:
        raise UsageError(
            f"another run{_who(folder)} is at work in {out}; wait for it, stop it, or give this one another folder"
        ) from None
    try:
        sweep(out / target)
        for place in folder.glob(ROUNDS):
            sweep(place / "step")
        (folder / HOLDER).write_text(f"{os.getpid()}\n", encoding="utf-8")
        yield folder
        for place in folder.glob(f"{ROUNDS}/step-*"):
            shutil.rmtree(place, ignore_errors=True)
    finally:
        (folder / HOLDER).unlink(missing_ok=True)
        if not any(folder.glob(f"{ROUNDS}/*")):  # Nothing is saved: leave no trace, while the lock is still held.
            with suppress(OSError):  # Windows removes no open file.
                (folder / LOCK).unlink()
            for place in (*folder.glob(ROUNDS), folder, *made):
                with suppress(OSError):  # Not empty: somebody else's.
                    place.rmdir()
        lock.release()


def _who(folder: Path) -> str:
    try:
        return f" (process {(folder / HOLDER).read_text(encoding='utf-8').strip()})"
    except OSError:
        return ""
