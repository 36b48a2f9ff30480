"""Labels by name against brute force: cosines and log odds of one text at a time, in numpy."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import loanword
from loanword.batches.batch import collate
from loanword.config import EncoderSettings
from loanword.data.records import Record, Table
from loanword.deploy.base import load_base
from loanword.deploy.bundle import Bundle
from loanword.deploy.names import HIGHEST, LOWEST, by_cosine, by_inference, sentences
from loanword.errors import ConfigError, UsageError
from loanword.hardware import Hardware
from loanword.strategies.regime import Lineage
from loanword.tasks.model import Model
from loanword.tasks.pairs import Pairs

CPU = Hardware(device="cpu", precision="fp32", threads=1)
LABELS = {"food": "soup and salt", "travel": "", "水": "水壶"}
TEMPLATES = ("about {label}", "{label} it is")
TEXTS = ["the kettle is still warm", "мы опоздали на последний паром", "汤里还要加一点盐", "two goats"]
UNLABELLED = {
    "ru": Table("ru", ["чайник ещё тёплый", "в супе мало соли", "две козы"], [None] * 3),
    "hi": Table("hi", ["केतली अब भी गरम है"], [None]),
}


def softmax(logits):
    found = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return found / found.sum(axis=-1, keepdims=True)


def scores_of(bundle, texts=TEXTS):
    return np.array([list(one.scores.values()) for one in bundle.predict(texts)])


def centred(logits):
    """Mean over languages of the mean over their texts of logits less a text's own mean."""
    return np.mean([(part - part.mean(axis=1, keepdims=True)).mean(axis=0) for part in logits], axis=0)


# --- by cosine -------------------------------------------------------------------------------------------------


def direction(loaded, text, language="und"):
    batch = collate(loaded.tokenizer.encode([text], languages=[language]), pad_id=loaded.tokenizer.pad_id)
    with torch.no_grad():
        vector = loaded.encoder.eval()(batch).pooled[0].double().numpy()
    return vector / np.linalg.norm(vector)


def cosines(loaded, texts, language="und"):
    rows = []
    for said in ("food, soup and salt", "travel", "水, 水壶"):
        vector = np.mean([direction(loaded, one.replace("{label}", said)) for one in TEMPLATES], axis=0)
        rows.append(vector / np.linalg.norm(vector))
    return np.array([direction(loaded, text, language) for text in texts]) @ np.array(rows).T


@pytest.mark.parametrize("unlabelled", [None, UNLABELLED], ids=["alone", "with texts"])
def test_the_nearest_description_wins(tiny_kinds, tiny_folder, tiny_encoder, unlabelled):
    folder = str(tiny_folder(tiny_kinds))
    made = by_cosine(LABELS, model=folder, templates=TEMPLATES, temperature=0.05, unlabelled=unlabelled, hardware=CPU)
    loaded = tiny_encoder(tiny_kinds)
    logits = cosines(loaded, TEXTS) / 0.05
    if unlabelled:
        usual = centred([cosines(loaded, table.text, table.language) / 0.05 for table in unlabelled.values()])
        assert np.abs(usual).max() > 0.01
        logits = logits - usual
    np.testing.assert_allclose(scores_of(made), softmax(logits), atol=2e-4)
    assert made.task.labels == ("food", "travel", "水")
    assert [one.label for one in made.predict(TEXTS)] == [made.task.labels[n] for n in logits.argmax(axis=1)]


def test_it_is_a_bundle_as_any_other(tiny_folder, tmp_path, toy_data):
    made = by_cosine(LABELS, model=str(tiny_folder("bert")), hardware=CPU, unlabelled=UNLABELLED)
    made.save_pretrained(tmp_path / "model")
    back = Bundle.load(tmp_path / "model", device="cpu", precision="fp32", threads=1)
    np.testing.assert_allclose(scores_of(back), scores_of(made), atol=1e-6)
    assert back.lineage == made.lineage
    assert made.lineage == Lineage(
        sources=(),
        names=("This text is about food, soup and salt.", "This text is about travel.", "This text is about 水, 水壶."),
        texts=("ru", "hi"),
    )
    assert repr(back).endswith("without training)")
    report = loanword.evaluate(back, test={"ru": toy_data["test"]["ru"], "en": toy_data["test"]["en"]})
    assert report.regime.startswith("not zero-shot: saw text of ru; labels known by name, scores shifted by")
    assert report.targets == sorted(report.languages, key=lambda tag: report.languages[tag].metrics["accuracy"].score)
    assert load_base(str(tmp_path / "model"), EncoderSettings()).lineage is None


def test_a_lower_temperature_is_surer_of_the_same_labels(tiny_folder):
    folder = str(tiny_folder("bert"))
    cold, warm = (by_cosine(LABELS, model=folder, temperature=value, hardware=CPU) for value in (0.01, 0.1))
    assert [one.label for one in cold.predict(TEXTS)] == [one.label for one in warm.predict(TEXTS)]
    assert (scores_of(cold).max(axis=1) > scores_of(warm).max(axis=1)).all()
    for wrong in (0.0, -1.0, float("nan"), float("inf"), 1e-300, 0.0029, 1e308):
        with pytest.raises(UsageError, match=r"temperature is .*; expected a number from 0.003 to 100"):
            by_cosine(LABELS, model=folder, temperature=wrong, hardware=CPU)


