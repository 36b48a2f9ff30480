"""Call the command line in this process, and a run to call it on."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from loanword.cli.main import app


@pytest.fixture(scope="session")
def call():
    """Run `loanword WORDS...`; the result has exit_code, stdout, stderr."""
    runner = CliRunner()
    return lambda *words, **options: runner.invoke(app, [str(word) for word in words], **options)


@pytest.fixture(scope="session")
def finished(call, tmp_path_factory, toy_data, tiny_folder):
    """Train a tiny model through the command line once; gives (result, folder)."""
    folder = tmp_path_factory.mktemp("cli") / "run"
    train, dev, test = toy_data["train"], toy_data["dev"], toy_data["test"]
    result = call(
        "transfer", "--train", f"en={train['en']}", "--dev", f"en={dev['en']}",
        "--test", f"eng={test['en']}", "--test", f"rus_Cyrl={test['ru']}", "--test", f"zh={test['zh']}",
        "--model", tiny_folder("bert"), "--set", "training.max_steps=6", "--set", "evaluation.resamples=100",
        "--out", folder, "--json",
    )  # fmt: skip
    return result, folder
