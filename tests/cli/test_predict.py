import json
import os
import re
import subprocess
import sys

import pytest
from tests.corpus import SENTENCES

from loanword.encoders.load import load
from loanword.encoders.masked import masked_head
from loanword.encoders.save import save_model


def test_texts_files_and_stdin_agree(call, finished, tmp_path):
    _, folder = finished
    texts = ["pizza 水壶还是热的", "чайник ещё тёплый visa"]
    rows = tmp_path / "in.jsonl"
    rows.write_text("".join(json.dumps({"text": text, "id": f"r{n}"}) + "\n" for n, text in enumerate(texts)))
    direct = call("predict", folder, *texts, "--json")
    piped = call("predict", folder, "--json", input="\n".join(texts))
    filed = call("predict", folder, "--input", rows, "--output", tmp_path / "out.jsonl")
    assert direct.exit_code == piped.exit_code == filed.exit_code == 0, direct.stderr + piped.stderr + filed.stderr
    found = [json.loads(line) for line in direct.stdout.splitlines()]
    assert [row["text"] for row in found] == texts
    assert found == [json.loads(line) for line in piped.stdout.splitlines()]
    written = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row.pop("id") for row in written] == ["r0", "r1"]
    assert written == found


def test_top_labels_are_probabilities(call, finished):
    _, folder = finished
    row = json.loads(call("predict", folder, "pizza", "--top", "2", "--json").stdout)
    assert len(row["labels"]) == 2
    assert abs(sum(item["score"] for item in row["labels"]) - 1) < 1e-5
    assert row["labels"][0]["label"] == row["label"]


def test_what_is_refused_before_anything_is_predicted(call, finished, tmp_path):
    _, folder = finished
    told = call("predict", folder, input=b"a text\n\xff\xfe")
    assert (told.exit_code, "stdin:2: LW109 byte 7 is not UTF-8" in told.stderr) == (3, True)
    for words, says in (
        (["text", "--input", "x.jsonl"], "give texts or --input, not both"),
        (["--input", "x.jsonl", "--pair", "x"], "--pair is for typed texts"),
        (["text", "--pair", "x", "--pair", "y"], "there are 1 texts and 2 second texts; give one to each"),
        (["text", "--pair", "x"], "classification is about single texts; text number 1 has a second one"),
        (["text", ""], "text number 2: there is no text (1 of 2 such)"),
        (["text", "--output", tmp_path / "absent" / "x.jsonl"], "its folder does not exist"),
        (["text", "--output", tmp_path / "x.csv"], "give a name that ends in .jsonl"),
    ):
        told = call("predict", folder, *words)
        assert told.exit_code == 2
        assert says in told.stderr
    told = call("predict", folder, input="a\n \nb\n")
    assert (told.exit_code, "stdin, line 2: there is no text (1 of 3 such)" in told.stderr) == (2, True)


def test_a_text_stays_on_its_line_and_leaves_the_terminal_alone(call, finished):
    _, folder = finished
    shown = call("predict", folder, "one\ntwo \x1b[31mred").stdout
    assert len(shown.splitlines()) == 1
    assert "\x1b" not in shown
    assert "one two" in shown


def test_a_file_may_hold_many_languages(call, finished, tmp_path):
    rows = tmp_path / "mixed.jsonl"
    rows.write_text('{"text": "pizza", "language": "de"}\n{"text": "visa", "language": "en"}\n', encoding="utf-8")
    done = call("predict", finished[1], "--input", rows, "--json")
    assert done.exit_code == 0, done.stderr
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["pizza", "visa"]
    done = call("predict", finished[1], "--input", rows, "--language", "de")
    assert (done.exit_code, "mixed.jsonl:2 [language]: LW401" in done.stderr) == (3, True)


def test_the_input_is_not_overwritten(call, finished, tmp_path):
    rows = tmp_path / "io.jsonl"
    rows.write_text('{"text": "pizza", "label": "gold"}\n', encoding="utf-8")
    before = rows.read_bytes()
    done = call("predict", finished[1], "--input", rows, "--output", rows)
    assert (done.exit_code, "is the --input" in done.stderr) == (2, True)
    assert rows.read_bytes() == before
    assert call("predict", finished[1], "--input", rows, "--output", tmp_path / "out.jsonl").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"io.jsonl", "out.jsonl"}


