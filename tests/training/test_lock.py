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
with working_in(Path(sys.argv[1]), target="model"):
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
        working_in(tmp_path / "run", target="model"),
    ):
        pass
    assert (tmp_path / "run" / "checkpoints" / "process").read_text() == f"{other.pid}\n"


def test_the_lock_of_a_dead_run_is_taken_over(tmp_path, other):
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert (tmp_path / "run" / "checkpoints" / "process").is_file()
    with working_in(tmp_path / "run", target="model") as folder:
        assert (folder / "process").read_text() == f"{os.getpid()}\n"


def test_a_run_that_is_done_leaves_no_trace_and_one_that_fails_its_checkpoints(tmp_path):
    with working_in(tmp_path / "some" / "run", target="model") as folder:
        (folder / "round-1" / "step-1").mkdir(parents=True)
        (folder.parent / "report.json").write_text("{}")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "some" / "run" / "report.json"]
    assert not folder.exists()

    def failing():
        with working_in(tmp_path / "other", target="model") as folder:
            (folder / "round-1" / "step-1").mkdir(parents=True)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert (tmp_path / "other" / "checkpoints" / "round-1" / "step-1").is_dir()


def test_a_run_that_fails_early_leaves_nothing_that_was_not_there(tmp_path):
    with pytest.raises(ZeroDivisionError), working_in(tmp_path / "some" / "run", target="model"):
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "there").mkdir()
    with pytest.raises(ZeroDivisionError), working_in(tmp_path / "there", target="model"):
        raise ZeroDivisionError
    assert list(tmp_path.rglob("*")) == [tmp_path / "there"]


def test_what_a_killed_run_left_unfinished_is_removed(tmp_path):
    left = [
        tmp_path / ".model-ab12.partial",
        tmp_path / "checkpoints" / "round-1" / ".step-00000003-x.partial",
    ]
    kept = [
        tmp_path / ".config",
        tmp_path / ".movie.partial",
        tmp_path / "checkpoints" / ".model-x.partial",
        tmp_path / "checkpoints" / "round-1" / "step-00000002",
    ]
    for place in (*left, *kept):
        (place / "deep").mkdir(parents=True)
    with working_in(tmp_path, target="model"):
        assert not any(place.exists() for place in left)
        assert all(place.exists() for place in kept)


@pytest.mark.parametrize("fails", [False, True])
def test_what_somebody_else_keeps_in_a_folder_of_that_name_stays(tmp_path, fails):
    theirs = [tmp_path / "checkpoints" / "best.bin", tmp_path / "checkpoints" / "epoch-3" / "best.bin"]
    theirs[1].parent.mkdir(parents=True)
    for file in theirs:
        file.write_text("years of work")

    def work():
        with working_in(tmp_path, target="model") as folder:
            if fails:
                raise ZeroDivisionError
            (folder / "round-1" / "step-00000001").mkdir(parents=True)

    if fails:
        with pytest.raises(ZeroDivisionError):
            work()
    else:
        work()
    assert sorted(path for path in tmp_path.rglob("*") if path.is_file()) == sorted(theirs)
    assert not (tmp_path / "checkpoints" / "round-1").exists()


def test_a_folder_is_free_again_at_once(tmp_path):
    for _ in range(3):
        began = time.monotonic()
        with working_in(tmp_path, target="model"):
            pass
        assert time.monotonic() - began < 1
