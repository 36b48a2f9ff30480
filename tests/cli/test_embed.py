import numpy as np
import pytest

from loanword.deploy.embedding import embedder


@pytest.fixture
def rows(tmp_path, write_jsonl, sentences):
    return write_jsonl(tmp_path / "texts.jsonl", [{"body": line, "label": "x"} for line in sentences["hi"]])


def test_vectors_in_the_order_of_the_file(call, finished, rows, tmp_path, tiny_folder, sentences):
    for model in (finished[1], tiny_folder("bert")):
        done = call(
            "embed", model, "--input", rows, "--output", tmp_path / "v.npy", "--column", "text=body", "--language", "hi"
        )
        assert (done.exit_code, done.stdout) == (0, "")
        assert "10 vectors of 32 numbers in" in done.stderr
        found = np.load(tmp_path / "v.npy")
        np.testing.assert_allclose(found, embedder(model).embed(list(sentences["hi"])), atol=1e-6)
    assert {path.name for path in tmp_path.iterdir()} == {"texts.jsonl", "v.npy"}


def test_one_text_is_one_vector(call, tmp_path, tiny_folder, write_jsonl):
    one = write_jsonl(tmp_path / "one.jsonl", [{"text": "goats"}])
    done = call("embed", tiny_folder("bert"), "--input", one, "--output", tmp_path / "v.npy")
    assert done.stderr.startswith("1 vector of 32 numbers in")


def test_roles(call, rows, tmp_path, tiny_folder):
    words = ["embed", tiny_folder("bert"), "--input", rows, "--output", tmp_path / "v.npy", "--column", "text=body"]
    assert call(*words, "--role", "query").exit_code == 0
    done = call(*words, "--role", "question")
    assert (done.exit_code, "unknown role 'question'; known: query, document" in done.stderr) == (2, True)


def test_a_folder_that_takes_no_files_is_told_as_such(call, rows, tmp_path):
    done = call("embed", tmp_path / "nowhere", "--input", rows, "--output", "/proc/x.npy", "--column", "text=body")
    assert (done.exit_code, "--output /proc/x.npy: " in done.stderr, ".partial" in done.stderr) == (2, True, False)


def test_what_is_refused_before_a_model_is_loaded(call, rows, tmp_path):
    for words, status, says in (
        (["--output", tmp_path / "v.txt"], 2, "what is written is a NumPy array; give a name that ends in .npy"),
        (["--output", tmp_path / "gone" / "v.npy"], 2, "its folder does not exist"),
        (["--output", tmp_path / "v.npy"], 3, "LW112 there is no column 'text'"),
    ):
        done = call("embed", tmp_path / "nowhere", "--input", rows, *words)
        assert done.exit_code == status
        assert says in done.stderr
        assert not (tmp_path / "v.npy").exists()
