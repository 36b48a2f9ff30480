import json
import re
from types import SimpleNamespace

import pytest
from tests.corpus import SENTENCES

from loanword.adapt import Adapted, Gain
from loanword.cli.adapt import _show
from loanword.evaluation.scores import Interval
from loanword.run import run


@pytest.fixture
def files(tmp_path, toy_recipe):
    """A bundle, text of a language, translations, and a test set."""
    run(toy_recipe("bert", out=str(tmp_path / "run")))
    lines = [f"{line} {n}" for n in range(3) for line in SENTENCES["ru"]]
    (tmp_path / "ru.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pairs = "\n".join(
        f"{one} {n}\t{other} {n}" for n in range(3) for one, other in zip(SENTENCES["en"], SENTENCES["ru"], strict=True)
    )
    (tmp_path / "en-ru.tsv").write_text(f"text\ttranslation\n{pairs}\n", encoding="utf-8")
    return tmp_path


@pytest.fixture
def words(files, toy_data):
    quick = ("--set", "corpus.identify=false", "--set", "hardware.precision=fp32", "--steps", 3)
    text = ("--language", "ru", "--text", files / "ru.txt", "--parallel", files / "en-ru.tsv")
    return (*text, "--task", files / "run", "--test", f"ru={toy_data['test']['ru']}", *quick)


def test_what_is_printed(call, words, files):
    done = call("adapt", *words, "--out", files / "out")
    assert done.exit_code == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith("Russian (ru): ")
    assert "pieces a word" in lines[0]
    place = lines.index("accuracy before -> after, and the difference with its 95 % interval:")
    assert re.match(r"ru \(\d+ rows\): \d+\.\d -> ", lines[place + 1])
    assert lines[-1] == str(files / "out")
    assert call("predict", files / "out", SENTENCES["ru"][0]).exit_code == 0
    report = json.loads((files / "out" / "adapt.json").read_text(encoding="utf-8"))
    assert report["recipe"]["corpus"]["parallel"] == {"en:ru": str(files / "en-ru.tsv")}
    again = call("adapt", *words, "--out", files / "more", "--json")
    assert json.loads(again.stdout)["language"] == "ru"


def test_what_is_refused(call, words, files):
    cases = (
        ((*words, "--model", "bundled:e5-small"), "--task and --model are both given"),
        ((*words, "--parallel", files / "ru.txt"), "en:ru is given twice; put the files together"),
        (("--language", "xx-what", *words[2:]), "xx-what"),
        ((*words, "--set", "training.steps=0"), "training.steps"),
        (("--language", "ru", "--text", files / "none.txt"), "none.txt"),
    )
    for given, message in cases:
        done = call("adapt", *given, "--out", files / "refused")
        assert done.exit_code in (2, 3), (given, done.stdout)
        assert message in " ".join(done.stderr.split())


def test_what_is_learned_can_be_said(call, words, files):
    said = ("--objective", "alignment=2", "--objective", "mlm", "--objective", "tlm")
    done = call("adapt", *words, *said, "--steps", 8, "--out", files / "said", "--json")
    assert done.exit_code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["recipe"]["objectives"] == {"alignment": {"weight": 2.0}, "mlm": {}, "tlm": {}}
    assert {name for point in report["objectives"] for name in point["objectives"]} == {"alignment", "mlm", "tlm"}


def test_a_bundle_is_not_replaced_by_what_is_made_of_it(call, words, files):
    """Nor by an encoder alone; and whether a language was helped, of which there is no test set, is not known."""
    text, quick = words[:6], words[-6:]
    before = (files / "run" / "model" / "model.safetensors").read_bytes()
    done = call("adapt", *words, "--out", files / "run")
    assert "is to be adapted, and" in done.stderr or "holds the bundle of an earlier run" in done.stderr
    done = call("adapt", *text, "--model", files / "run", *quick, "--out", files / "run")
    assert done.exit_code == 2
    assert "holds the bundle of an earlier run, which this one would replace" in " ".join(done.stderr.split())
    assert (files / "run" / "model" / "model.safetensors").read_bytes() == before
    done = call("adapt", *text, "--model", files / "run", *quick, "--out", files / "other")
    assert done.exit_code == 0, done.stderr
    assert "is a bundle, whose encoder alone is adapted" in " ".join(done.stderr.split())
    done = call("adapt", *text, "--task", files / "run", *quick, "--out", files / "unmeasured")
    assert "whether it helped is not known, for no test set is of it" in " ".join(done.stderr.split())
    done = call("adapt", *text, "--task", files / "unmeasured", *quick, "--out", files / "unmeasured")
    assert "is to be adapted, and" in " ".join(done.stderr.split())


def shown(capsys, *, low, high, vocabulary=None):
    """What is said of a gain with this interval, on stdout and on stderr."""
    some, rows = Interval(0.5, 0.4, 0.6), range(204)
    report = {
        "language": "ee",
        "cost": {"by_word": True, "fertility": 2.5, "unknown": 0.01},
        "vocabulary": vocabulary,
        "held_out": [],
        "objectives": [{"step": 1, "objectives": {"alignment": 0.5}}],
        "corpus": {"documents": {}, "text": {}},
    }
    done = Adapted(
        report,
        {"ee": Gain(some, some, Interval((low + high) / 2, low, high))},
        SimpleNamespace(task=SimpleNamespace(metrics=("accuracy",))),
        before={"ee": SimpleNamespace(table=rows)},
    )
    _show(done, "out")
    return capsys.readouterr()


def test_whether_it_helped_is_said_for_people(capsys):
    certain = shown(capsys, low=0.01, high=0.03)
    assert "no new pieces: the vocabulary lacks none (--pieces N adds some)" in certain.out
    assert "ee (204 rows): 50.0 -> 50.0, +2.0 [+1.0, +3.0]: helped" in certain.out
    assert certain.err == ""
    unsure = shown(capsys, low=-0.01, high=0.03).err
    assert unsure.startswith("Ewe: on the 204 rows of the test set ee the adapted model is not certainly better")
    assert unsure.strip().endswith("keep the one that you had, or test on more rows")
    assert "is worse than before" in shown(capsys, low=-0.03, high=-0.01).err
    wider = {"pieces": {"new": 1500}, "languages": {"ee": {"after": {"fertility": 1.5, "unknown": 0.0}}}}
    told = shown(capsys, low=0.01, high=0.03, vocabulary=wider).out
    assert "1,500 new pieces: 1.50 a word, 0.0% unknown" in told
    assert "no new pieces" not in told
