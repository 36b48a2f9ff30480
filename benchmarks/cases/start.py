"""From the command to its first step."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from benchmarks.harness import DATA, Row


def start() -> Row:
    """Time `loanword transfer` from the command to the end of its first step, the model unpacked beforehand."""
    place = DATA / "ha_intents"
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-c", FIRST_STEP, "transfer", "--out", f"{out}/run"]
        command += ["--train", f"en={place}/en.train.jsonl", "--test", f"de={place}/de.test.jsonl"]
        began = time.time()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return {"seconds_start": float(done.stdout.splitlines()[-1]) - began}


FIRST_STEP = """
import os, time
from loanword.training.hooks import Average

def end(*_):
    print(time.time(), flush=True)
    os._exit(0)

Average.after_update = end
from loanword.cli.main import main
main()
"""
"""The command itself, but that it ends with its first step and says when that was."""
