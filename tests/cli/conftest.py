"""Call the command line in this process, and a run to call it on."""

from __future__ import annotations

import pytest
from tests.corpus import SENTENCES
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


@pytest.fixture(scope="session")
def documents(tmp_path_factory):
    """A folder of two text files and a table. Read only."""
    folder = tmp_path_factory.mktemp("cli-documents") / "docs"
    folder.mkdir()
    for tag in ("en", "zh"):
        (folder / f"{tag}.txt").write_text("\n\n".join(SENTENCES[tag]) + "\n", encoding="utf-8")
    (folder / "rows.csv").write_text("words,id\ntwo goats on a ferry,1\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def indexed(call, documents, tiny_folder, tmp_path_factory):
    """Index them through the command line once; gives (result, folder)."""
    out = tmp_path_factory.mktemp("cli-index") / "index"
    words = ("--model", tiny_folder("bert"), "--length", 24, "--column", "text=words", "--json")
    return call("index", documents, "--out", out, *words), out
