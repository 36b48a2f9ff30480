"""A bundle and a language in a script that it lacks: new pieces, what is learned, and what the task gained."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
import torch
from tests.corpus import TOPICS
from tests.test_pretrain import StopError, Watch

from loanword import config
from loanword.adapt import adapt
from loanword.adapt_config import AdaptRecipe
from loanword.deploy.bundle import Bundle
from loanword.encoders.load import load
from loanword.run import run

LETTERS = dict(zip("abcdefghijklmnopqrstuvwxyz", "ⴰⴱⵛⴷⴻⴼⴳⵀⵉⵊⴽⵍⵎⵏⵓⵒⵇⵔⵙⵜⵓⵠⵡⵅⵢⵣ", strict=True))
"""A language that is English in letters which no tiny tokenizer knows."""


def other(text):
    return "".join(LETTERS.get(letter, letter) for letter in text.lower())


def texts(count, seed):
    """Lines with a word of a topic in each, and the topic."""
    draw = random.Random(seed)
    fill = ("kettle", "ferry", "harbour", "chairs", "school", "bees")
    for _ in range(count):
        label = draw.choice([*TOPICS])
        words = [*draw.sample(fill, 3), draw.choice(TOPICS[label])]
        draw.shuffle(words)
        yield " ".join(words), label


@pytest.fixture(scope="module")
def made(tmp_path_factory, tiny_folder):
    """A bundle that knows topics in English; text of the other language, translations, and a test set of each."""
    folder = tmp_path_factory.mktemp("adapt")

    def write(name, rows):
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder / name).write_text(lines, encoding="utf-8")
        return str(folder / name)

    train = write("en.jsonl", ({"text": text, "label": label} for text, label in texts(120, 1)))
    run(
        config.build(
            {
                "task": "classification",
                "model": str(tiny_folder("xlm-roberta")),
                "out": str(folder / "run"),
                "data": {"train": {"en": train}, "dev_fraction": 0.0},
                "training": {"epochs": 6, "learning_rate": 3e-3},
                "evaluation": {"compare_checkpoints": False},
                "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
            }
        )
    )
    (folder / "zgh.txt").write_text("".join(f"{other(text)}\n" for text, _ in texts(150, 2)), encoding="utf-8")
    pairs = write("pairs.jsonl", ({"text": text, "translation": other(text)} for text, _ in texts(150, 3)))
    tests = {
        "zgh": write("zgh.jsonl", ({"text": other(text), "label": label} for text, label in texts(80, 4))),
        "en": write("en-test.jsonl", ({"text": text, "label": label} for text, label in texts(80, 4))),
    }
    return folder, {"zgh": str(folder / "zgh.txt")}, {"en:zgh": pairs}, tests


def recipe(made, out, **more):
    folder, text, parallel, tests = made
    values = {
        "language": "zgh",
        "task": str(folder / "run"),
        "test": tests,
        "out": str(out),
        "corpus": {"text": text, "parallel": parallel, "identify": False, "held_out": 0.1, "min_characters": 1},
        "objectives": {"alignment": {"weight": 4.0}, "mlm": {}},
        "training": {"passes": 60, "learning_rate": 2e-3, "batch_size": 16},
        "evaluation": {"points": 2},
        "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
        **more,
    }
    return config.part(AdaptRecipe, values, where="test")


@pytest.fixture(scope="module")
def done(made, tmp_path_factory):
    out = tmp_path_factory.mktemp("done") / "out"
    return adapt(recipe(made, out)), out


def test_it_helps_and_says_so(done):
    found, _ = done
    gain, english = found.gains["zgh"], found.gains["en"]
    assert gain.before.score < 0.5  # Of what it has no letters for, it can say nothing.
    assert gain.after.score > gain.before.score + 0.15
    assert gain.verdict == "helped"
    assert english.after.score > english.before.score - 0.25
    assert found.report["task"]["zgh"]["verdict"] == "helped"


def test_the_report_holds_the_whole_way(done):
    found, out = done
    report = json.loads((out / "adapt.json").read_text(encoding="utf-8"))
    assert report["language"] == "zgh"
    assert report["cost"]["unknown"] > 0.3
    assert "are unknown" in report["cost"]["lacks"][0]
    assert report["vocabulary"]["languages"]["zgh"]["after"]["unknown"] == 0
    first, *_, last = report["held_out"]
    assert last["languages"]["zgh"]["nats"] < first["languages"]["zgh"]["nats"]
    assert {name for point in report["objectives"] for name in point["objectives"]} == {"alignment", "mlm"}
    assert report == json.loads(json.dumps(found.report))


def test_the_bundle_on_disk_answers_as_the_one_in_memory_and_says_what_it_saw(done, made):
    found, out = done
    again = Bundle.load(out / "model", device="cpu", precision="fp32", threads=1)
    lines = [other(text) for text, _ in texts(30, 5)]
    assert again.predict(lines) == found.bundle.predict(lines)
    assert {"target text", "parallel text"} <= {*again.lineage.sees}
    assert again.lineage.trained_on == ("en",)
    assert not (out / "wider").exists()


def test_where_nothing_is_learned_it_says_that_it_did_not_help(made, tmp_path):
    found = adapt(recipe(made, tmp_path / "out", pieces=0, training={"steps": 1, "learning_rate": 1e-9}))
    assert found.report["vocabulary"] is None
    assert found.gains["zgh"].verdict == "not certain"
    assert found.gains["zgh"].gain.score == pytest.approx(0.0, abs=0.05)


def test_a_model_without_a_task(made, tmp_path, tiny_folder):
    source = str(tiny_folder("bert"))
    found = adapt(recipe(made, tmp_path / "out", task="", test={}, model=source, training={"steps": 3}))
    assert found.bundle is None
    assert found.gains == {}
    again = load(str(tmp_path / "out" / "model"))
    assert len(again.tokenizer) == found.report["vocabulary"]["pieces"]["after"]
    adapt(recipe(made, tmp_path / "out", task="", test={}, model=source, training={"steps": 2}))  # In its place.
    report = json.loads((tmp_path / "out" / "adapt.json").read_text(encoding="utf-8"))
    assert report["training"]["steps"] == 2
    assert not (tmp_path / "out" / "learned" / "checkpoints").exists()


def test_stopped_it_goes_on_with_the_same_pieces(made, tmp_path):
    said = {"training": {"steps": 8, "checkpoint_steps": 1, "learning_rate": 1e-3, "batch_size": 16}}
    with pytest.raises(StopError):
        adapt(recipe(made, tmp_path / "out", **said), progress=Watch(4))
    pieces = (tmp_path / "out" / "wider" / "tokenizer.json").read_bytes()
    adapt(recipe(made, tmp_path / "out", **said))
    assert (tmp_path / "out" / "model" / "tokenizer.json").read_bytes() == pieces


def test_killed_while_it_tidies_up_it_does_not_take_half_a_folder_for_a_whole_one(made, tmp_path, monkeypatch):
    import loanword.adapt as module

    said = {"training": {"steps": 2, "learning_rate": 1e-3, "batch_size": 16}}

    whole = module.shutil.rmtree

    def half(folder, **options):
        if Path(folder) == tmp_path / "out" / "wider":
            (tmp_path / "out" / "wider" / "tokenizer.json").unlink()
            raise StopError
        whole(folder, **options)

    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "rmtree", half)
        with pytest.raises(StopError):
            adapt(recipe(made, tmp_path / "out", **said))
    assert (tmp_path / "out" / "adapt.json").is_file()
    again = adapt(recipe(made, tmp_path / "out", **said))
    assert again.report["training"]["steps"] == 2
    assert {one.name for one in (tmp_path / "out").iterdir()} == {"adapt.json", "learned", "model"}


def test_what_was_learned_is_not_learned_again(made, tmp_path, monkeypatch, caplog):
    """A run that was killed while it measured what was gained goes on there; another one learns anew."""
    import loanword.adapt as module

    said = {"training": {"steps": 2, "learning_rate": 1e-3, "batch_size": 16}}
    answered, calls = module._answered, []

    def dies(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            raise StopError
        return answered(*arguments)

    monkeypatch.setattr(module, "_answered", dies)
    with pytest.raises(StopError):
        adapt(recipe(made, tmp_path / "out", **said))
    learned = load(str(tmp_path / "out" / "learned" / "model")).encoder.model.get_input_embeddings().weight
    monkeypatch.setattr(module, "pretrain", lambda *_, **__: pytest.fail("it was learned already"))
    done = adapt(recipe(made, tmp_path / "out", **said))
    assert "what was learned is in" in caplog.text
    assert torch.equal(done.bundle.model.encoder.model.get_input_embeddings().weight, learned)
    assert done.report["training"]["steps"] == 2
    monkeypatch.undo()
    again = adapt(recipe(made, tmp_path / "again", **said))
    assert done.gains == again.gains
