import os
import subprocess
import sys

import pytest

from loanword.version import __version__

VERBS = ("demo", "transfer", "train", "evaluate", "predict", "index", "search", "ask", "mine", "check", "ls", "data")


def test_help_names_every_verb(call):
    shown = call("--help")
    assert shown.exit_code == 0
    for verb in VERBS:
        assert f" {verb} " in shown.stdout
        help_of = call(verb, "--help")
        assert help_of.exit_code == 0
        assert "Usage" in help_of.stdout


def test_version(call):
    assert call("--version").stdout.strip() == f"loanword {__version__}"


def test_help_loads_neither_torch_nor_transformers():
    code = (
        "import sys\nsys.argv = ['loanword', '--help']\n"
        "try:\n    from loanword.cli.main import main; main()\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "names = {'torch', 'transformers', 'pydantic', 'pyarrow', 'datasets', 'langcodes', 'numpy'}\n"
        "heavy = names & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_help_is_quick():
    """In seconds of processor time: how long it waits for a processor is not ours to say."""

    def spent() -> float:
        times = os.times()
        return times.children_user + times.children_system

    taken = []
    for _ in range(4):
        before = spent()
        subprocess.run([sys.executable, "-m", "loanword", "--help"], capture_output=True, check=True)
        taken.append(spent() - before)
    assert 0 < min(taken) < 0.4


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["transfer"], 2, "--train"),
        (["nonsense"], 2, "No such command"),
        (["transfer", "--train", "en"], 2, "expected LANG=FILE"),
        (["transfer", "--train", "xx=x.jsonl"], 2, "not a language tag"),
        (["transfer", "--train", "en=nowhere.jsonl"], 3, "nowhere.jsonl"),
        (["transfer", "--train", "en=a", "--set", "training.epoch=1"], 2, "did you mean 'training.epochs'"),
        (["transfer", "--train", "en=a", "--train", "en=b"], 2, "given twice"),
        (["transfer", "--train", "en=a", "--model", ""], 2, "model: is empty"),
        (["train", "nowhere.toml"], 2, "does not exist"),
        (["ls", "nothing"], 2, "known: tasks"),
        (["predict", "nowhere", "text"], 1, "nowhere"),
        (["evaluate", "nowhere"], 2, "--test"),
    ],
)
def test_errors_are_a_sentence_and_a_status(call, words, code, says):
    result = call(*words)
    assert result.exit_code == code, result.stderr
    assert says in " ".join(result.stderr.split()).replace(" │ ", " ")
    assert isinstance(result.exception, SystemExit), result.exception


def test_a_console_that_lacks_the_letters(tmp_path):
    """As Windows gives when its output is piped."""
    data = tmp_path / "en.csv"
    data.write_text("text,label\n厨房,x\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "loanword", "data", "check", str(data), "--column", "text=文本"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 3
    assert b"LW112" in done.stderr
    assert b"Traceback" not in done.stderr


def test_the_module_runs_as_the_command_does():
    done = subprocess.run(
        [sys.executable, "-m", "loanword.cli.main", "--version"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"loanword {__version__}\n")
