"""Runs that are killed, stopped or crowded out, through the command line: the same command goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tomli_w

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "loanword", "train"]


@pytest.fixture
def folder(toy_recipe, tmp_path):
    """A folder with a recipe that saves after every step."""
    recipe = toy_recipe(training={"checkpoint_steps": 1, "epochs": 3}, evaluation={"compare_checkpoints": False})
    (tmp_path / "recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")
    return tmp_path


def killed(command, folder, *, kills):
    """Kill `command` at random moments until it was killed so often; what happened."""
    found = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "kills.py"), command, str(folder), str(kills), "7"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    return json.loads(found.stdout)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_random_it_ends_in_the_same_weights(folder):
    kills = int(os.environ.get("LOANWORD_SOAK_KILLS", "20"))
    result = killed("train", folder, kills=kills)
    assert result["kills"] == kills
    assert result["inside a save"] >= kills // 4
    assert result["finished"] >= 1
    assert result["other weights"] == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_pretraining_that_is_killed_at_random_ends_in_the_same_weights(tiny_folder, sentences, tmp_path):
    kills = int(os.environ.get("LOANWORD_SOAK_KILLS", "40")) // 8
    said = {"model": str(tiny_folder("xlm-roberta")), "out": "elsewhere"}
    text = {}
    for tag, rows in sentences.items():
        text[tag] = str(tmp_path / f"{tag}.txt")
        Path(text[tag]).write_text("".join(f"{row}\n" for row in [*rows] * 3), encoding="utf-8")
    said["corpus"] = {"text": text, "identify": False, "exact_duplicates": False, "min_characters": 1}
    said["training"] = {"steps": 12, "length": 32, "batch_size": 8, "checkpoint_steps": 1}
    said["hardware"] = {"device": "cpu", "threads": 1}
    (tmp_path / "recipe.toml").write_text(tomli_w.dumps(said), encoding="utf-8")
    result = killed("pretrain", tmp_path, kills=kills)
    assert result["kills"] == kills
    assert result["inside a save"] >= kills // 4
    assert result["finished"] >= 1
    assert result["other weights"] == []


def heard():
    """Hear Ctrl-C as in a terminal: a shell lets what it starts in the background ignore it, and so do we then."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def start(folder, *options):
    return subprocess.Popen(
        [*COMMAND, str(folder / "recipe.toml"), "--out", str(folder / "run"), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heard,
    )


def until(condition, process):
    for _ in range(6000):
        if condition():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def saved(folder):
    return sorted(path.name for path in (folder / "run" / "checkpoints").glob("round-1/step-*"))


LONG = ("--set", "training.epochs=2000", "--set", "training.checkpoint_steps=0")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop_it_saves_and_goes_on_later(folder, number):
    process = start(folder, *LONG)
    until((folder / "run" / "checkpoints" / "process").exists, process)
    until(lambda: "step 1" in process.stderr.readline(), process)
    second = start(folder, *LONG)
    said = second.communicate()[1]
    assert second.returncode == 2
    assert f"another run (process {process.pid}) is at work" in said

    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number
    assert f"training was stopped by {number.name}; what it reached is kept in {folder}/run/checkpoints/round-1" in said
    (name,) = saved(folder)
    step = int(name[5:])
    assert step > 0

    again = start(folder, *LONG, "--set", "training.max_steps=100000")
    until(lambda: f"going on after step {step} of 12000" in again.stderr.readline(), again)
    again.send_signal(signal.SIGTERM)
    again.send_signal(signal.SIGTERM)  # The second one does not wait for anything.
    again.communicate(timeout=60)
    assert again.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert int(saved(folder)[-1][5:]) >= step
