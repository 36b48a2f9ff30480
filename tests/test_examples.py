"""Every example runs, on a tiny encoder."""

import json
import runpy
import sys

import pytest
from tests.pages import ROOT
from typer.testing import CliRunner

from loanword import config
from loanword.cli.main import app
from loanword.tasks.task import BUILTIN

EXAMPLES = sorted(path for path in (ROOT / "examples").iterdir() if path.is_file())
PRETRAINING = [path for path in EXAMPLES if path.name == "pretrain.toml"]
RECIPES = [path for path in EXAMPLES if path.suffix == ".toml" and path not in PRETRAINING]
SCRIPTS = [path for path in EXAMPLES if path.suffix == ".py"]


def needs(path):
    """Skip where an example's data is not installed."""
    if "home-assistant" in path.read_text(encoding="utf-8"):
        for package in ("hassil", "home_assistant_intents"):
            pytest.importorskip(package, reason="builtin:home-assistant needs the extra 'demo'")


def test_there_are_examples_and_each_is_tried():
    assert RECIPES
    assert SCRIPTS
    assert PRETRAINING
    assert set(EXAMPLES) == {*RECIPES, *SCRIPTS, *PRETRAINING}
    assert {config.read(path).task for path in RECIPES} == set(BUILTIN)


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_recipe_runs(path, tiny_folder, tmp_path):
    needs(path)
    languages = set(config.read(path).data.test)
    changes = (f"model={tiny_folder('bert')}", "training.max_steps=2", "evaluation.resamples=100")
    words = [word for change in changes for word in ("--set", change)]
    done = CliRunner().invoke(app, ["train", str(path), *words, "--out", str(tmp_path / "run")])
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    assert set(report["languages"]) == languages != set()


@pytest.mark.parametrize("path", PRETRAINING, ids=lambda path: path.name)
def test_pretraining_runs(path, tiny_folder, tmp_path):
    words = ("--set", f"model={tiny_folder('bert')}", "--steps", "9", "--out", str(tmp_path / "run"))
    done = CliRunner().invoke(app, ["pretrain", str(path), *words])
    assert done.exit_code == 0, done.output
    report = json.loads((tmp_path / "run" / "report.json").read_text(encoding="utf-8"))
    assert {"mlm", "nsp", "tlm", "ranking"} == {name for point in report["objectives"] for name in point["objectives"]}
    assert {*report["held_out"][-1]["languages"]} <= {"en", "de"}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_script_runs(path, tiny_folder, tmp_path, monkeypatch, capsys):
    needs(path)
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(path), str(tiny_folder("bert"))])
    runpy.run_path(str(path), run_name="__main__")
    assert capsys.readouterr().out.strip()
