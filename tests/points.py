"""Pull the plug at every point of a save, and see what is left.

python tests/points.py FOLDER     prints what happened, as JSON

Every attempt is a process of its own, forked from this one, that kills itself at its n-th call of anything that
changes the disk; the writing of tensors counts three times: before, half-way, and after.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import torch

from loanword.durable import sweep
from loanword.training import checkpoints as module
from loanword.training.checkpoints import Checkpoints, Saved

CALLS = [(os, name) for name in ("fsync", "rename", "mkdir", "rmdir", "unlink", "chmod")]
CALLS += [(Path, name) for name in ("write_text", "write_bytes", "touch", "chmod")]


def saved(step: int) -> Saved:
    """A checkpoint of made-up content."""
    return Saved(step, {"model/a": torch.arange(5000.0) * step}, {"tokens": step})


def dying(folder: Path, point: int) -> None:
    """Save step 3, and die at call number `point`."""
    count = 0

    def reached() -> None:
        nonlocal count
        count += 1
        if count > point:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrapped(real):
        def call(*args, **options):
            reached()
            return real(*args, **options)

        return call

    save_tensors = module.save_tensors

    def torn(tensors, file):
        reached()
        save_tensors(tensors, file)
        whole = file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])  # Counts as a call.
        save_tensors(tensors, file)
        reached()

    for owner, name in CALLS:
        setattr(owner, name, wrapped(getattr(owner, name)))
    module.save_tensors = torn
    Checkpoints(folder, identity="this").save(saved(3))
    os._exit(0)


def main(scratch: Path) -> dict[str, object]:
    """Try every point until a save gets through."""
    original, folder = scratch / "original", scratch / "round-1"
    for step in (1, 2):
        Checkpoints(original, identity="this").save(saved(step))
    points, bad, newest = 0, [], []
    while True:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(original, folder)
        if not (process := os.fork()):
            dying(folder, points)
        killed = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        found = Checkpoints(folder, identity="this").newest()
        newest.append(found.step if found else 0)
        if not found or not torch.equal(found.tensors["model/a"], saved(found.step).tensors["model/a"]):
            bad.append(points)
        sweep(folder / "step")
        Checkpoints(folder, identity="this").save(saved(4))
        if {path.name[:5] for path in folder.iterdir()} != {"step-"}:
            bad.append(points)
        if killed == 0:
            return {"points": points, "bad": bad, "newest": newest}
        if killed != -signal.SIGKILL:
            raise SystemExit(f"the save at point {points} ended with {killed}")
        points += 1


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))  # noqa: T201
