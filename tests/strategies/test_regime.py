"""The regime line, case by case."""

from types import SimpleNamespace

import pytest

from loanword.data.records import Table
from loanword.strategies.regime import WORDS, Lineage, lineage_of, regime, regimes
from loanword.strategies.strategy import SEES

AVERAGED = "weights averaged over the end of training, nothing selected"


def line(*, tested=("en", "de", "sw"), language="en", **changes):
    given = {"sources": ("en",), "dev": ("en",), "checkpoint": "averaged"}
    return regime(Lineage(**{**given, **changes}), tested=tested, language=language)


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


def test_a_model_as_it_came_was_not_trained():
    english = "not known to be zero-shot: the model as it came, nothing trained or selected here"
    assert line(sources=(), dev=()) == english
    assert line(sources=(), dev=(), language="zh") == "是否零样本未知：模型保持原样，此处未做任何训练或选择"
    earlier = Lineage(("de",), checkpoint="last")
    assert "trained on" in line(sources=(), dev=(), earlier=earlier)
    assert line(sources=(), dev=(), checkpoint=None).startswith("not known to be zero-shot")


def test_stopping_by_dev_scores_is_selection():
    found = line(stopping=True)
    assert found.endswith("weights averaged over the end of training, their step selected on source dev (en)")
    assert "nothing selected" not in found
    best = line(stopping=True, checkpoint="source-dev-best")
    assert best.endswith("weights selected on source dev (en)")


def test_what_is_seen_is_said():
    found = line(sees=("dictionary", "target text"), sources=("en", "fr"))
    assert found.startswith("not zero-shot: saw dictionary, target text; trained on en, fr; ")


def test_target_dev_is_not_zero_shot():
    found = line(dev=("en", "de", "sw"), checkpoint="source-dev-best")
    assert found.startswith("not zero-shot: saw dev labels of de and sw; ")
    assert found.endswith("weights selected on dev (en, de, sw)")
    assert line(dev=("de",)).startswith("not zero-shot: saw dev labels of de; ")


def test_no_target():
    assert line(tested=["en"]) == line(tested=[])
    assert line(tested=[]).startswith("no target language tested; trained on en; ")


def test_an_unknown_checkpoint_is_never_described():
    with pytest.raises(KeyError):
        line(checkpoint="best-on-test")


def test_chinese_says_the_same_things():
    assert set(WORDS["en"]) | SEES <= set(WORDS["zh"])
    found = line(language="zh", sees=("target text",), dev=("en", "de"), checkpoint="source-dev-best")
    assert found == "非零样本：用到了目标语言文本、de 的开发集标签；训练语言 en；权重由开发集（en、de）选定"


def test_a_tested_language_that_was_learned_before_is_not_zero_shot():
    before = Lineage(sources=("de",), dev=("de",), checkpoint="averaged")
    found = line(earlier=before)
    assert found.startswith("not zero-shot: saw labels of de in earlier training; trained on en, before that on de; ")
    assert line(earlier=before, tested=["sw"]).startswith("zero-shot: ")
    assert line(earlier=before, tested=["en"]).startswith("no target language tested; trained on en, before that on de")
    chinese = line(earlier=before, language="zh")
    assert chinese.startswith("非零样本：用到了此前训练中 de 的标签；训练语言 en，此前的训练语言 de；")


def test_all_that_was_ever_seen_counts():
    first = Lineage(sources=("fr",), sees=("dictionary",), checkpoint="last")
    second = Lineage(sources=("en",), dev=("sw",), checkpoint="last", earlier=first)
    found = line(earlier=second)
    assert found.startswith("not zero-shot: saw dictionary, dev labels of sw; trained on en, before that on en, fr; ")
    assert Lineage(sources=("de",), earlier=second).trained_on == ("de", "en", "fr")


def test_what_is_not_recorded_is_not_claimed():
    assert line(checkpoint=None) == (
        "not known to be zero-shot: what training saw is not recorded; trained on en; "
        "how the weights were chosen is not recorded"
    )
    found = line(earlier=Lineage(sources=()))
    assert found.startswith("not known to be zero-shot: ")
    assert "; trained on en, before that on languages that are not recorded; weights averaged" in found
    chinese = line(language="zh", sources=(), dev=(), checkpoint=None)
    assert chinese == "无法确认是零样本：训练时用到的内容未记录；训练语言 未记录；权重的选定方式未记录"


def test_a_report_has_both_lines():
    lineage = Lineage(sources=("en",), checkpoint="last")
    assert regimes(lineage, tested=["de"]) == {
        "regime": line(dev=(), checkpoint="last"),
        "regime_zh": line(dev=(), checkpoint="last", language="zh"),
    }


def rows(tag, *texts):
    return Table(tag, list(texts), ["a"] * len(texts))


