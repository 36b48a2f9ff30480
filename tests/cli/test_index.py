import json

from loanword.search.index import Index


def test_an_index_is_made_and_told(indexed):
    result, out = indexed
    assert result.exit_code == 0, result.stderr
    told = json.loads(result.stdout)
    assert told["index"] == str(out)
    assert told["passages"] == len(Index.load(out)) > 10
    assert told["length"] == 24


def test_for_people_it_says_what_to_do_next(call, documents, tiny_folder, tmp_path):
    done = call(
        "index", documents / "en.txt", "--out", tmp_path / "i", "--model", tiny_folder("bert"), "--language", "en"
    )
    assert done.exit_code == 0, done.stderr
    assert f"loanword search {tmp_path / 'i'}" in done.stdout
    assert "Working out vectors" in done.stderr


def test_what_is_refused(call, documents, tiny_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.txt").write_bytes(b"fine\n\xff\n")
    (tmp_path / "bad" / "b.csv").write_text("says\nx\n")
    out = ["--out", tmp_path / "i", "--model", tiny_folder("bert")]
    for words, code, says in (
        ([tmp_path / "empty", *out], 2, "holds no documents, but nothing"),
        ([tmp_path / "nowhere.txt", *out], 3, "LW101 there is no such file"),
        ([tmp_path / "bad", *out], 3, "a.txt:2: LW109 byte 0xff"),
        ([tmp_path / "bad", *out], 3, "b.csv [text]: LW112 there is no column 'text'"),
        ([documents, "--out", tmp_path / "empty" / "x", "--model", tmp_path / "no"], 2, "does not exist"),
        ([documents, "--out", tmp_path / "bad", "--model", tiny_folder("bert")], 2, "exists and is no index"),
        ([documents, *out, "--language", "xx"], 2, "is not a language tag"),
        ([documents, *out, "--column", "text"], 2, "--column text: expected OURS=THEIRS"),
        ([documents], 2, "--out"),
    ):
        told = call("index", *words)
        assert told.exit_code == code, told.stderr
        assert says in " ".join(told.stderr.split())
    assert not (tmp_path / "i").exists()