@pytest.mark.parametrize("temperature", [LOWEST, HIGHEST])
def test_temperatures_at_the_ends_make_probabilities(tiny_folder, temperature):
    made = by_cosine(
        LABELS, model=str(tiny_folder("bert")), temperature=temperature, unlabelled=UNLABELLED, hardware=CPU
    )
    found = scores_of(made)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert np.exp(-2 / LOWEST) > 0


# --- by inference ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["together", "apart"])
def pairs(request, tiny_folder, tmp_path_factory):
    """A bundle of pairs whose random head has something to say."""
    base = load_base(str(tiny_folder("bert")), EncoderSettings())
    task = Pairs(labels=("contradiction", "entailment", "neutral"), reading=request.param, dropout=0.0)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        model = Model(base.loaded.encoder, task.head(base.loaded.encoder)).eval()
        torch.nn.init.normal_(model.head.linear.weight, std=1.0)
    lineage = Lineage(sources=("en",), checkpoint="last")
    made = Bundle(model, base.loaded.tokenizer, task, CPU, lineage)
    folder = tmp_path_factory.mktemp("pairs") / "model"
    made.save_pretrained(folder)
    return made, folder


def odds(made, texts):
    """Log odds of entailment, mean over the templates, one pair at a time."""
    found = np.empty((len(texts), 3, 2))
    for row, text in enumerate(texts):
        for column, said in enumerate(("food, soup and salt", "travel", "水, 水壶")):
            for place, template in enumerate(TEMPLATES):
                record = Record(text, "und", pair=template.replace("{label}", said))
                sure = made.answer([record])[0].scores["entailment"]
                found[row, column, place] = np.log(sure / (1 - sure))
    return found.mean(axis=2)


@pytest.mark.parametrize("unlabelled", [None, UNLABELLED], ids=["alone", "with texts"])
def test_what_is_entailed_most_wins(pairs, unlabelled, tmp_path):
    known, folder = pairs
    made = by_inference(LABELS, by=folder, templates=TEMPLATES, unlabelled=unlabelled, hardware=CPU)
    logits = odds(known, TEXTS)
    if unlabelled:
        usual = centred([odds(known, table.text) for table in unlabelled.values()])
        assert np.abs(usual).max() > 0.01
        logits = logits - usual
    np.testing.assert_allclose(scores_of(made), softmax(logits), atol=1e-4)
    made.save_pretrained(tmp_path / "model")
    back = Bundle.load(tmp_path / "model", device="cpu", precision="fp32", threads=1)
    np.testing.assert_allclose(scores_of(back), scores_of(made), atol=1e-6)
    assert json.loads((tmp_path / "model" / "loanword.json").read_text(encoding="utf-8"))["task"] == "inference"


def test_its_report_counts_texts_and_not_pairs(pairs, toy_data):
    made = by_inference({"food": "", "travel": ""}, by=pairs[1], hardware=CPU)
    report = loanword.evaluate(made, test={"zh": toy_data["test"]["zh"]}, settings={"resamples": 100})
    right = [one.label for one in made.predict(loanword.read(toy_data["test"]["zh"], language="zh").text)]
    scores = report.languages["zh"]
    expected = np.mean(np.array(right) == loanword.read(toy_data["test"]["zh"], language="zh").label)
    assert (scores.n, scores.metrics["accuracy"].score) == (16, pytest.approx(expected))
    assert report.regime.startswith(
        "zero-shot: no target text or label seen in training or selection; labels known by "
    )
    assert report.sources == ("en",)


def test_only_pairs_infer(pairs, tiny_folder, tmp_path):
    other = by_cosine(LABELS, model=str(tiny_folder("bert")), hardware=CPU)
    other.save_pretrained(tmp_path / "model")
    with pytest.raises(UsageError, match="is a bundle of classification; inference needs one of pairs"):
        by_inference(LABELS, by=tmp_path / "model", hardware=CPU)
    with pytest.raises(UsageError, match="no label 'yes' of pairs; known: contradiction, entailment, neutral"):
        by_inference(LABELS, by=pairs[1], entailment="yes", hardware=CPU)


# --- what is said of labels ------------------------------------------------------------------------------------


def test_templates_are_filled_with_name_and_description():
    assert sentences({"a": " b c ", "d": ""}, ["{label}", "Über {label}!"]) == {
        "a": ["a, b c", "Über a, b c!"],
        "d": ["d", "Über d!"],
    }
    assert sentences(["{label}", "b"], ["about {label}"])["{label}"] == ["about {label}"]


@pytest.mark.parametrize(
    ("labels", "templates", "says"),
    [
        ([], ["{label}"], ["there are no labels"]),
        (["a"], ["{label}"], ["there is one label"]),
        (["a", "a", "b"], ["{label}"], ["the label 'a' is given twice"]),
        (["a", " "], ["{label}"], ["a label has no name"]),
        (["a", "b"], [], ["there is no template"]),
        (["a", "b"], ["about it", "{label} and {label}"], ["'about it'", "'{label} and {label}'"]),
        (["a", ""], ["x"], ["a label has no name", "template 'x'"]),
    ],
)
def test_everything_that_is_wrong_at_once(labels, templates, says):
    with pytest.raises(ConfigError) as told:
        sentences(labels, templates)
    assert len(told.value.problems) == len(says)
    assert all(part in text for part, text in zip(says, told.value.problems, strict=True))
