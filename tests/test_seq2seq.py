"""Every kind of sequence-to-sequence model through the whole flow: trained, measured, saved, and the same again."""

import json
import re
import shutil
import warnings

import pytest
import torch
from safetensors.torch import load_file
from tests.corpus import SENTENCES

from loanword.config import build
from loanword.data.records import Table
from loanword.deploy.bundle import Bundle
from loanword.errors import UsageError
from loanword.run import run

TEXTS = list(SENTENCES["en"][:4])
CPU = {"device": "cpu", "precision": "fp32", "threads": 1}
CODES = {"m2m100": ("en", "__ru__"), "nllb": ("eng_Latn", "rus_Cyrl"), "mbart50": ("en_XX", "ru_RU")}


def table(source, target):
    rows = zip(SENTENCES[source], SENTENCES[target], strict=True)
    texts, pairs = zip(*rows, strict=True)
    ids = [f"sentence {row}" for row in range(len(texts))]
    return Table(
        language=source, pair_language=target, text=list(texts), pair=list(pairs), label=[None] * len(ids), id=ids
    )


def recipe_of(folder, tables, **more):
    return build(
        {
            "task": "translation",
            "model": str(folder),
            "data": {part: dict.fromkeys(found, "memory") for part, found in tables.items()},
            "training": {"max_steps": 4, "batch_size": 4, "learning_rate": 1e-3},
            "task_options": {"longest": 10, "beams": 2},
            "evaluation": {"resamples": 100, "compare_checkpoints": False},
            "hardware": CPU,
            **more,
        }
    )


TABLES = {
    "train": {"en:ru": table("en", "ru")},
    "dev": {"en:ru": table("en", "ru")},
    "test": {"en:ru": table("en", "ru"), "en:zh": table("en", "zh")},
}


def test_what_is_saved_predicts_the_same_here_and_in_transformers(seq2seq_kind, tiny_seq2seq, tmp_path):
    from transformers import AutoModelForSeq2SeqLM, AutoTokenizer

    result = run(recipe_of(tiny_seq2seq(seq2seq_kind), TABLES, out=str(tmp_path / "out")), tables=TABLES)

    assert set(result.report.languages) == {"en:ru", "en:zh"}
    for scores in result.report.languages.values():
        assert (scores.n, set(scores.metrics)) == (10, {"chrf", "bleu"})
        assert "right-language" in scores.breakdown
    expected = [item.label for item in result.bundle.predict(TEXTS, language="en:ru")]
    moved = shutil.move(tmp_path / "out" / "model", tmp_path / "elsewhere")
    loaded = Bundle.load(moved, **CPU)
    assert [item.label for item in loaded.predict(TEXTS, language="en:ru")] == expected
    assert len(load_file(moved / "head.safetensors")) == 1  # The temperature: the decoder is with the encoder.

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses")
        tokenizer = AutoTokenizer.from_pretrained(moved)
    stock, options = AutoModelForSeq2SeqLM.from_pretrained(moved), {}
    if seq2seq_kind in CODES:
        tokenizer.src_lang, target = CODES[seq2seq_kind]
        options["forced_bos_token_id"] = tokenizer.convert_tokens_to_ids(target)
    if seq2seq_kind == "mbart":
        options["decoder_start_token_id"] = tokenizer.convert_tokens_to_ids("ru_RU")
    asking = ">>rus<< " if seq2seq_kind == "marian-many" else ""
    inputs = tokenizer([asking + text for text in TEXTS], return_tensors="pt", padding=True)
    with torch.no_grad():
        written = stock.generate(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], num_beams=2,
            max_new_tokens=10 + ("forced_bos_token_id" in options), no_repeat_ngram_size=3, **options,
        )  # fmt: skip
    found = tokenizer.batch_decode(written, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    if seq2seq_kind == "m2m100":  # transformers takes its languages for text.
        found = [re.sub("__[a-z]+__", "", text) for text in found]
    assert [text.strip() for text in found] == expected


def test_a_run_goes_on_from_a_bundle(tiny_seq2seq, tmp_path):
    first = run(recipe_of(tiny_seq2seq("marian"), TABLES, out=str(tmp_path / "first")), tables=TABLES)
    second = run(recipe_of(tmp_path / "first", TABLES, out=str(tmp_path / "second")), tables=TABLES)
    assert second.bundle.lineage.earlier == first.bundle.lineage
    assert json.loads((tmp_path / "second" / "report.json").read_text(encoding="utf-8"))["task"] == "translation"


def test_a_language_that_a_model_cannot_be_told_is_known_before_it_is_trained(tiny_seq2seq, monkeypatch):
    monkeypatch.setattr("loanword.run.train", lambda *_, **__: pytest.fail("it was trained"))
    tables = {**TABLES, "test": {"en:ru": table("en", "ru"), "en:br": table("en", "zh")}}
    with pytest.raises(UsageError, match=r"does not know 'br' \(Breton\); it knows af-ZA"):
        run(recipe_of(tiny_seq2seq("mbart50"), tables), tables=tables)


def test_its_encoder_serves_other_tasks(tiny_seq2seq, tmp_path):
    texts = list(SENTENCES["en"])
    rows = Table(language="en", text=texts, label=[("odd", "even")[row % 2] for row in range(len(texts))])
    tables = {"train": {"en": rows}, "dev": {"en": rows}, "test": {"en": rows}}
    for kind in ("nllb", "marian", "mt5"):
        out = tmp_path / kind
        recipe = recipe_of(tiny_seq2seq(kind), tables, task="classification", task_options={}, out=str(out))
        result = run(recipe, tables=tables)
        again = Bundle.load(out, **CPU)
        assert again.predict(texts, language="en") == result.bundle.predict(texts, language="en")
        assert result.report.training["embeddings"] == "compact"
