"""The regime line, case by case."""

from types import SimpleNamespace

import pytest

from loanword.strategies.regime import WORDS, regime, regime_of
from loanword.strategies.strategy import SEES

AVERAGED = "weights averaged over the end of training, nothing selected"


def line(**changes):
    given = {"sources": ["en"], "targets": ["de", "sw"], "sees": (), "checkpoint": "averaged", "dev": ("en",)}
    return regime(**{**given, **changes})


def test_zero_shot():
    assert line() == (f"zero-shot: no target text or label seen in training or selection; trained on en; {AVERAGED}")
    assert line(dev=()) == line()


@pytest.mark.parametrize(
    ("checkpoint", "says"),
    [
        ("averaged", AVERAGED),
        ("last", "last weights, nothing selected"),
        ("source-dev-best", "weights selected on source dev (en)"),
    ],
)
def test_each_checkpoint_says_how_it_was_chosen(checkpoint, says):
    assert line(checkpoint=checkpoint).endswith(f"; {says}")


def test_stopping_by_dev_scores_is_selection():
    found = line(stopping=True)
    assert found.endswith("weights averaged over the end of training, their step selected on source dev (en)")
    assert "nothing selected" not in found
    best = line(stopping=True, checkpoint="source-dev-best")
    assert best.endswith("weights selected on source dev (en)")


def test_what_is_seen_is_said():
    found = line(sees={"target text", "dictionary"}, sources=["en", "fr"])
    assert found.startswith("not zero-shot: saw dictionary, target text; trained on en, fr; ")


def test_target_dev_is_not_zero_shot():
    found = line(dev=("en", "de", "sw"), checkpoint="source-dev-best")
    assert found.startswith("not zero-shot: saw dev labels of de and sw; ")
    assert found.endswith("weights selected on dev (en, de, sw)")
    assert line(dev=("de",)).startswith("not zero-shot: saw dev labels of de; ")


def test_no_target():
    assert line(targets=[]).startswith("no target language tested; trained on en; ")


def test_an_unknown_checkpoint_is_never_described():
    with pytest.raises(KeyError):
        line(checkpoint="best-on-test")


def test_chinese_says_the_same_things():
    assert set(WORDS["en"]) | set(SEES) <= set(WORDS["zh"])
    found = line(language="zh", sees={"target text"}, dev=("en", "de"), checkpoint="source-dev-best")
    assert found == "非零样本：用到了目标语言文本、de 的开发集标签；训练语言 en；权重由开发集（en、de）选定"


def run_of(*, patience=0, dev=("en",), sees=frozenset()):
    return SimpleNamespace(
        data=SimpleNamespace(train={"en": []}, dev=dict.fromkeys(dev, ()), test={"en": [], "de": []}),
        settings=SimpleNamespace(patience=patience),
        sees=sees,
    )


def test_a_run_is_described_by_what_it_holds():
    assert regime_of(run_of(), checkpoint="averaged") == line()
    assert regime_of(run_of(sees={"dictionary"}), checkpoint="last") == line(sees={"dictionary"}, checkpoint="last")
    assert regime_of(run_of(dev=("de",)), checkpoint="averaged") == line(dev=("de",))


def test_patience_is_selection_where_there_is_dev_data():
    assert "their step selected on source dev (en)" in regime_of(run_of(patience=2), checkpoint="averaged")
    assert "nothing selected" in regime_of(run_of(patience=2, dev=()), checkpoint="averaged")
