"""The whole flow: files in, a bundle out, the same predictions again."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import loanword
from loanword.batches.batch import collate
from loanword.deploy.bundle import Bundle
from loanword.errors import UsageError
from loanword.run import run

AGAIN = """
import sys
from pathlib import Path
import torch
from loanword.config import read
from loanword.run import run
import test_flow
torch.set_num_threads(1)
print(test_flow.fingerprint(run(read(Path(sys.argv[1]))).bundle))
"""


def fingerprint(bundle) -> str:
    """SHA-256 over every tensor of a model, by name."""
    digest = hashlib.sha256()
    for name, value in sorted(bundle.model.state_dict().items()):
        digest.update(name.encode() + value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def texts_of(path):
    return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]


def test_what_is_saved_predicts_the_same_and_loads_as_a_stock_encoder(tiny_kinds, toy_recipe, toy_data, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    result = run(toy_recipe(tiny_kinds, out=str(tmp_path / "out"), training={"max_steps": 6}))

    assert set(result.report.languages) == {"en", "ru", "zh"}
    assert result.report.regime.startswith("zero-shot")
    loaded = Bundle.load(tmp_path / "out", device="cpu", precision="fp32", threads=1)
    assert fingerprint(loaded) == fingerprint(result.bundle)
    for tag in ("en", "ru", "zh"):
        texts = [*texts_of(toy_data["test"][tag]), "", "<mask> </s> pizza", "pizza " * 200]
        expected = result.bundle.predict(texts, language=tag)
        assert len(expected) == len(texts) > 10
        assert loaded.predict(texts, language=tag) == expected
        # The text alone, and without loanword's folder: the same label.
        assert [loaded.predict([text], language=tag)[0].label for text in texts[:3]] == [p.label for p in expected[:3]]

    folder = result.files["model"]
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    text = texts_of(toy_data["test"]["en"])[0]
    inputs = tokenizer(text, return_tensors="pt", return_token_type_ids=False)
    if tiny_kinds == "xlm":
        inputs["langs"] = torch.zeros_like(inputs["input_ids"])
    encoded = loaded.tokenizer.encode([text], languages=["en"])
    assert inputs["input_ids"].tolist() == [encoded[0].ids]
    with torch.inference_mode():
        ours = loaded.model.encoder(collate(encoded, pad_id=loaded.tokenizer.pad_id)).hidden
        torch.testing.assert_close(model(**inputs).last_hidden_state, ours, atol=1e-6, rtol=0)


def test_the_report_says_what_the_saved_model_does(toy_recipe, toy_data, tmp_path):
    result = run(toy_recipe("xlm-roberta", out=str(tmp_path / "out")))
    loaded = Bundle.load(tmp_path / "out", device="cpu", precision="fp32", threads=1)

    for tag, path in toy_data["test"].items():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found = loaded.predict([row["text"] for row in rows], language=tag)
        right = np.mean([p.label == row["label"] for p, row in zip(found, rows, strict=True)])
        assert result.report.languages[tag].metrics["accuracy"].score == pytest.approx(right)
        assert result.report.languages[tag].n == len(rows)
    assert result.report.temperature == pytest.approx(float(loaded.model.adjust.value))


def sources(toy_data, train):
    """Train and select on English; test on English, and on all that there is in the other languages."""
    return {
        "train": {"en": str(train)},
        "dev": {"en": str(toy_data["dev"]["en"])},
        "test": {"en": str(toy_data["test"]["en"]), **{tag: str(toy_data["train"][tag]) for tag in ("ru", "zh")}},
    }


def test_a_task_that_can_be_learned_is_learned_and_transfers(toy_recipe, toy_data):
    data = sources(toy_data, toy_data["train"]["en"])

    report = run(
        toy_recipe("bert", data=data, training={"epochs": 40, "learning_rate": 5e-3, "piece_exchange": 0.0})
    ).report

    scores = {tag: found.metrics["accuracy"].score for tag, found in report.languages.items()}
    assert scores["en"] >= 0.9, scores
    assert min(scores.values()) >= 0.75, scores
    assert [tag for tag, found in report.languages.items() if found.collapsed] == []


def test_shuffled_labels_raise_the_collapse_alarm(toy_recipe, toy_data, write_jsonl, tmp_path):
    rows = [json.loads(line) for line in toy_data["train"]["en"].read_text(encoding="utf-8").splitlines()]
    labels = np.random.default_rng(1).permutation([row["label"] for row in rows])
    shuffled = [{**row, "label": str(label)} for row, label in zip(rows, labels, strict=True)]
    data = sources(toy_data, write_jsonl(tmp_path / "en.jsonl", shuffled))

    report = run(toy_recipe("bert", data=data, training={"epochs": 40, "learning_rate": 5e-3})).report

    assert [tag for tag, found in report.languages.items() if found.collapsed] == ["en", "ru", "zh"]


def test_the_same_seed_gives_the_same_weights_here_and_in_another_process(toy_recipe, tmp_path):
    recipe = toy_recipe("bert", training={"max_steps": 8}, seed=5)
    first = fingerprint(run(recipe).bundle)

    assert fingerprint(run(recipe).bundle) == first
    assert fingerprint(run(recipe.model_copy(update={"seed": 6})).bundle) != first

    (tmp_path / "recipe.toml").write_text(recipe.to_toml(), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", AGAIN, str(tmp_path / "recipe.toml")],
        env=environment, capture_output=True, text=True, timeout=200, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == first, done.stderr


def test_two_sources_and_no_dev_data(toy_recipe, toy_data):
    data = {
        "train": {tag: str(toy_data["train"][tag]) for tag in ("en", "zh")},
        "test": {"ru": str(toy_data["test"]["ru"])},
        "dev_fraction": 0.0,
    }

    report = run(toy_recipe("xlm", data=data, training={"max_steps": 3})).report

    assert report.sources == ("en", "zh")
    assert list(report.languages) == ["ru"]
    assert report.temperature == 1.0
    assert any("no source dev data" in note for note in report.notes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"training": {"freeze_layers": 3}}, "freeze_layers is 3, but the model has 2 layers"),
        ({"evaluation": {"checkpoint": "source-dev-best"}}, "source-dev-best, but there is no dev data"),
    ],
)
def test_what_cannot_be_had_is_told_before_training(toy_recipe, toy_data, monkeypatch, changes, says):
    data = {"train": {"en": str(toy_data["train"]["en"])}, "dev_fraction": 0.0}
    recipe = toy_recipe("bert", data=data, **changes)
    probe = "loanword.training.trainer.start_from_probe"
    monkeypatch.setattr(probe, lambda *_, **__: pytest.fail("the probe was fitted"))

    with pytest.raises(UsageError, match=says):
        run(recipe)
    with pytest.raises(UsageError, match=says):
        loanword.check(recipe)


def test_training_that_ends_before_averaging_begins_says_what_ships(toy_recipe):
    late = {"epochs": 30, "patience": 1, "average": 0.1, "learning_rate": 1e-9}
    english, chinese = (run(toy_recipe("bert", training=late, report_language=tag)).report for tag in ("en", "zh"))

    assert english.checkpoint == "last"
    assert "last weights, their step selected on source dev (en)" in english.regime
    assert english.notes[0].startswith("training ended early, before there were the weights that the recipe asks for")
    assert chinese.notes[0].startswith("训练提前结束")
    assert not any("ended early" in note for note in run(toy_recipe("bert")).report.notes)


def test_a_model_that_loanword_trained_before_brings_what_it_has_seen(toy_recipe, toy_data, tmp_path):
    data = {"train": {"ru": str(toy_data["train"]["ru"])}, "dev": {"ru": str(toy_data["dev"]["ru"])}}
    short = {"training": {"max_steps": 2}}
    run(toy_recipe("bert", data=data, out=str(tmp_path / "first"), **short))
    second = run(toy_recipe("bert", model=str(tmp_path / "first" / "model"), out=str(tmp_path / "second"), **short))

    report = second.report
    assert report.regime.startswith(
        "not zero-shot: saw labels of ru in earlier training; trained on en, before that on ru;"
    )
    assert report.regime_zh.startswith("非零样本：用到了此前训练中 ru 的标签；")
    assert (report.sources, report.targets) == (("en", "ru"), ["zh"])
    assert report.regime in (tmp_path / "second" / "model" / "README.md").read_text(encoding="utf-8")
    again = loanword.evaluate(tmp_path / "second", test={"ru": toy_data["test"]["ru"]}, settings={"resamples": 100})
    assert again.regime.startswith(
        "not zero-shot: saw labels of ru in earlier training; trained on en, before that on ru;"
    )


def test_dev_data_that_is_held_out_is_dev_data(toy_recipe, toy_data):
    recipe = toy_recipe("bert", training={"max_steps": 2}, evaluation={"checkpoint": "source-dev-best"})
    held = recipe.model_copy(update={"data": recipe.data.model_copy(update={"dev": {}})})

    assert run(held).report.checkpoint == "source-dev-best"


def test_the_suite_itself_cannot_reach_the_network():
    for address in (("192.0.2.1", 443), ("2001:db8::1", 443)):
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        with socket.socket(family) as outward, pytest.raises(PermissionError, match="tests have no network"):
            outward.connect(address)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as inward:
        assert inward.getpeername() == server.getsockname()
