from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from loanword.config import build
from loanword.data.records import Record
from loanword.deploy.bundle import Bundle
from loanword.errors import ConfigError, ModelError, UsageError
from loanword.hardware import detect
from loanword.preflight import expect_sound
from loanword.strategies.regime import Lineage
from loanword.tasks.inference import Inference
from loanword.tasks.model import Model
from loanword.tasks.outputs import outputs
from loanword.tasks.pairs import Pairs
from loanword.tokens.tokenizer import Tokenizer

NLI = ("contradiction", "entailment", "neutral")
HYPOTHESES = [["it is food", "about food"], ["it is a trip", "about trips"]]


def task(**changes):
    given = {"labels": ["food", "travel"], "hypotheses": HYPOTHESES, "pairs": Pairs(labels=NLI)}
    return Inference(**{**given, **changes})


def test_every_text_is_read_with_every_hypothesis(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("wordpiece"), max_length=32)
    rows = [Record("two goats", "en", "food"), Record("две козы", "ru")]
    encoded = task().encode(rows, tokenizer)
    assert [item.row for item in encoded] == [0] * 4 + [1] * 4
    assert {item.target for item in encoded} == {None}
    said = [one for group in HYPOTHESES for one in group]
    alone = [tokenizer.encode([row.text], languages=[row.language], pairs=[one])[0].ids for row in rows for one in said]
    assert [item.ids for item in encoded] == alone


def test_logits_are_the_log_odds_of_entailment_less_what_is_usual():
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(2, 2, 2, 3)) * 3
    found = task(usual=[0.5, -0.5]).decode(list(outputs.reshape(-1, 3)), [], [Record("x", "en")] * 2, None)
    sure = np.exp(outputs)[..., 1] / np.exp(outputs).sum(axis=-1)
    logits = np.log(sure / (1 - sure)).mean(axis=-1) - [0.5, -0.5]
    expected = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    np.testing.assert_allclose([list(one.scores.values()) for one in found], expected)
    assert [one.label for one in found] == [("food", "travel")[n] for n in logits.argmax(axis=1)]
    assert task().decode([], [], [], None) == []
    assert not len(task().classified(list(outputs.reshape(-1, 3)), [])[1])


def test_the_state_is_json_and_makes_the_task_again(tiny_encoder):
    made = task(usual=[0.5, -0.5], pairs=Pairs(labels=NLI, reading="apart"))
    again = Inference.from_state(json.loads(json.dumps(made.state())))
    assert again.state() == made.state()
    head = again.head(tiny_encoder("bert").encoder)
    assert (head.linear.out_features, head.linear.in_features) == (3, 128)


@pytest.mark.parametrize(
    "changes",
    [
        {"hypotheses": HYPOTHESES[:1]},
        {"hypotheses": [["a"], ["b", "c"]]},
        {"hypotheses": [[], []]},
        {"usual": [0.5]},
        {"labels": []},
    ],
)
def test_what_does_not_fit_together(changes):
    with pytest.raises(ModelError, match="hypotheses"):
        task(**changes)


def test_it_is_made_and_not_trained():
    with pytest.raises(UsageError, match="no label 'yes' of pairs; known: contradiction, entailment, neutral"):
        task(entailment="yes")
    with pytest.raises(ConfigError, match="made from a bundle of pairs, by loanword zero-shot --by"):
        expect_sound(build({"task": "inference", "data": {"train": {"en": "x.csv"}}}))


def test_the_hypothesis_that_is_entailed_most_is_explained(tiny_encoder):
    """Its log odds by the outputs; and the page's second text is the hypothesis."""
    loaded = tiny_encoder("bert")
    made = task()
    model = Model(loaded.encoder, made.head(loaded.encoder)).eval()
    torch.nn.init.normal_(model.head.linear.weight, std=0.5, generator=torch.Generator().manual_seed(1))
    bundle = Bundle(model, loaded.tokenizer, made, detect(device="cpu", precision="fp32"), Lineage(sources=()))
    for label in ("food", "travel"):
        (found,) = bundle.explain("two goats", language="en", label=label).readings
        record = Record("two goats", "en")
        encoded = made.encode([record], loaded.tokenizer)
        values = outputs(model, encoded, pad_id=loaded.tokenizer.pad_id, hardware=bundle.hardware).values
        sure = np.exp(np.stack(values).astype(float))
        sure = (sure / sure.sum(axis=1, keepdims=True))[:, 1].reshape(2, 2)[["food", "travel"].index(label)]
        assert found.score == pytest.approx(float(np.log(sure.max() / (1 - sure.max()))), abs=1e-4)
        assert found.texts == ("two goats", HYPOTHESES[("food", "travel").index(label)][int(sure.argmax())])
        assert found.label == label
        assert [word.text for word in found.words if word.side == 0] == ["two", "goats"]
    with pytest.raises(UsageError, match="has no label 'sports'"):
        bundle.explain("two goats", label="sports")
