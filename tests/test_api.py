import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

import loanword
from loanword.deploy import manifest
from loanword.errors import ConfigError, UsageError
from loanword.run import run


def test_transfer_load_evaluate(toy_data, tiny_folder, tmp_path):
    result = loanword.transfer(
        train={"en": toy_data["train"]["en"]},
        dev={"en": toy_data["dev"]["en"]},
        test={"ru": toy_data["test"]["ru"], "en": toy_data["test"]["en"]},
        model=str(tiny_folder("xlm-roberta")),
        settings={"training.max_steps": 5, "evaluation": {"resamples": 100}},
        out=tmp_path / "run",
    )
    bundle = loanword.load(tmp_path / "run")
    again = loanword.evaluate(bundle, test={"ru": toy_data["test"]["ru"]}, settings={"resamples": 100})
    first, second = result.report.languages["ru"], again.languages["ru"]
    assert first.metrics == second.metrics
    assert abs(first.ece - second.ece) < 1e-6
    assert abs(first.ece_raw - second.ece_raw) < 1e-6
    assert again.sources == ("en",)
    assert [p.label for p in bundle.predict(["pizza", "visa"])] == [
        p.label for p in result.bundle.predict(["pizza", "visa"])
    ]


@pytest.fixture(scope="module")
def trained(toy_data, tiny_folder, tmp_path_factory):
    """A run that tested no language, and its folder."""
    folder = tmp_path_factory.mktemp("trained") / "run"
    result = loanword.transfer(
        train={"en": toy_data["train"]["en"]},
        dev={"en": toy_data["dev"]["en"]},
        test={},
        model=str(tiny_folder("bert")),
        seed=4,
        settings={"training.max_steps": 2, "evaluation": {"checkpoint": "last"}, "report_language": "zh"},
        out=folder,
    )
    return result, folder


def evaluated(bundle, test, **options):
    return loanword.evaluate(bundle, test=test, settings={"resamples": 100}, **options)


def test_the_regime_is_about_the_languages_that_are_tested(trained, toy_data):
    result, folder = trained
    assert result.report.regime.startswith("no target language tested")
    tests = toy_data["test"]
    for bundle in (result.bundle, folder):  # Fresh or loaded, it knows the same of itself.
        found = evaluated(bundle, {"ru": tests["ru"]})
        assert found.regime == (
            "zero-shot: no target text or label seen in training or selection; trained on en; "
            "last weights, nothing selected"
        )
        assert found.regime_zh.startswith("零样本：")
        assert evaluated(bundle, {"en": tests["en"]}).regime == result.report.regime
        assert (found.seed, found.task, found.sources) == (4, "classification", ("en",))
    assert evaluated(folder, {"ru": tests["ru"]}).languages == evaluated(result.bundle, {"ru": tests["ru"]}).languages


def test_notes_without_the_training_data(trained, tmp_path, write_jsonl):
    rows = [{"text": "pizza " * 100, "label": "food"}, {"text": "visa", "label": "law"}]
    test = {"de": write_jsonl(tmp_path / "de.jsonl", rows)}
    unseen, cut = evaluated(trained[1], test).notes
    assert unseen == "de: 1 test row has a label that the model does not have (law)"
    assert cut == "de: 50% of the texts were cut at 64 pieces"
    chinese = evaluated(trained[1], test, report_language="zh").notes
    assert [note[:3] for note in chinese] == ["de：", "de："]


def test_a_bundle_from_before_lineages_claims_nothing(trained, toy_data, tmp_path):
    folder = tmp_path / "older"
    shutil.copytree(trained[1] / "model", folder)
    info = json.loads((folder / "loanword.json").read_text(encoding="utf-8"))
    del info["lineage"]
    older = {**info, "sources": ["en"], "regime": "no target language tested; trained on en; ..."}
    (folder / "loanword.json").write_text(json.dumps(older), encoding="utf-8")
    manifest.write(folder)

    found = evaluated(folder, {"ru": toy_data["test"]["ru"]})
    assert found.regime.startswith("not known to be zero-shot: what training saw is not recorded; trained on en; ")
    assert found.sources == ("en",)
    assert list(found.languages) == found.targets == ["ru"]


def test_embed(tiny_folder, trained, sentences):
    texts, machine = list(sentences["ru"]), {"device": "cpu", "precision": "fp32", "threads": 1}
    bundle = loanword.load(trained[1], **machine)
    assert np.array_equal(loanword.embed(texts, model=trained[1], language="ru", **machine), bundle.embed(texts))
    found = loanword.embed(texts, model=tiny_folder("bert"), language=["ru"] * 10, **machine)
    assert found.shape == (10, 32)
    assert np.abs(found - bundle.embed(texts)).max() > 1e-4


def test_public_names_all_load():
    for name in loanword.__all__:
        assert getattr(loanword, name) is not None
    assert set(loanword.__all__) <= set(dir(loanword))


def test_check_estimates_and_writes_nothing(toy_recipe, tmp_path):
    findings, cost = loanword.check(toy_recipe("bert", out=str(tmp_path / "out")))
    rows = len(Path(toy_recipe("bert").data.train["en"]).read_text(encoding="utf-8").splitlines())
    assert (cost.train_rows, cost.steps) == (rows, 2 * math.ceil(rows / 8))
    assert findings == []
    assert not (tmp_path / "out").exists()