def test_a_column_map_needs_a_file(call, finished):
    done = call("predict", finished[1], "pizza", "--column", "text=body")
    assert (done.exit_code, "--column is for --input" in done.stderr) == (2, True)


def test_json_fits_any_console(finished):
    done = subprocess.run(
        [sys.executable, "-m", "loanword", "predict", str(finished[1]), "厨房 😀", "--json"],
        env={**os.environ, "PYTHONIOENCODING": "cp1252"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode("cp1252"))["text"] == "厨房 😀"


def test_a_model_predicts_as_it_comes(call, tiny_seq2seq):
    folder = tiny_seq2seq("mbart50")
    options = ["--task", "translation", "--set", "task_options.longest=8"]
    done = call("predict", folder, "the kettle is still warm", *options, "--language", "en:ru", "--json")
    assert done.exit_code == 0, done.stderr
    row = json.loads(done.stdout)
    assert (row["text"], row["language"]) == ("the kettle is still warm", "ru")
    assert row["written"]
    untold = call("predict", folder, "the kettle", *options)
    assert (untold.exit_code, "must be told which languages texts are in" in untold.stderr) == (2, True)
    unknown = call("predict", folder, "the kettle", *options, "--language", "en:br")
    assert unknown.exit_code == 2
    assert "does not know 'br' (Breton); it knows af-ZA, ar-AR" in unknown.stderr
    measuring = call("predict", folder, "the kettle", *options, "--set", "evaluation.resamples=100")
    assert (measuring.exit_code, "nothing is measured here" in measuring.stderr) == (2, True)


def test_what_translates_asks_into_which_language(call, tiny_folder, tmp_path):
    rows = zip(SENTENCES["en"], SENTENCES["ru"], strict=True)
    (tmp_path / "en-ru.tsv").write_text("".join(f"{one}\t{two}\n" for one, two in rows), encoding="utf-8")
    (tmp_path / "in.jsonl").write_text('{"text": "the kettle"}\n', encoding="utf-8")
    trained = call(
        "transfer", "--task", "translation", "--train", f"en:ru={tmp_path / 'en-ru.tsv'}", "--column", "text=1",
        "--column", "translation=2", "--model", tiny_folder("bert"), "--set", "training.max_steps=1",
        "--set", "task_options.layers=1", "--set", "task_options.longest=4", "--out", tmp_path / "run",
    )  # fmt: skip
    assert trained.exit_code == 0, trained.stderr
    for texts in (["the kettle"], ["--input", tmp_path / "in.jsonl"]):
        for language in ([], ["--language", "ru"]):
            untold = call("predict", tmp_path / "run", *texts, *language)
            assert untold.exit_code == 2, untold.stderr
            assert "--language en:ru: the model was trained on en:ru" in untold.stderr
        done = call("predict", tmp_path / "run", *texts, "--language", "en:ru", "--json")
        assert (done.exit_code, json.loads(done.stdout)["language"]) == (0, "ru")


@pytest.fixture(scope="module")
def masked(tiny_folder, tmp_path_factory):
    """The folder of a run of pretraining, as far as its model goes."""
    folder = tmp_path_factory.mktemp("masked")
    loaded = load(str(tiny_folder("bert")))
    with masked_head(loaded.encoder).assembled() as whole:
        save_model(whole, folder / "model")
    loaded.tokenizer.save(folder / "model")
    return folder


def test_masks_have_lines_below_their_text(call, masked):
    texts = ("the kettle is [MASK] and [MASK]", "[MASK] two goats")
    done = call("predict", masked, *texts, "--task", "fill-mask", "--top", 2)
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert [lines[0], lines[3]] == list(texts)
    assert len(lines) == 5
    assert all(re.fullmatch(r"  \S+ 0\.\d{3} \S+ 0\.\d{3}", lines[place]) for place in (1, 2, 4)), lines
    row = json.loads(call("predict", masked, texts[0], "--task", "fill-mask", "--json").stdout)
    assert (set(row), len(row["masks"])) == ({"text", "filled", "masks"}, 2)


def test_a_model_that_is_no_bundle_needs_a_task(call, masked, tmp_path):
    for folder in (masked, masked / "model"):
        done = call("predict", folder, "the kettle is [MASK]")
        assert done.exit_code == 1
        assert "is no bundle but a model as transformers keeps it" in done.stderr
        assert "for what stands in its masks, --task fill-mask" in done.stderr
    assert "--task" not in call("predict", tmp_path, "the kettle").stderr  # Nothing is there.
