"""Held against torchmetrics' copy of SQuAD's evaluation for English; the rest by hand, from MLQA's rules."""

import numpy as np
import pytest
from torchmetrics.functional.text import squad

from loanword.data.records import Record, Span
from loanword.evaluation.answer_metrics import normalised
from loanword.evaluation.metrics import METRICS
from loanword.tasks.task import Prediction

WORDS = ["the", "a", "An", "Anna", "sings,", "well.", "U.S.", "1,000", "'til", "–", "Über", ""]


def label(*answers):
    return tuple(Span(0, len(answer), answer) for answer in answers)


def score(name, said, *right, language="en"):
    metric = METRICS.get(name)
    record = Record("text", language, label(*right))
    return metric.reduce(metric.rows([Prediction(label(said) if said else ())], [record]))


def test_english_is_squads():
    rng = np.random.default_rng(0)
    for _ in range(300):
        said, right = (" ".join(rng.choice(WORDS, rng.integers(1, 5))) for _ in range(2))
        if "–" in said + right:  # SQuAD's own list of punctuation is ASCII's.
            continue
        oracle = squad(
            {"id": "1", "prediction_text": said}, {"id": "1", "answers": {"text": [right], "answer_start": [0]}}
        )
        assert 100 * score("answer-f1", said, right) == pytest.approx(float(oracle["f1"])), (said, right)
        assert 100 * score("exact-match", said, right) == float(oracle["exact_match"])


def test_the_best_of_several_right_answers_counts():
    assert score("answer-f1", "Anna Smith", "Bob", "Anna") == pytest.approx(2 / 3)
    assert score("exact-match", "the Anna", "Bob", "anna!") == 1


def test_no_answer_is_right_where_there_is_none():
    assert score("answer-f1", "") == score("exact-match", "") == 1
    assert score("answer-f1", "Anna") == 0
    assert score("answer-f1", "", "Anna") == 0


@pytest.mark.parametrize(
    ("language", "answer", "expected"),
    [
        ("de", "Die Stadt, der Fluss!", ("stadt", "fluss")),
        ("es", "La casa de los Reyes", ("casa", "de", "reyes")),
        ("zh", "北京，中国2008", ("北", "京", "中", "国", "2008")),
        ("zh-Hant", "the 北京", ("the", "北", "京")),
        ("hi", "द राम।", ("द", "राम")),
        ("ar", "المدينة الكبيرة", ("مدينة", "كبيرة")),
        ("vi", "Của một người", ("một", "người")),
        ("ru", "В Москве.", ("в", "москве")),
    ],
)
def test_other_languages_by_their_rules(language, answer, expected):
    assert normalised(answer, language) == expected


def test_chinese_is_compared_by_character():
    assert score("answer-f1", "北京市", "北京", language="zh") == pytest.approx(0.8)
    assert score("answer-f1", "北京市", "北京", language="ru") == pytest.approx(0.8)
