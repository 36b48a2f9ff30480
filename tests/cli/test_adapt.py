import json

import pytest
from tests.corpus import SENTENCES

from loanword.run import run


@pytest.fixture
def files(tmp_path, toy_recipe):
    """A bundle, text of a language, translations, and a test set."""
    run(toy_recipe("bert", out=str(tmp_path / "run")))
    lines = [f"{line} {n}" for n in range(3) for line in SENTENCES["ru"]]
    (tmp_path / "ru.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pairs = "\n".join(
        f"{one} {n}\t{other} {n}" for n in range(3) for one, other in zip(SENTENCES["en"], SENTENCES["ru"], strict=True)
    )
    (tmp_path / "en-ru.tsv").write_text(f"text\ttranslation\n{pairs}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def words(files, toy_data):
    quick = ("--set", "corpus.identify=false", "--set", "hardware.precision=fp32", "--steps", 3)
    text = ("--language", "ru", "--text", files / "ru.txt", "--parallel", files / "en-ru.tsv")
    return (*text, "--task", files / "run", "--test", f"ru={toy_data['test']['ru']}", *quick)


def test_what_is_printed(call, words, files):
    done = call("adapt", *words, "--out", files / "out")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Russian (ru): ")
    assert "pieces a word" in lines[0]
    assert any(line.startswith("ru: ") and " -> " in line for line in lines)
    assert lines[-1] == str(files / "out")
    assert call("predict", files / "out", SENTENCES["ru"][0]).exit_code == 0
    report = json.loads((files / "out" / "adapt.json").read_text(encoding="utf-8"))
    assert report["recipe"]["corpus"]["parallel"] == {"en:ru": str(files / "en-ru.tsv")}
    again = call("adapt", *words, "--out", files / "more", "--json")
    assert json.loads(again.stdout)["language"] == "ru"


def test_what_is_refused(call, words, files):
    cases = (
        ((*words, "--model", "bundled:e5-small"), "--task and --model are both given"),
        ((*words, "--parallel", files / "ru.txt"), "en:ru is given twice; put the files together"),
        (("--language", "xx-what", *words[2:]), "xx-what"),
        ((*words, "--set", "training.steps=0"), "training.steps"),
        (("--language", "ru", "--text", files / "none.txt"), "none.txt"),
    )
    for given, message in cases:
        done = call("adapt", *given, "--out", files / "refused")
        assert done.exit_code in (2, 3), (given, done.stdout)
        assert message in " ".join(done.stderr.split())
