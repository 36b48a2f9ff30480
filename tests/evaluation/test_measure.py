"""From a trained run to what ships: the right weights, the right temperature, and no look at test labels."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from loanword.config import EvaluationSettings
from loanword.data.read import read
from loanword.encoders.load import load
from loanword.errors import UsageError
from loanword.evaluation import measure as module
from loanword.evaluation.evaluate import Evaluator
from loanword.evaluation.measure import calibrate, expect_checkpoint
from loanword.hardware import Hardware
from loanword.tasks.model import Model
from loanword.tasks.multilabel import MultiLabel
from loanword.tasks.supervised import Supervised
from loanword.tasks.task import TASKS
from loanword.training.state import Data, Run
from loanword.training.trainer import train

CPU = Hardware(device="cpu", precision="fp32", threads=1)
SETTINGS = EvaluationSettings(resamples=100)


def measure(run, trained, settings, **options):
    return module.measure(run, trained, settings, sources=tuple(run.data.train), **options)


def relabelled(table, labels):
    return replace(table, label=list(labels))


@pytest.fixture
def trained(tiny_folder, toy_data, toy_recipe):
    """Train a tiny model, with test labels as they are or changed: gives run, what training left, and encoded dev."""

    def make(*, change=None, dev=True, embeddings="compact", task=None, names=None):
        recipe = toy_recipe("bert", training={"epochs": 10, "learning_rate": 3e-3, "embeddings": embeddings})
        tables = {
            split: {tag: read(path, language=tag) for tag, path in toy_data[split].items()}
            for split in ("train", "dev", "test")
        }
        for languages in tables.values() if names else ():
            languages |= {tag: relabelled(table, map(names.get, table.label)) for tag, table in languages.items()}
        tables["test"]["en"] = tables["train"]["en"]  # Rows that a trained model gets right, whatever the others do.
        test = {
            tag: relabelled(table, change(table.label)) if change else table for tag, table in tables["test"].items()
        }
        data = Data(train={"en": tables["train"]["en"]}, dev={"en": tables["dev"]["en"]} if dev else {}, test=test)
        task = task or TASKS.get("classification")()
        task.fit(list(data.train["en"]))
        loaded = load(str(tiny_folder("bert")))
        objective = Supervised(task, tokenizer=loaded.tokenizer)
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = Model(loaded.encoder, objective.head(loaded.encoder))
        run = Run(model, loaded.tokenizer, task, objective, data, recipe.training, CPU, seed=3)
        judge = Evaluator.of(run, SETTINGS)
        encoded = judge.encode(data.dev)
        left = train(
            run,
            judge.encode(data.train)["en"],
            validate=(lambda: judge.quick(data.dev, encoded)) if dev else None,
            also=[item for rows in encoded.values() for item in rows],
        )
        return run, left, encoded

    return make


def weights_of(model):
    return {name: value.detach().clone() for name, value in model.named_parameters()}


@pytest.mark.parametrize("embeddings", ["compact", "full", "frozen"])
@pytest.mark.parametrize("chosen", ["averaged", "last", "source-dev-best"])
def test_the_shipped_candidate_is_in_the_model_afterwards(trained, chosen, embeddings):
    run, left, dev = trained(embeddings=embeddings)
    assert set(left.candidates) == {"averaged", "last", "source-dev-best"}
    found = measure(run, left, SETTINGS.model_copy(update={"checkpoint": chosen}), dev=dev)
    assert found.checkpoint == chosen
    shipped, table = weights_of(run.model), run.model.encoder.model.get_input_embeddings().weight
    checked = 0
    for name, value in left.candidates[chosen].items():
        ours = table[left.kept] if left.kept is not None and "word_embeddings" in name else shipped.get(name)
        torch.testing.assert_close(ours, value, rtol=0, atol=0)
        checked += 1
    assert checked == len(left.candidates[chosen]) > 4
    others = [name for name in left.candidates if name != chosen]
    head = "head.linear.weight"
    assert any(not torch.equal(left.candidates[chosen][head], left.candidates[one][head]) for one in others)


def test_scores_are_those_of_the_model_that_ships(trained):
    run, left, dev = trained()
    found = measure(run, left, SETTINGS, dev=dev)
    judge = Evaluator.of(run, SETTINGS)
    again = judge.score(judge.answer(run.data.test, judge.encode(run.data.test)), sources=("en",))
    for tag, score in found.scores.items():
        assert again[tag].metrics == score.metrics
        assert again[tag].ece == pytest.approx(score.ece, abs=1e-5)
        assert again[tag].ece_raw == pytest.approx(score.ece, abs=1e-5)
    assert float(run.model.adjust.value) == pytest.approx(found.temperature)


def test_candidates_stand_side_by_side(trained):
    """One candidate calls everything the opposite of another: their scores add up to 1."""
    run, left, dev = trained()
    last = left.candidates["last"]
    turned = {name: -value if name.startswith("head.") else value for name, value in last.items()}
    left = replace(left, candidates={"averaged": turned, "last": last})
    both = measure(run, left, SETTINGS, dev=dev).scores
    alone = measure(
        run, left, SETTINGS.model_copy(update={"checkpoint": "last", "compare_checkpoints": False}), dev=dev
    )
    assert both["en"].candidates["last"].score > 0.5
    for tag, score in both.items():
        assert set(score.candidates) == {"averaged", "last"}
        assert score.candidates["averaged"].score == pytest.approx(1 - score.candidates["last"].score)
        assert score.candidates["averaged"] == score.metrics["accuracy"]
        assert alone.scores[tag].candidates == {"last": score.candidates["last"]}


def test_temperature_changes_confidence_and_no_label(trained):
    run, left, dev = trained()
    found = measure(run, left, SETTINGS, dev=dev)
    judge = Evaluator.of(run, SETTINGS)
    encoded = judge.encode(run.data.test)
    warm = judge.answer(run.data.test, encoded)
    run.model.adjust.value.fill_(1.0)
    raw = judge.answer(run.data.test, encoded)
    assert found.temperature != 1.0
    for tag in run.data.test:
        assert [p.label for p in warm[tag].predictions] == [p.label for p in raw[tag].predictions]
        cooled = np.stack(warm[tag].outputs) * found.temperature
        np.testing.assert_allclose(cooled, np.stack(raw[tag].outputs), rtol=1e-4, atol=1e-5)


def test_measuring_twice_calibrates_the_raw_outputs(trained):
    run, left, dev = trained()
    assert measure(run, left, SETTINGS, dev=dev).temperature == measure(run, left, SETTINGS, dev=dev).temperature


def test_test_labels_decide_nothing_that_ships(trained):
    def wrong(labels):
        return ["food" if label == "travel" else "travel" for label in labels]

    shipped, scores = [], []
    for change in (None, wrong):
        run, left, dev = trained(change=change)
        found = measure(run, left, SETTINGS, dev=dev)
        shipped.append((found.checkpoint, found.temperature, weights_of(run.model)))
        scores.append(found.scores["en"])
    (one, two) = shipped
    assert one[:2] == two[:2]
    assert all(torch.equal(value, two[2][name]) for name, value in one[2].items())
    assert scores[0].metrics["accuracy"].score == pytest.approx(1 - scores[1].metrics["accuracy"].score)
    assert scores[0].metrics["accuracy"].score > 0.7


class Watched(MultiLabel):
    """Keeps what thresholds are chosen on, and what they become."""

    def settle(self, outputs, encoded):
        super().settle(outputs, encoded)
        self.seen = [*getattr(self, "seen", []), (np.stack(outputs), self.thresholds)]


SETS = {"food": ("food",), "travel": ("travel", "trip")}


def test_every_candidate_has_thresholds_of_its_own_before_it_is_measured(trained):
    task = Watched(threshold="per-label")
    run, left, dev = trained(task=task, names=SETS)
    found = measure(run, left, SETTINGS, dev=dev)
    assert len(task.seen) == len(left.candidates) + 1 == 4
    outputs = [values for values, _ in task.seen]
    assert not np.allclose(outputs[1], outputs[2])
    np.testing.assert_allclose(outputs[3], outputs[2] / found.temperature, rtol=1e-6)
    chosen = np.log(task.thresholds / (1 - task.thresholds)) * found.temperature
    raw = task.seen[2][1]
    np.testing.assert_allclose(chosen, np.log(raw / (1 - raw)), atol=1e-5)
    for score in found.scores.values():
        assert score.candidates["averaged"] == score.metrics["micro-f1"]
    judge = Evaluator.of(run, SETTINGS)
    again = judge.score(judge.answer(run.data.test, judge.encode(run.data.test)), sources=("en",))
    assert {tag: one.metrics for tag, one in again.items()} == {tag: one.metrics for tag, one in found.scores.items()}


def test_test_labels_choose_no_threshold(trained):
    def wrong(labels):
        return [SETS["food"] if "trip" in label else SETS["travel"] for label in labels]

    chosen = []
    for change in (None, wrong):
        task = Watched()
        run, left, dev = trained(task=task, names=SETS, change=change)
        measure(run, left, SETTINGS, dev=dev)
        chosen.append(task.thresholds.tolist())
    assert chosen[0] == chosen[1]


def test_nobody_else_pays_for_it(trained, monkeypatch):
    """Answering dev takes time: a task without thresholds does it for what ships alone."""
    run, left, dev = trained()
    asked = []
    real = Evaluator.answer
    monkeypatch.setattr(Evaluator, "answer", lambda *args, **more: asked.append(args[1]) or real(*args, **more))
    measure(run, left, SETTINGS, dev=dev)
    assert sum(tables is run.data.dev for tables in asked) == 1


def test_the_best_on_dev_needs_dev():
    best = SETTINGS.model_copy(update={"checkpoint": "source-dev-best"})
    with pytest.raises(UsageError, match="checkpoint is source-dev-best, but there is no dev data"):
        expect_checkpoint(best, dev={})
    expect_checkpoint(best, dev={"en": None})
    expect_checkpoint(SETTINGS, dev={})


def test_without_dev_nothing_is_calibrated(trained):
    run, left, dev = trained(dev=False)
    found = measure(run, left, SETTINGS.model_copy(update={"checkpoint": "source-dev-best"}), dev=dev)
    assert (found.temperature, found.checkpoint) == (1.0, "last")
    assert set(found.scores["en"].candidates) == {"averaged", "last"}


def test_progress_counts_every_candidate(trained):
    run, left, dev = trained()
    counted = []
    measure(run, left, SETTINGS, dev=dev, progress=counted.append)
    assert sum(counted) == 3 * sum(len(table) for table in run.data.test.values())


def test_rows_without_a_known_label_do_not_calibrate(trained):
    run, _, dev = trained()
    judge = Evaluator.of(run, SETTINGS)
    answers = judge.answer(run.data.dev, dev)
    some = dev["en"][: len(dev["en"]) // 2]
    for item in some:
        item.target = None
    half = {"en": replace(answers["en"], encoded=dev["en"][len(some) :], outputs=answers["en"].outputs[len(some) :])}
    assert calibrate(answers, run.task) == calibrate(half, run.task)
    for item in dev["en"]:
        item.target = None
    assert calibrate(answers, run.task) == 1.0
    assert calibrate({}, run.task) == 1.0
