import json

import pytest
from tests.corpus import SENTENCES
from transformers import AutoModel, AutoTokenizer


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A text file of each of three languages, line by line the same, and what else is asked for."""
    folder = tmp_path_factory.mktemp("texts")
    for tag in ("en", "ru", "th"):
        lines = [f"{one} {number}" for number in range(3) for one in SENTENCES[tag]]
        (folder / f"{tag}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "gap.txt").write_text("\n\n" + "\n".join(SENTENCES["ru"]) + "\n", encoding="utf-8")
    (folder / "odd.txt").write_text("ᱠᱚᱣᱟᱴᱟᱨ ᱠᱷᱚᱱ\n", encoding="utf-8")
    (folder / "latin1.txt").write_bytes("Grüße\n".encode("latin-1"))
    return folder


@pytest.fixture
def texts(files):
    return lambda *tags: [word for tag in tags for word in ("--text", f"{tag}={files / tag}.txt")]


def flat(text):
    return " ".join(text.split())


# --- train -----------------------------------------------------------------------------------------------------


def test_a_tokenizer_is_trained_and_reported(call, texts, tmp_path):
    words = (*texts("en", "th"), "--kind", "bpe", "--size", 300, "--alpha", 0, "--max-length", 40)
    done = call("tokenizer", "train", *words, "--out", tmp_path / "pieces")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["language", "texts", "characters", "share", "pieces", "a", "word"]
    assert lines[1].split()[:3] == ["English", "(en)", "30"]
    assert lines[2].split()[-2:] == ["50.0%", lines[2].split()[-1]]
    assert lines[2].endswith("*")
    assert lines[3] == "* a character: words are not written apart"
    assert lines[-3:] == ["300 pieces", "", str(tmp_path / "pieces")]
    fast = AutoTokenizer.from_pretrained(tmp_path / "pieces")
    assert (len(fast), fast.model_max_length) == (300, 40)
    again = call("tokenizer", "train", *words, "--out", tmp_path / "more", "--json")
    told = json.loads(again.stdout)
    assert (told["pieces"], told["kind"], told["out"]) == (300, "bpe", str(tmp_path / "more"))
    assert told["languages"]["en"]["share"] == 0.5
    assert (tmp_path / "more" / "tokenizer.json").read_bytes() == (tmp_path / "pieces" / "tokenizer.json").read_bytes()
    report = call("tokenizer", "report", tmp_path / "pieces", *texts("en"))
    assert report.exit_code == 0, report.stderr
    assert report.stdout.startswith(f"{tmp_path / 'pieces'}: 300 pieces\n")


def test_what_training_refuses(call, texts, files, tmp_path):
    cases = (
        ((*texts("en"), "--size", 20), 2, "20 pieces are too few for"),
        ((*texts("en"), "--size", 9000), 2, "these texts hold no more than"),
        ((*texts("en"), "--kind", "word"), 2, "unknown kind of tokenizer 'word'"),
        (("--text", "en=nowhere.txt", "--text", f"de={files / 'latin1.txt'}"), 3, "LW101"),
        (("--text", "en=nowhere.txt", "--text", f"de={files / 'latin1.txt'}"), 3, "LW109"),
        (("--text", "klingonish=x.txt", "--text", "en"), 2, "--text en: expected LANG=FILE"),
        (("--text", f"klingonish={files / 'en.txt'}"), 2, "'klingonish' is not a language tag"),
        (("--text", f"en={files / 'en.txt'}", "--text", f"eng={files / 'ru.txt'}"), 2, "en is given twice"),
        (("--text", f"en:de={files / 'en.txt'}"), 2, "expected one language"),
        ((), 2, "--text"),
    )
    for words, code, says in cases:
        done = call("tokenizer", "train", *words, "--out", tmp_path / "out")
        assert (done.exit_code, says in flat(done.stderr)) == (code, True), done.stderr
        assert not (tmp_path / "out").exists()
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "loanword.json").write_text("{}", encoding="utf-8")
    inside = tmp_path / "bundle" / "pieces"
    for place, says in ((files, "exists; choose another folder"), (inside, "a bundle; what is written into it")):
        done = call("tokenizer", "train", *texts("en"), "--out", place)
        assert (done.exit_code, says in flat(done.stderr)) == (2, True), done.stderr


# --- report ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_costs_as_a_table_and_as_a_picture(call, texts, files, tiny_folder, tmp_path, suffix):
    pytest.importorskip("vl_convert")
    models, picture = (tiny_folder("bert"), tiny_folder("xlm-roberta")), tmp_path / f"costs{suffix}"
    more = ("--parallel", "--picture", picture)
    done = call("tokenizer", "report", *models, *texts("en", "ru", "th"), *more)
    assert done.exit_code == 0, done.stderr
    assert done.stderr == ""
    first, second = done.stdout.split(f"{models[1]}: ")
    for table in (first, second):
        titles, *rows = [
            line for line in table.splitlines() if line.startswith(("language", "English", "Russian", "Thai"))
        ]
        assert titles.split("  ")[-1].strip() == "beside en"
        assert [row.split()[1] for row in rows] == ["(en)", "(ru)", "(th)"]
        assert rows[0].split()[-1] == "1.00"
        assert len({len(row) for row in rows}) == 1
    assert picture.read_bytes().startswith(b"<svg" if suffix == ".svg" else b"\x89PNG")


def test_languages_that_lack_pieces_are_told_on_stderr(call, texts, files, tiny_folder):
    words = ("tokenizer", "report", tiny_folder("xlm-roberta"), *texts("en"), "--text", f"sat={files / 'odd.txt'}")
    done = call(*words)
    assert done.exit_code == 0
    assert "Santali (sat) lacks pieces in" in done.stderr
    assert "50.0% of its pieces are unknown; extend the vocabulary, or take another model" in done.stderr
    told = json.loads(call(*words, "--json").stdout)["models"][str(tiny_folder("xlm-roberta"))]
    assert told["lacking"] == {"sat": ["50.0% of its pieces are unknown"]}
    assert told["languages"]["sat"]["unknown"] == 0.5
    assert told["languages"]["en"]["premium"] is None


def test_what_the_report_refuses(call, texts, files, tiny_folder, tmp_path):
    model = tiny_folder("bert")
    cases = (
        ((model, *texts("en"), "--text", f"ru={files / 'gap.txt'}", "--parallel"), 2, "en has 30, ru has 10"),
        ((model, *texts("en"), "--picture", tmp_path / "costs.jpg"), 2, "give a name that ends in .svg"),
        ((model, *texts("en"), "--picture", files / "nowhere" / "costs.svg"), 2, "its folder does not exist"),
        ((tmp_path, *texts("en")), 1, "holds neither config.json nor tokenizer.json"),
        (("./nowhere", *texts("en")), 2, "model folder './nowhere' does not exist"),
    )
    for words, code, says in cases:
        done = call("tokenizer", "report", *words)
        assert (done.exit_code, says in flat(done.stderr)) == (code, True), done.stderr
    (files / "drawn.svg").write_text("text", encoding="utf-8")
    done = call("tokenizer", "report", model, "--text", f"en={files / 'drawn.svg'}", "--picture", files / "drawn.svg")
    assert "is the --text en; what else stands in it would be lost" in flat(done.stderr)


# --- trim ------------------------------------------------------------------------------------------------------


def test_a_model_is_trimmed_and_what_is_left_is_told(call, texts, tiny_folder, tmp_path):
    words = ("tokenizer", "trim", tiny_folder("bert"), *texts("en", "ru"))
    done = call(*words, "--coverage", 0.9, "--out", tmp_path / "small")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["language", "texts", "pieces", "held", "out", "covered"]
    assert lines[1].split()[:3] == ["English", "(en)", "27"]
    assert lines[-3] == "54 texts that are covered give the same vectors as before, bit for bit" or "texts" in lines[-3]
    assert lines[-1] == str(tmp_path / "small")
    assert (
        len(AutoTokenizer.from_pretrained(tmp_path / "small"))
        == AutoModel.from_pretrained(tmp_path / "small").config.vocab_size
    )
    told = json.loads(call(*words, "--out", tmp_path / "again", "--json").stdout)
    assert told["languages"]["en"]["texts"] == 27
    assert told["pieces"]["after"] < told["pieces"]["before"]


def test_a_language_that_is_covered_less_than_asked_is_told(call, tiny_folder, tmp_path, monkeypatch):
    """Half of what is held out is in another language."""
    monkeypatch.setattr("loanword.deploy.trim.held_out", lambda lines, tag: (lines[:-4], lines[-4:]))
    lines = [f"{line} {number}" for line in SENTENCES["en"] for number in range(4)] + [*SENTENCES["th"][:2]]
    (tmp_path / "en.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    words = ("--text", f"en={tmp_path / 'en.txt'}", "--coverage", "0.6", "--out", tmp_path / "small")
    done = call("tokenizer", "trim", tiny_folder("bert"), *words)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines()[1].split()[-2:] == ["4", "50.0%"]
    assert done.stderr == "English (en): less than asked for; give more texts of it, or a higher --coverage\n"


def test_what_trimming_refuses(call, texts, files, tiny_folder, tiny_seq2seq, tmp_path):
    cases = (
        ((tiny_folder("bert"), "--text", f"en={files / 'odd.txt'}"), 2, "every language needs 20 different texts"),
        ((tiny_folder("bert"), *texts("en"), "--coverage", "1.1"), 2, "--coverage"),
        ((tiny_seq2seq("t5"), *texts("en")), 1, "brings a decoder that shares its pieces"),
        (("bundled:nothing", *texts("en")), 2, "unknown bundled model"),
    )
    for words, code, says in cases:
        done = call("tokenizer", "trim", *words, "--out", tmp_path / "small")
        assert (done.exit_code, says in flat(done.stderr)) == (code, True), done.stderr
        assert not (tmp_path / "small").exists()
    done = call("tokenizer", "trim", tiny_folder("bert"), *texts("en"), "--out", files)
    assert (done.exit_code, "exists; choose another folder" in done.stderr) == (2, True)


# --- extend ----------------------------------------------------------------------------------------------------


@pytest.fixture
def new_script(tmp_path):
    from tests.tokens.test_extend import NEW

    lines = [f"{line} {n}" for n, line in enumerate(NEW)]
    (tmp_path / "zgh.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pairs = "\n".join(f"the kettle is warm {n}\t{line}" for n, line in enumerate(lines))
    (tmp_path / "en-zgh.tsv").write_text(f"source\ttarget\n{pairs}\n", encoding="utf-8")
    return tmp_path


def test_a_model_gets_pieces_for_a_script_that_it_lacks(call, tiny_folder, new_script):
    words = (
        "--text",
        f"zgh={new_script / 'zgh.txt'}",
        "--parallel",
        f"en:zgh={new_script / 'en-zgh.tsv'}",
        "--size",
        40,
    )
    done = call("tokenizer", "extend", tiny_folder("xlm-roberta"), *words, "--out", new_script / "wider")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["language", "held", "out", "unknown", "pieces", "a", "word"]
    assert "-> 0.0%" in lines[1]
    old, new = (AutoTokenizer.from_pretrained(str(one)) for one in (tiny_folder("xlm-roberta"), new_script / "wider"))
    assert flat(lines[3]).startswith(
        f"{len(old):,} pieces before, {len(new):,} now, {len(new) - len(old):,} of them new"
    )
    assert AutoModel.from_pretrained(new_script / "wider").config.vocab_size == len(new)
    again = call("tokenizer", "extend", tiny_folder("xlm-roberta"), *words, "--out", new_script / "more", "--json")
    told = json.loads(again.stdout)
    assert told["pieces"] == {"before": len(old), "after": len(new), "new": len(new) - len(old)}
    assert told["languages"]["zgh"]["after"]["unknown"] == 0


def test_what_extending_refuses(call, tiny_folder, new_script, files):
    model, text = tiny_folder("xlm-roberta"), ("--text", f"zgh={new_script / 'zgh.txt'}")
    cases = (
        ((*text, "--start", "zeros"), "unknown start 'zeros'; known: random, mean, pieces, script, similar"),
        ((*text, "--tokenizer", new_script / "none"), "does not exist"),
        (
            (*text, "--parallel", f"zgh={new_script / 'en-zgh.tsv'}"),
            "zgh is one language; parallel text needs two, as en:zgh",
        ),
        (
            (*text, "--parallel", f"en:de={new_script / 'en-zgh.tsv'}"),
            "neither side is of a text that is given (zgh)",
        ),
        (("--text", f"zgh={new_script / 'none.txt'}"), "none.txt"),
    )
    for words, message in cases:
        done = call("tokenizer", "extend", model, *words, "--out", new_script / "refused")
        assert done.exit_code in (2, 3), done.stderr
        assert message in flat(done.stderr)
        assert not (new_script / "refused").exists()
