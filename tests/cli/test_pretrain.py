from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from loanword.cli.main import app


@pytest.fixture
def files(tmp_path, sentences):
    for tag in ("en", "ru"):
        lines = [f"{one} {other}" for one in sentences[tag] for other in sentences[tag] if one != other]
        (tmp_path / f"{tag}.txt").write_text("\n".join(lines), encoding="utf-8")
    pairs = zip(sentences["en"], sentences["ru"], strict=True)
    (tmp_path / "en-ru.tsv").write_text("".join(f"{one}\t{two}\n" for one, two in pairs), encoding="utf-8")
    return tmp_path


def invoke(*arguments):
    return CliRunner().invoke(app, ["pretrain", *map(str, arguments)])


SMALL = ("--set", "corpus.identify=false", "--set", "training.length=32", "--set", "hardware.threads=1")


def test_text_in_a_model_out(files, tiny_folder):
    done = invoke(
        *("--text", f"en={files / 'en.txt'}", "--text", f"ru={files / 'ru.txt'}", "--steps", 4),
        *("--model", tiny_folder("bert"), "--out", files / "run", *SMALL),
    )
    assert done.exit_code == 0, done.output
    assert [line.split()[0] for line in done.stdout.splitlines()[:3]] == ["language", "en", "ru"]
    assert (files / "run" / "model" / "config.json").is_file()


def test_a_recipe_with_options_over_it_and_json(files, tiny_folder):
    (files / "recipe.toml").write_text(
        f'model = "{tiny_folder("xlm-roberta")}"\nout = "run"\n[corpus]\nidentify = false\n'
        '[corpus.text]\nen = "en.txt"\n[training]\nsteps = 50\nlength = 32\n[hardware]\nthreads = 1\n',
        encoding="utf-8",
    )
    done = invoke(files / "recipe.toml", "--steps", 3, "--objective", "mlm=2", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["training"]["steps"] == 3
    assert report["recipe"]["objectives"] == {"mlm": {"weight": 2.0}}


def test_translations_without_a_header(files, tiny_folder):
    done = invoke(
        *("--parallel", f"en:ru={files / 'en-ru.tsv'}", "--column", "text=1", "--column", "translation=2"),
        *("--objective", "tlm", "--steps", 2, "--set", "training.batch_size=4"),
        *("--model", tiny_folder("bert"), "--out", files / "run", *SMALL),
    )
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "nothing is held out: of translations nothing ever is"
    assert lines[3].split()[0] == "tlm"


def test_nothing_is_held_out(files, tiny_folder):
    done = invoke(
        *("--text", f"en={files / 'en.txt'}", "--set", "corpus.held_out=0", "--steps", 2),
        *("--model", tiny_folder("bert"), "--out", files / "run", *SMALL),
    )
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("nothing is held out of en: corpus.held_out is 0")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "corpus.text is empty"),
        (("--text", "en"), "expected LANG=FILE"),
        (("--text", "en=nowhere.txt"), "nowhere.txt"),
        (("--text", "en={en}", "--objective", "mll"), "unknown pretraining 'mll'"),
        (("--text", "en={en}", "--objective", "mlm=heavy"), "objectives.mlm.weight"),
        (("--text", "en={en}", "--objective", "mlm=2", "--objective", "mlm"), "mlm is given twice"),
        (("--text", "en={en}", "--objective", "="), "--objective =: expected a name, or NAME=WEIGHT"),
        (("--text", "en={en}", "--objective", "mlm=1e308"), "less than or equal to 1000000"),
        (("--text", "en={en}", "--set", "objectives={{}}"), "there is none; name some, e.g. mlm = {}"),
        (
            ("--text", "en={en}", "--set", "objectives.mlm.batch_sise=3"),
            "unknown key 'objectives.mlm.batch_sise'; did you mean 'objectives.mlm.batch_size'?",
        ),
        (("--parallel", "en:en={pairs}", "--objective", "tlm"), "'en:en' is one language twice"),
        (("--text", "en={en}", "--model", "fresh"), "fresh.tokenizer is empty"),
        (("--text", "en={en}", "--steps", "3", "--minutes", "1"), "steps and minutes are both given"),
        (("--text", "en={en}", "--size", "tiny"), "fresh.size is for a fresh encoder, and model is"),
        (("--text", "en={en}", "--column", "text"), "--column text: expected OURS=THEIRS, e.g. --column text=body"),
        (("--text", "en={en}", "--column", "text=body"), "said by --set corpus.column=NAME"),
        (("--parallel", "en:ru={pairs}", "--objective", "tlm"), "--column translation=NAME"),
        (("nowhere.toml",), "does not exist"),
    ],
)
def test_what_is_wrong_is_told_without_a_traceback(files, tiny_folder, arguments, message):
    some = [one.format(en=files / "en.txt", pairs=files / "en-ru.tsv") for one in arguments]
    model = [] if "--model" in some or "nowhere.toml" in some else ["--model", str(tiny_folder("bert"))]
    done = invoke(*some, *model, "--out", files / "run", *SMALL)
    assert done.exit_code in (1, 2, 3)
    assert message in " ".join(done.output.split())
    assert "Traceback" not in done.output
