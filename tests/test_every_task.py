"""Every task on every shape of encoder: trained, measured, saved, loaded, and the same predictions again."""

from __future__ import annotations

import json
import math

import pytest
from tests.corpus import SENTENCES

from loanword.config import build
from loanword.data.records import Record, Span, Table
from loanword.deploy.bundle import Bundle
from loanword.language.words import words
from loanword.run import run
from loanword.tasks.task import BUILTIN, TASKS

LANGUAGES = ("en", "zh", "hi")


def tagged(text, tag):
    found = [Span(start, end, tag(text[start:end])) for start, end in words(text)]
    return tuple(found)


def classification(texts):
    return [(text, None, ("odd", "even")[row % 2]) for row, text in enumerate(texts)]


def multilabel(texts):
    return [(text, None, (("long", "odd"), ("odd",), (), ("long",))[row % 4]) for row, text in enumerate(texts)]


def pairs(texts):
    both = zip(texts, texts[1:] + texts[:1], strict=True)
    return [(one, two if row % 2 else one, "other" if row % 2 else "same") for row, (one, two) in enumerate(both)]


def tagging(texts):
    return [(text, None, tagged(text, lambda word: "B-LONG" if len(word) > 5 else "O")) for text in texts]


def answers(texts):
    rows = []
    for text in texts:
        start, end = words(text)[-1]
        rows.append((text, "which is last", (Span(start, end, text[start:end]),)))
    return rows


def similarity(texts):
    return [(one, two, float(label == "same") + row / 100) for row, (one, two, label) in enumerate(pairs(texts))]


def retrieval(texts):
    return [(text, text[::-1], None) for text in texts]


def translation(texts):
    return [(text, text.upper(), None) for text in texts]


def summarization(texts):
    return [(f"{one} {two}", two, None) for one, two in zip(texts, texts[1:] + texts[:1], strict=True)]


KINDS = (classification, multilabel, pairs, tagging, answers, similarity, retrieval, translation, summarization)
ROWS = {**{kind.__name__: kind for kind in KINDS}, "abstractive-summarization": summarization}


def table(task, language):
    rows = ROWS[task](list(SENTENCES[language]))
    text, pair, label = zip(*rows, strict=True)
    return Table(
        language=language,
        text=list(text),
        pair=[one or "" for one in pair],
        label=list(label),
        id=[f"sentence {row}" for row in range(len(rows))],
    )


def test_there_is_data_for_every_task():
    assert set(ROWS) == set(BUILTIN)
    assert set(BUILTIN) <= set(TASKS.names())


@pytest.mark.parametrize("task", BUILTIN)
def test_what_is_saved_predicts_the_same(tiny_kinds, tiny_folder, task, tmp_path):
    tables = {
        "train": {"en": table(task, "en")},
        "dev": {"en": table(task, "en")},
        "test": {tag: table(task, tag) for tag in LANGUAGES},
    }
    recipe = build(
        {
            "task": task,
            "model": str(tiny_folder(tiny_kinds)),
            "out": str(tmp_path / "out"),
            "data": {part: dict.fromkeys(found, "memory") for part, found in tables.items()},
            "training": {"epochs": 2, "batch_size": 4, "learning_rate": 1e-3, "embeddings": "compact"},
            "evaluation": {"resamples": 100},
            "hardware": {"device": "cpu", "precision": "fp32", "threads": 1},
        }
    )
    result = run(recipe, tables=tables)

    report = result.report
    assert set(report.languages) == set(LANGUAGES)
    for scores in report.languages.values():
        assert scores.n == 10
        assert all(math.isfinite(found.score) for found in scores.metrics.values())
        assert set(scores.metrics) == set(result.bundle.task.metrics)
    written = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))
    assert written["task"] == task
    assert (tmp_path / "out" / "report.html").stat().st_size > 10_000

    loaded = Bundle.load(tmp_path / "out", device="cpu", precision="fp32", threads=1)
    for tag in LANGUAGES:
        records = list(tables["test"][tag])
        bare = [Record(one.text, one.language, pair=one.pair, pair_language=one.pair_language) for one in records]
        expected = result.bundle.answer(bare)
        assert len(expected) == len(bare)
        assert loaded.answer(bare) == expected
        for prediction, record in zip(expected, bare, strict=True):
            shown = loaded.task.shown(prediction, record, top=2)
            assert json.loads(json.dumps(shown)) == shown
            assert loaded.task.brief(shown)
