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
        (["--threshold", "nan"], 2, "threshold is nan; expected a finite number"),
        (["--threshold", "inf"], 2, "threshold is inf; expected a finite number"),
    ):
        told = run(*words)
        assert told.exit_code == code, told.stderr
        assert says in " ".join(told.stderr.split())
    assert "--out" in run(out="pairs.csv").stderr
    assert "a table, or JSON lines as .jsonl; give a name that ends in .tsv" in run(out="pairs.csv").stderr
    told = call("mine", "--source", "en.txt", "--target", "de=x.txt", "--out", files / "p.tsv")
    assert (told.exit_code, "--source en.txt: expected LANG=FILE, e.g. --source en=en.txt" in told.stderr) == (2, True)
    assert not (files / "pairs.csv").exists()


@pytest.mark.parametrize("option", ["--source", "--target", "--gold"])
def test_what_is_read_is_not_overwritten(call, files, tiny_folder, option):
    named = {"--source": "ru.tsv", "--target": "ru.tsv", "--gold": "known.tsv"}[option]
    (files / "ru.tsv").write_text("".join(f"{line}\t1\n" for line in SENTENCES["ru"]), encoding="utf-8")
    (files / "link.tsv").symlink_to(files / named)
    before = (files / named).read_bytes()
    given = {"--source": f"en={files / 'en.txt'}", "--target": f"ru={files / 'ru.txt'}"}
    given[option] = str(files / named) if option == "--gold" else f"ru={files / named}"
    sides = [word for pair in given.items() for word in pair]
    for out in (files / named, files / ".." / files.name / named, files / "link.tsv"):
        told = call("mine", *sides, "--column", "text=1", "--threshold", "0", "--out", out)
        assert (told.exit_code, f"is the {option}; what else stands in it would be lost" in told.stderr) == (2, True)
    assert (files / named).read_bytes() == before


def test_a_table_keeps_every_blank_but_what_would_break_it(call, files, tiny_folder, write_jsonl):
    odd = "10\u00a0km,  5\u202fkg\u3000now\u2028then"
    write_jsonl(files / "en.jsonl", [{"text": f" {odd}\tand\r\nso\non"}])
    (files / "fr.txt").write_text("dix kilomètres\n", encoding="utf-8")
    done = call(
        "mine", "--source", f"en={files / 'en.jsonl'}", "--target", f"fr={files / 'fr.txt'}",
        "--out", files / "p.tsv", "--model", tiny_folder("bert"),
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    (line, end) = (files / "p.tsv").read_bytes().decode().split("\n")
    assert (line.split("\t")[:2], end) == ([f" {odd} and so on", "dix kilomètres"], "")
