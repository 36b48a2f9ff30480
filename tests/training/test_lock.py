"""One run at a time in a folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from loanword.errors import UsageError
from loanword.training.lock import working_in

HOLD = """
import sys, time
from pathlib import Path
from loanword.training.lock import working_in
with working_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other(tmp_path):
    """Another process that holds the folder."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_refused_and_told_which_is_there(tmp_path, other):
    with (
        pytest.raises(UsageError, match=rf"process {other.pid}\) is at work in .*run; wait for it"),
        working_in(tmp_path / "run"),
    ):
        pass
    assert (tmp_path / "run" / "checkpoints" / "process").read_text() == f"{other.pid}\n"


def test_the_lock_of_a_dead_run_is_taken_over(tmp_path, other):
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert (tmp_path / "run" / "checkpoints" / "process").is_file()
    with working_in(tmp_path / "run") as folder:
        assert (folder / "process").read_text() == f"{os.getpid()}\n"


def test_a_run_that_is_done_leaves_no_trace_and_one_that_fails_its_checkpoints(tmp_path):
    with working_in(tmp_path / "some" / "run") as folder:
        (folder / "round-1" / "step-1").mkdir(parents=True)
    assert list(tmp_path.rglob("*")) == [tmp_path / "some", tmp_path / "some" / "run"]

    def failing():
        with working_in(tmp_path / "other") as folder:
            (folder / "round-1" / "step-1").mkdir(parents=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert (tmp_path / "other" / "checkpoints" / "round-1" / "step-1").is_dir()


def test_a_run_that_fails_early_leaves_nothing_that_was_not_there(tmp_path):
    with pytest.raises(ZeroDivisionError), working_in(tmp_path / "some" / "run"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    with pytest.raises(ZeroDivisionError), working_in(tmp_path / "there"):
        raise ZeroDivisionError
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_what_a_killed_run_left_unfinished_is_removed(tmp_path):
    left = [
        tmp_path / ".model-ab12.partial",
        tmp_path / "checkpoints" / ".x.partial",
        tmp_path / "checkpoints" / "round-1" / ".step-00000003-x.partial",
    ]
    kept = [tmp_path / ".config", tmp_path / "checkpoints" / "round-1" / "step-00000002"]
    for place in (*left, *kept):
        (place / "deep").mkdir(parents=True)
    with working_in(tmp_path):
        assert not any(place.exists() for place in left)
        assert all(place.exists() for place in kept)


def test_a_folder_is_free_again_at_once(tmp_path):
    for _ in range(3):
        began = time.monotonic()
        with working_in(tmp_path):
            pass
        assert time.monotonic() - began < 1
