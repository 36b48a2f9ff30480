import json

import pytest
from tests.corpus import SENTENCES


@pytest.fixture
def files(tmp_path):
    for tag in ("en", "ru"):
        (tmp_path / f"{tag}.txt").write_text("\n".join(SENTENCES[tag]) + "\n", encoding="utf-8")
    rows = zip(SENTENCES["en"], SENTENCES["ru"], strict=True)
    (tmp_path / "known.tsv").write_text("".join(f"{one}\t{two}\n" for one, two in rows), encoding="utf-8")
    return tmp_path


@pytest.fixture
def run(call, files, tiny_folder):
    def mine(*words, out="pairs.tsv"):
        sides = ("--source", f"en={files / 'en.txt'}", "--target", f"ru={files / 'ru.txt'}")
        return call("mine", *sides, "--out", files / out, "--model", tiny_folder("bert"), *words)

    return mine


def test_pairs_as_a_table_and_as_json_lines(run, files):
    done = run("--json")
    assert done.exit_code == 0, done.stderr
    told = json.loads(done.stdout)
    rows = [line.split("\t") for line in (files / "pairs.tsv").read_text(encoding="utf-8").splitlines()]
    assert told == {"out": str(files / "pairs.tsv"), "pairs": len(rows), "threshold": None}
    assert all(one in SENTENCES["en"] and two in SENTENCES["ru"] for one, two, _ in rows)
    scores = [float(score) for _, _, score in rows]
    assert scores == sorted(scores, reverse=True)
    run(out="pairs.jsonl")
    lines = [json.loads(line) for line in (files / "pairs.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [[row["text"], row["translation"]] for row in lines] == [row[:2] for row in rows]


def test_what_was_chosen_is_told(run, files):
    done = run("--gold", files / "known.tsv")
    assert done.exit_code == 0, done.stderr
    count, threshold, scores = done.stdout.splitlines()
    assert count.endswith(f"pairs in {files / 'pairs.tsv'}")
    assert threshold.endswith(", chosen by the known pairs")
    assert scores.startswith("of the known pairs: precision ")
    bound = threshold.split()[1].rstrip(",")
    again = run("--gold", files / "known.tsv", "--threshold", bound, "--many-to-many")
    assert again.stdout.splitlines()[1] == f"threshold {bound}"


def test_what_is_refused(run, call, files):
    for words, code, says in (
        (["--scoring", "dot"], 2, "unknown scoring 'dot'"),
        (["--gold", files / "nowhere.tsv"], 3, "LW101"),
        (["--neighbours", "0"], 2, "neighbours"),
    ):
        told = run(*words)
        assert told.exit_code == code, told.stderr
        assert says in " ".join(told.stderr.split())
    assert "--out" in run(out="pairs.csv").stderr
    assert "a table, or JSON lines as .jsonl; give a name that ends in .tsv" in run(out="pairs.csv").stderr
    told = call("mine", "--source", "en.txt", "--target", "de=x.txt", "--out", files / "p.tsv")
    assert (told.exit_code, "--source en.txt: expected LANG=FILE, e.g. --source en=en.txt" in told.stderr) == (2, True)
    assert not (files / "pairs.csv").exists()
