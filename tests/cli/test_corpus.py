import json

import pytest
from tests.corpus import SENTENCES

TEXTS = {
    "de": ["Der Kessel ist noch warm, und wir trinken Tee.", "Niemand hat die Stühle in der Bibliothek gezählt."],
    "en": ["The kettle is still warm, and we are having tea.", "Nobody has counted the chairs in the library."],
}


@pytest.fixture
def files(tmp_path):
    for tag, texts in TEXTS.items():
        (tmp_path / f"{tag}.txt").write_text("\n".join([*texts, texts[0].upper(), "x"]) + "\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def clean(call, files):
    def run(*words, identify=False):
        sources = [word for tag in TEXTS for word in ("--text", f"{tag}={files / f'{tag}.txt'}")]
        return call("corpus", "clean", *sources, *words, *([] if identify else ["--set", "identify=false"]))

    return run


def test_a_table_of_what_became_of_the_documents(clean, files):
    done = clean()
    assert done.exit_code == 0, done.stderr
    head, *rows = [line.split() for line in done.stdout.splitlines()]
    assert head == ["language", "read", "kept", "held", "out", "characters", "short", "duplicate"]
    assert [row[:3] + row[-2:] for row in rows[:2]] == [["de", "4", "2", "1", "1"], ["en", "4", "2", "1", "1"]]
    assert "remembered for exact duplicates: 0.01 MB" in done.stdout
    assert "a line is a document" in done.stderr
    assert sorted(path.name for path in files.iterdir()) == ["de.txt", "en.txt"]


def test_files_and_a_report(clean, files):
    done = clean("--out", files / "out", "--json", "--packing", "gz", "--set", "held_out=0")
    assert done.exit_code == 0, done.stderr
    assert sorted(path.name for path in (files / "out").iterdir()) == ["de.jsonl.gz", "en.jsonl.gz", "report.json"]
    report = json.loads(done.stdout)
    assert json.loads((files / "out" / "report.json").read_text(encoding="utf-8")) == report
    assert report["languages"]["en"]["kept"]["documents"] == 2
    assert done.stdout.startswith("{")


def test_what_was_changed_and_what_was_foreign(clean, call, files):
    pytest.importorskip("py3langid", reason="needs the extra 'corpus' or 'generation'")
    (files / "mixed.txt").write_text("\n".join([*TEXTS["de"], *SENTENCES["en"], "zwölf  Stühle"]), encoding="utf-8")
    done = call("corpus", "clean", "--text", f"de={files / 'mixed.txt'}")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    place = lines.index("documents changed by")
    assert [line.split() for line in lines[place + 1 : place + 3]] == [["language", "spaces"], ["de", "1"]]
    assert any(line.startswith("de: dropped for being in en ") for line in lines)
    assert "language not told, for it has fewer than 20 letters: de 1" in lines


def test_a_language_in_several_sources_and_options_of_its_own(call, files):
    (files / "b.jsonl").write_text('{"body": "one more text about goats"}\n', encoding="utf-8")
    words = ("--column", "body", "--boundary", "file", "--near-duplicates", "--set", "identify=false", "--json")
    done = call("corpus", "clean", "--text", f"en={files / 'en.txt'}", "--text", f"eng={files / 'b.jsonl'}", *words)
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["sources"] == {"en": [str(files / "en.txt"), str(files / "b.jsonl")]}
    assert report["languages"]["en"]["kept"]["documents"] == 2
    assert set(report["remembered"]) == {"exact_duplicates", "near_duplicates"}


def test_what_is_refused(clean, call, files):
    (files / "bad.txt").write_bytes(b"caf\xe9\n")
    for words, code, says in (
        (["--text", "de"], 2, "--text de: expected LANG=SOURCE"),
        (["--text", "qq=x.txt"], 2, "--text qq=x.txt: 'qq' is not a language tag"),
        (["--set", "identity=false"], 2, "unknown key 'identity'; did you mean 'identify'?"),
        (["--boundary", "word"], 2, "boundary = 'word'"),
        (["--out", files / "o", "--packing", "rar"], 2, "unknown packing 'rar'; known: none, gz, zst"),
        (["--out", files / "en.txt"], 2, "exists; choose another folder"),
        (["--text", f"fr={files / 'gone.txt'}"], 3, "LW101"),
        (["--text", f"fr={files / 'bad.txt'}"], 3, "bad.txt:1: LW109"),
    ):
        told = clean(*words)
        assert told.exit_code == code, told.stderr
        assert says in " ".join(told.stderr.split())
        assert told.stdout == ""
    assert call("corpus", "clean").exit_code == 2
    assert sorted(path.name for path in files.iterdir()) == ["bad.txt", "de.txt", "en.txt"]


def test_that_nothing_is_kept_is_said(clean, call, files):
    (files / "sw.txt").write_text("x\ny\nz\n", encoding="utf-8")
    some = clean("--text", f"sw={files / 'sw.txt'}", "--set", "repetition=0")
    assert some.exit_code == 0
    assert some.stderr.splitlines()[-1] == "sw: none of 3 documents is kept: 3 too short"
    for words in ((), ("--out", files / "out"), ("--json",)):
        none = call("corpus", "clean", "--text", f"ru={files / 'en.txt'}", "--set", "identify=false", *words)
        assert none.exit_code == 1
        assert none.stderr.splitlines()[-1] == (
            "ru: none of 4 documents is kept: 3 in another script, 1 too short; is the language tag right?"
        )
        assert none.stdout
