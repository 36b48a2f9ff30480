"""Kill a run at random moments, start it again by the same command, and compare what comes out.

python tests/kills.py COMMAND FOLDER KILLS SEED     FOLDER holds recipe.toml; prints what happened, as JSON

COMMAND is "train" or "pretrain".

Every run is a process of its own, forked from this one so that it need not import torch again. A quarter of the kills
are aimed at the inside of a save, the others at any moment between start and end.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import torch

import loanword.pretrain
import loanword.run  # noqa: F401 - once, here, for every process that is forked
from loanword.cli.main import main
from loanword.training.checkpoints import Checkpoints

INSIDE_A_SAVE = 0.25


def begin(command: str, recipe: Path, out: Path, log: Path) -> tuple[int, int]:
    """Start the `command` in a new process; returns its number and a pipe that says when saves begin and end."""
    heard, told = os.pipe()
    if process := os.fork():
        os.close(told)
        return process, heard
    status = 70
    with contextlib.suppress(BaseException):
        with log.open("ab") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        real = Checkpoints.save

        def save(self, saved):
            os.write(told, b"(")
            try:
                return real(self, saved)
            finally:
                os.write(told, b")")

        Checkpoints.save = save
        sys.argv = ["loanword", command, str(recipe), "--out", str(out)]
        try:
            main()
        except SystemExit as end:
            status = end.code or 0
    os._exit(status)


def ended(process: int, *, wait: bool = False) -> int | None:
    """The exit status of a process, negative for a signal; None while it runs."""
    found, status = os.waitpid(process, 0 if wait else os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def weights(out: Path) -> str:
    """The SHA-256 of what the run made."""
    files = sorted((out / "model").glob("*.safetensors"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def whole(command: str, recipe: Path, out: Path, log: Path) -> tuple[str, float, list[float]]:
    """Run to the end: the weights, the seconds it took, and those of each save."""
    started = time.monotonic()
    process, heard = begin(command, recipe, out, log)
    saves, opened = [], 0.0
    while mark := os.read(heard, 1):
        if mark == b"(":
            opened = time.monotonic()
        else:
            saves.append(time.monotonic() - opened)
    os.close(heard)
    if status := ended(process, wait=True):
        raise SystemExit(f"a run that nobody killed ended with {status}:\n{log.read_text()}")
    return weights(out), time.monotonic() - started, saves


def main_loop(command: str, folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill `kills` runs; whenever one gets through, compare it and begin anew."""
    recipe, out, log = folder / "recipe.toml", folder / "run", folder / "log.txt"
    expected, seconds, saves = whole(command, recipe, folder / "whole", log)
    rng, inside, finished, other = random.Random(seed), 0, 0, []
    done = 0
    while done < kills:
        process, heard = begin(command, recipe, out, log)
        marks = b""
        if rng.random() < INSIDE_A_SAVE * 1.3:  # Some miss: the run is through before, or the save is.
            for _ in range(2 * rng.randint(1, 4) - 1):
                marks += os.read(heard, 1)
            time.sleep(rng.uniform(0, 1.0) * sum(saves) / len(saves))
        else:
            time.sleep(rng.uniform(0, 1.1) * seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
        status = ended(process, wait=True)
        while more := os.read(heard, 64):
            marks += more
        os.close(heard)
        if status == -signal.SIGKILL:
            done += 1
            inside += marks.count(b"(") > marks.count(b")")
            continue
        if status:
            raise SystemExit(f"a restart ended with {status}:\n{log.read_text()}")
        finished += 1
        other += [found for found in [weights(out)] if found != expected]
        shutil.rmtree(out)
    found, *_ = whole(command, recipe, out, log)
    other += [found] if found != expected else []
    return {
        "kills": done,
        "inside a save": inside,
        "finished": finished + 1,
        "other weights": other,
        "saves": len(saves),
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(main_loop(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))))  # noqa: T201
