"""A model as it comes predicts, is measured and is saved like one that was trained here."""

import pytest
import torch
from tests.corpus import SENTENCES

from loanword.config import EncoderSettings, EvaluationSettings, build
from loanword.data.records import Table
from loanword.deploy.bundle import Bundle
from loanword.errors import ModelError, UsageError
from loanword.evaluation.evaluate import Evaluator
from loanword.hardware import Hardware
from loanword.run import run

CPU = {"device": "cpu", "precision": "fp32", "threads": 1}
TEXTS = list(SENTENCES["en"][:4])


def taken(folder, task="translation", **more):
    options = {"options": {"longest": 10, "beams": 2}} if task == "translation" else {}
    return Bundle.untrained(folder, task=task, hardware=Hardware(**CPU), **{**options, **more})


def test_it_writes_what_transformers_writes(tiny_seq2seq):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    folder = tiny_seq2seq("nllb")
    found = [item.label for item in taken(folder).predict(TEXTS, language="en:ru")]

    stock, tokenizer = AutoModelForSeq2SeqLM.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    tokenizer.src_lang = "eng_Latn"
    with torch.no_grad():
        written = stock.generate(
            **tokenizer(TEXTS, return_tensors="pt", padding=True), num_beams=2, max_new_tokens=11,
            no_repeat_ngram_size=3, forced_bos_token_id=tokenizer.convert_tokens_to_ids("rus_Cyrl"),
        )  # fmt: skip
    assert found == [text.strip() for text in tokenizer.batch_decode(written, skip_special_tokens=True)]
    assert len(set(found)) > 1


def test_what_is_saved_is_a_bundle(tiny_seq2seq, tmp_path):
    bundle = taken(tiny_seq2seq("marian-many"))
    assert repr(bundle) == f"Bundle(translation from {tiny_seq2seq('marian-many').name}, without training)"
    bundle.save_pretrained(tmp_path / "bundle")
    again = Bundle.load(tmp_path / "bundle", **CPU)
    assert again.task.how == bundle.task.how
    assert again.predict(TEXTS, language="en:ru") == bundle.predict(TEXTS, language="en:ru")
    assert again.lineage.trained_on == ()
    assert repr(again) == repr(bundle)


def test_vectors_are_compared_as_they_are(tiny_folder):
    found = taken(tiny_folder("xlm-roberta"), task="similarity").predict(TEXTS, pairs=TEXTS)
    assert [item.label for item in found] == pytest.approx([1.0] * 4, abs=1e-6)


def test_the_prefix_is_the_callers(tiny_seq2seq):
    folder = tiny_seq2seq("t5")
    bare, asked = taken(folder), taken(folder, encoder=EncoderSettings(prefix="translate {source} to {target}: "))
    assert asked.describe()["prefix"] == "translate {source} to {target}: "
    spelled = [f"translate English to Russian: {text}" for text in TEXTS]
    expected = [item.label for item in bare.predict(spelled, language="en:ru")]
    assert [item.label for item in asked.predict(TEXTS, language="en:ru")] == expected


def measured(bundle, tables):
    evaluator = Evaluator.of(bundle, EvaluationSettings())
    return evaluator.score(evaluator.answer(tables, evaluator.encode(tables)), sources=()).values()


def test_what_must_be_trained_is_refused(tiny_folder, tiny_seq2seq):
    for task, folder in (("translation", tiny_folder("bert")), ("classification", tiny_seq2seq("t5"))):
        with pytest.raises(UsageError, match=f"{task} on .* must be trained first: loanword transfer --task {task}"):
            taken(folder, task=task, options={})
    with pytest.raises(UsageError, match="translation has no option 'beam'"):
        taken(tiny_seq2seq("t5"), options={"beam": 2})
    with pytest.raises(UsageError, match="unknown task 'cooking'"):
        taken(tiny_seq2seq("t5"), task="cooking")
    with pytest.raises(ModelError, match="neither a local folder nor in the cache"):
        taken("somebody/nothing")
    with pytest.raises(UsageError, match="must be told which languages texts are in"):
        taken(tiny_seq2seq("nllb")).predict(TEXTS)


def test_a_run_says_what_the_model_could_do_before(tiny_folder):
    folder = str(tiny_folder("bert"))
    table = Table("en", list(SENTENCES["en"]), pair=list(SENTENCES["ru"]), label=[None] * 10)
    recipe = {"task": "retrieval", "model": folder, "data": {"train": {"en": "in memory"}, "test": {"en": "in memory"}}}
    training = {"max_steps": 2, "learning_rate": 1e-2}
    tables = {"train": {"en": table}, "test": {"en": table}}
    trained = run(build({**recipe, "training": training, "hardware": CPU}), tables=tables).report.languages["en"]
    (scores,) = measured(taken(folder, task="retrieval"), {"en": table})
    assert trained.candidates["untrained"] == scores.metrics["retrieval-accuracy"]
    assert {*trained.candidates} > {"untrained", "last"}
    alone = {"compare_checkpoints": False}
    found = run(build({**recipe, "training": training, "hardware": CPU, "evaluation": alone}), tables=tables).report
    assert "untrained" not in found.languages["en"].candidates