def test_settings_of_the_caller_stay_as_they_are(toy_data, tiny_folder):
    mine = {"training": {"max_steps": 2}, "training.batch_size": 8, "evaluation.resamples": 100}
    loanword.transfer(
        train={"en": toy_data["train"]["en"]},
        test={"ru": toy_data["test"]["ru"]},
        model=tiny_folder("bert"),
        settings=mine,
    )
    assert mine == {"training": {"max_steps": 2}, "training.batch_size": 8, "evaluation.resamples": 100}


@pytest.mark.parametrize("change", [{"task": "cooking"}, {"strategies": ["magic"]}, {"objective": "fun"}, {"out": "f"}])
def test_check_refuses_what_a_run_would_refuse(toy_recipe, tmp_path, monkeypatch, change):
    (tmp_path / "f").write_text("a file")
    monkeypatch.chdir(tmp_path)
    for start in (loanword.check, run):
        with pytest.raises(ConfigError):
            start(toy_recipe("bert", **change))


def test_settings_that_contradict_each_other(toy_data, tiny_folder):
    with pytest.raises(ConfigError, match=r"training.max_steps: training has the value 3 already"):
        loanword.transfer(
            train=toy_data["train"],
            test={},
            model=tiny_folder("bert"),
            settings={"training": 3, "training.max_steps": 2},
        )


def test_settings_of_an_evaluation_may_be_dotted(trained, toy_data):
    tests, typed = {"ru": toy_data["test"]["ru"]}, "loanword evaluate run"
    found = loanword.evaluate(trained[1], test=tests, settings={"evaluation.resamples": 100}, command=typed)
    assert found.command == typed
    assert found.languages == evaluated(trained[1], tests).languages


def test_a_report_language_is_looked_at_before_anything_is_loaded():
    with pytest.raises(UsageError, match="not in 'xx'"):
        loanword.evaluate("nowhere", test={"de": "nothing.jsonl"}, report_language="xx")


def test_labels_by_name(toy_data, tiny_folder, tmp_path):
    tests = {tag: toy_data["test"][tag] for tag in ("en", "zh")}
    options = {"model": tiny_folder("bert"), "settings": {"resamples": 100}}
    result = loanword.zero_shot(["food", "travel"], test=tests, out=tmp_path / "out", **options)
    assert list(result.report.languages) == ["en", "zh"]
    assert set(result.files) == {"model", "json", "md", "html"}
    assert loanword.load(tmp_path / "out").task.labels == ("food", "travel")
    untested = loanword.zero_shot({"food": "", "travel": "by taxi"}, **options)
    assert (untested.files, untested.report.languages) == ({}, {})
    assert untested.bundle.predict(["pizza"])[0].label in ("food", "travel")
    texts = {"zh": toy_data["train"]["zh"]}
    columns = {"label": "label", "text": "text"}
    told = loanword.zero_shot(["food", "travel"], test=tests, unlabelled=texts, columns=columns, **options)
    assert told.report.regime.startswith("not zero-shot: saw text of zh;")
    with pytest.raises(UsageError, match="leave out model and temperature"):
        loanword.zero_shot(["a", "b"], by=tmp_path, temperature=0.1)
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "report.md").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match=r"report\.md, which no loanword run wrote"):
        loanword.zero_shot(["a", "b"], out=tmp_path / "taken", **options)


def test_a_model_is_loaded_for_a_task_as_it_comes(tiny_seq2seq, write_jsonl, tmp_path):
    settings = {"task_options": {"longest": 8}, "task_options.beams": 1, "encoder.max_length": 20}
    model = loanword.load(tiny_seq2seq("mt5"), task="translation", settings=settings, device="cpu", threads=1)
    assert (model.task.how.longest, model.task.how.beams, model.tokenizer.max_length) == (8, 1, 20)
    rows = write_jsonl(tmp_path / "rows.jsonl", [{"text": "the kettle", "translation": "水壶"}] * 3)
    report = loanword.evaluate(model, test={"en:zh": rows}, settings={"resamples": 100})
    assert report.languages["en:zh"].n == 3
    assert model.predict(["the kettle"], language="en:zh")[0].label
    told = loanword.load(tiny_seq2seq("mbart50"), task="translation", settings={"task_options.longest": 8})
    with pytest.raises(UsageError, match=r"does not know 'br' \(Breton\), 'lb' \(Luxembourgish\); it knows"):
        loanword.evaluate(told, test={"en:br": rows, "en:lb": rows})
    with pytest.raises(ConfigError, match="settings are for a model that is given a task"):
        loanword.load(tmp_path, settings=settings)
    with pytest.raises(ConfigError, match="unknown key 'training'"):
        loanword.load(tiny_seq2seq("mt5"), task="translation", settings={"training.epochs": 2})
    with pytest.raises(ConfigError, match="evaluation: loading takes task_options and encoder alone"):
        loanword.load(tiny_seq2seq("mt5"), task="translation", settings={"evaluation.resamples": 100})
