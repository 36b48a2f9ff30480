"""Held against sacrebleu for chrF and BLEU; ROUGE-L by hand, in scripts that the usual package does not know."""

import pytest
import sacrebleu

from loanword.data.records import Record
from loanword.evaluation.intervals import bootstrap
from loanword.evaluation.metrics import METRICS
from loanword.tasks.task import Prediction

SAID = ["the kettle is warm", "two goats", "nobody counted chairs", ""]
WANTED = ["the kettle is still warm", "two goats followed", "nobody counted the chairs twice", "a red kite"]


def rows(name, said, wanted, *, language="en"):
    records = [Record("source", "fr", pair=text, pair_language=language) for text in wanted]
    return METRICS.get(name).rows([Prediction(text) for text in said], records)


def score(name, said, wanted, **options):
    return METRICS.get(name).reduce(rows(name, said, wanted, **options))


def test_chrf_and_bleu_are_sacrebleus():
    assert 100 * score("chrf", SAID, WANTED) == pytest.approx(sacrebleu.corpus_chrf(SAID, [WANTED]).score)
    assert 100 * score("bleu", SAID, WANTED) == pytest.approx(sacrebleu.corpus_bleu(SAID, [WANTED]).score)
    said, wanted = ["水壶还是热的吗"], ["水壶还是热的"]
    expected = sacrebleu.corpus_bleu(said, [wanted], tokenize="zh").score
    assert 100 * score("bleu", said, wanted, language="zh-Hans") == pytest.approx(expected)
    assert score("bleu", ["กาน้ำยังอุ่น"], ["กาน้ำยังอุ่น"], language="th") == pytest.approx(1)


def test_any_part_of_the_rows_has_its_score():
    metric, every = METRICS.get("chrf"), rows("chrf", SAID, WANTED)
    for kept in ([0, 1], [2], [1, 3]):
        expected = sacrebleu.corpus_chrf([SAID[n] for n in kept], [[WANTED[n] for n in kept]]).score
        assert 100 * metric.reduce(every[kept]) == pytest.approx(expected)
    found = bootstrap(every, metric, groups=[""] * 4, count=100)
    assert found.low <= found.score <= found.high


@pytest.mark.parametrize(
    ("said", "wanted", "expected"),
    [
        ("the cat sat", "the cat sat down", 6 / 7),
        ("The Cat, sat!", "the cat sat", 1.0),
        ("水壶热", "水壶还是热的", 6 / 9),
        ("चाय गर्म है", "चाय है", 4 / 5),
        ("b a", "a b", 1 / 2),
        ("", "a", 0.0),
        ("", "", 1.0),
    ],
)
def test_rouge_l_by_hand(said, wanted, expected):
    assert score("rouge-l", [said], [wanted]) == pytest.approx(expected)