def run_of(*, patience=0, dev=("en",), sees=frozenset(), test=("eins",)):
    return SimpleNamespace(
        data=SimpleNamespace(
            train={"en": rows("en", "one", "two")},
            dev={tag: rows(tag, "three") for tag in dev},
            test={"en": rows("en", "four"), "de": rows("de", *test)},
        ),
        settings=SimpleNamespace(patience=patience),
        sees=sees,
    )


def test_a_run_is_described_by_what_it_holds():
    assert lineage_of(run_of(), earlier=None) == Lineage(sources=("en",), dev=("en",))
    before = Lineage(sources=("de",))
    found = lineage_of(run_of(sees={"target text", "dictionary"}, dev=("de",)), earlier=before)
    assert found == Lineage(sources=("en",), dev=("de",), sees=("dictionary", "target text"), earlier=before)


def test_test_rows_that_were_trained_on_are_seen():
    """Held out as dev or not; in a language that was trained on anyway they change nothing."""
    assert lineage_of(run_of(test=("one", "eins")), earlier=None).leaked == ("de",)
    assert lineage_of(run_of(test=("three",)), earlier=None).leaked == ("de",)
    assert lineage_of(run_of(), earlier=None).leaked == ()
    assert line(leaked=("de", "en")) == (f"not zero-shot: saw test rows of de; trained on en; {AVERAGED}")
    assert line(leaked=("fr", "en")) == line()
    assert line(leaked=("de",), language="zh").startswith("非零样本：用到了de 的测试数据；")
    before = Lineage(sources=("en",), checkpoint="last", leaked=("de",))
    assert line(earlier=before).startswith("not zero-shot: saw test rows of de; trained on en, before that on en;")


def test_a_pair_that_is_only_turned_round_is_not_zero_shot():
    pairs = {"sources": ("en:de",), "dev": ("en:de",)}
    found = line(**pairs, tested=["de:en", "fr:en"])
    assert found == f"not zero-shot: saw the other direction of de:en; trained on en:de; {AVERAGED}"
    assert line(**pairs, tested=["fr:en"]).startswith("zero-shot: ")
    assert line(sources=("en:de", "de:en"), dev=(), tested=["de:en"]).startswith("no target language tested")
    assert line(**pairs, tested=["de:en"], language="zh").startswith("非零样本：用到了de:en 的反方向数据；")


def test_patience_is_selection_where_there_is_dev_data():
    assert lineage_of(run_of(patience=2), earlier=None).stopping
    assert not lineage_of(run_of(patience=2, dev=()), earlier=None).stopping
    assert not lineage_of(run_of(), earlier=None).stopping


NAMES = {"sources": (), "dev": (), "checkpoint": None, "names": ("about food", "about trips")}
NOTHING = "no weights trained, nothing selected"


def test_labels_by_name_alone_are_zero_shot():
    assert line(**NAMES) == (f"zero-shot: no labelled text seen in any language; labels known by name; {NOTHING}")
    assert (
        line(**NAMES, language="zh") == "零样本：未使用任何语言的标注文本；标签仅由名称给出；未训练权重，未做任何选择"
    )
    assert line(**NAMES, tested=[]).startswith("no target language tested; labels known by name; ")


def test_texts_of_tested_languages_are_seen_and_others_are_not():
    found = line(**NAMES, texts=("de", "fr", "sw"))
    by_name = "labels known by name, scores shifted by unlabelled text of"
    assert found == f"not zero-shot: saw text of de and sw; {by_name} de, fr, sw; {NOTHING}"
    assert line(**NAMES, texts=("fr",)) == (
        f"zero-shot: no labelled text seen in any language; {by_name} fr; {NOTHING}"
    )
    chinese = line(**NAMES, texts=("fr", "ja"), language="zh")
    assert "；标签仅由名称给出，得分经 fr、ja 的无标注文本校正；" in chinese
    assert line(**NAMES, texts=("de",), language="zh").startswith("非零样本：用到了de 的文本；")


def test_labels_by_name_for_an_encoder_that_was_trained_before():
    before = Lineage(sources=("en",), dev=("en",), checkpoint="averaged")
    found = line(**NAMES, earlier=before)
    assert found == (
        "zero-shot: no target text or label seen in training or selection; "
        f"labels known by name, the encoder trained on en before; {NOTHING}"
    )
    told = line(**NAMES, earlier=before, texts=("en",))
    assert told == found.replace("en before", "en before, scores shifted by unlabelled text of en")
    unknown = line(**NAMES, earlier=Lineage(sources=()))
    assert unknown.startswith("not known to be zero-shot: ")
    first = Lineage(sources=("sw",), checkpoint="last")
    both = line(**NAMES, earlier=Lineage(sources=("en",), checkpoint="last", earlier=first))
    assert both.startswith("not zero-shot: saw labels of sw in earlier training; ")


def test_what_labels_are_called_leaves_an_encoder_as_it_was():
    before = Lineage(sources=("en",), checkpoint="last")
    assert Lineage(sources=(), names=("a", "b"), earlier=before).of_encoder == before
    assert Lineage(sources=(), names=("a", "b")).of_encoder is None
    assert before.of_encoder == before
