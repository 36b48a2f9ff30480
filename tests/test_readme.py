"""Both READMEs: the code runs, the commands run, and they say the same."""

import importlib.util
import json
import re

import pytest
from tests.pages import READMES, blocks, commands, desk, read, seated, unfenced
from typer.testing import CliRunner

import loanword
from loanword.cli.main import app

__all__ = ["desk", "seated"]
ENGLISH, CHINESE = READMES


@pytest.mark.parametrize("page", READMES, ids=lambda page: page.name)
@pytest.mark.usefixtures("seated")
def test_the_python_runs(page, capsys):
    (block,) = blocks(page, "python")
    names = {}
    exec(compile(block, page.name, "exec"), names)
    assert set(names["result"].report.languages) == {"en", "de", "zh"}
    assert capsys.readouterr().out.splitlines()[-1] in names["model"].task.labels


def test_the_commands_on_your_own_files_run(seated):
    """In their order and as they stand, but for the length of training."""
    found = commands(ENGLISH)
    shown = found[:5]
    assert [words[0] for words in shown] == ["data", "transfer", "predict", "predict", "evaluate"]
    assert ["train", "run/recipe.toml"] in found
    for words in [*shown, ["train", "run/recipe.toml"]]:
        trains = words[0] in ("transfer", "train")
        done = CliRunner().invoke(app, [*words, *(["--set", "training.max_steps=3"] if trains else [])])
        # The rows of the desk are the same in training and test, and the check says so.
        assert done.exit_code == (3 if words[0] == "data" else 0), done.output
    assert len((seated / "labels.jsonl").read_text(encoding="utf-8").splitlines()) == 2
    assert list(json.loads((seated / "run-sv/report.json").read_text(encoding="utf-8"))["languages"]) == ["sv"]

    promise = next(line for line in read(ENGLISH).splitlines() if line.startswith("`run/` then holds"))
    names = set(re.findall(r"`((?:report|recipe)\.\w+|model/)`", promise))
    assert len(names) == 5
    if importlib.util.find_spec("vl_convert") is None:
        names.remove("report.html")
    assert {name for name in names if not (seated / "run" / name).exists()} == set()


@pytest.mark.usefixtures("seated")
def test_the_line_in_scikit_learns_words_runs():
    (line,) = re.findall(r"`(loanword\.TransferClassifier[^`]+)`", read(ENGLISH))
    assert line in read(CHINESE)
    names = {"loanword": loanword, "texts": ["a", "b"] * 10, "labels": ["x", "y"] * 10, "others": ["c"]}
    assert eval(line, names)[0] in ("x", "y")


def test_both_have_the_same_commands_code_links_and_sections():
    assert len(commands(ENGLISH)) > 5
    assert commands(ENGLISH) == commands(CHINESE)
    assert blocks(ENGLISH, "python") == blocks(CHINESE, "python")
    makes = [re.findall(r"^make \w+", "".join(blocks(page, "")), flags=re.M) for page in READMES]
    assert makes[0] == makes[1] != []
    for pattern in (r"^#+ ", r"\]\(([^)]+)\)", r"^- \*\*"):
        ours, theirs = (re.findall(pattern, unfenced(read(page)), flags=re.M) for page in READMES)
        assert len(ours) > 3
        assert [one for one in ours if "README" not in one] == [one for one in theirs if "README" not in one]


def test_figures_are_the_same():
    """Chinese counts in ten thousands."""
    english, chinese = (set(re.findall(r"\d+(?:[.,]\d+)*", unfenced(read(page)))) for page in READMES)
    assert len(english) >= 5
    assert english - {"250,000"} <= chinese
    assert ("250,000" in english) == ("25 万" in read(CHINESE))
