"""The task of somebody else's package, as the page on it says: installed, trained, measured, saved, used."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import spearmanr
from tests.corpus import SENTENCES
from tests.pages import ROOT, blocks

pytest.importorskip("hatchling", reason="the extra 'dev' is not installed")
PACKAGE = ROOT / "examples" / "own_task"
PAGE = ROOT / "docs" / "how-to" / "your-own-task.md"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", str(folder), str(PACKAGE)], check=True, capture_output=True)
    return folder


@pytest.fixture
def call(site, tmp_path):
    def run(*words):
        env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}
        command = [sys.executable, "-m", "loanword", *words]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_a_task_of_another_package_goes_the_whole_way(call, tiny_folder, tmp_path, write_jsonl):
    for tag in ("en", "de"):
        texts = SENTENCES["en" if tag == "en" else "ru"]
        rows = [{"text": text, "rating": len(text) / 10} for text in texts]
        write_jsonl(tmp_path / f"{tag}.jsonl", rows)
    listed = {row["name"] for row in json.loads(call("ls", "tasks", "--json"))}
    assert {"rating", "summarization"} <= listed

    files = ("--train", "en=en.jsonl", "--test", "en=en.jsonl", "--test", "de=de.jsonl", "--out", "run", "--json")
    settings = ("training.epochs=20", "training.learning_rate=0.003", "hardware.precision=fp32", "hardware.threads=1")
    changes = [word for one in settings for word in ("--set", one)]
    report = json.loads(call("transfer", "--task", "rating", "--model", str(tiny_folder("bert")), *files, *changes))
    assert set(report["languages"]) == {"en", "de"}

    texts = list(SENTENCES["en"])
    numbers = [json.loads(line)["rating"] for line in call("predict", "run", *texts, "--json").splitlines()]
    # Fitted to these ten sentences, it ranks them: and as the report says.
    expected = spearmanr(numbers, [len(text) for text in texts]).statistic
    assert expected > 0.8
    assert report["languages"]["en"]["score"] == pytest.approx(expected, abs=1e-3)
    assert np.mean(numbers) == pytest.approx(np.mean([len(text) / 10 for text in texts]), abs=1.0)


def test_wrong_ratings_are_told_with_file_and_line(site, tmp_path, write_jsonl, tiny_folder):
    write_jsonl(tmp_path / "en.jsonl", [{"text": "Fine.", "rating": 1}, {"text": "Not fine.", "rating": "much"}])
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), *sys.path])}
    words = ["transfer", "--task", "rating", "--model", str(tiny_folder("bert")), "--train", "en=en.jsonl"]
    command = [sys.executable, "-m", "loanword", *words, "--test", "en=en.jsonl"]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert "en.jsonl:2 [rating]: LW306" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_page_shows_what_the_package_says():
    shown = blocks(PAGE, "toml")[0]
    real = (PACKAGE / "pyproject.toml").read_text(encoding="utf-8")
    assert '[project.entry-points."loanword.task"]\nrating = "rating:Rating"' in shown
    for line in shown.splitlines():
        assert line in real
    parts = re.findall(r"^\| `(\w+)", PAGE.read_text(encoding="utf-8"), flags=re.M)
    code = (PACKAGE / "rating.py").read_text(encoding="utf-8")
    assert len(parts) > 6
    assert [part for part in parts if part not in code] == []
    assert len(code.splitlines()) <= 80
