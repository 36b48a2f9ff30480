"""The one line on every report that says what a run saw, and by what anything was chosen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loanword.evaluation.leaks import leaked
from loanword.evaluation.measure import Checkpoint
from loanword.evaluation.words import turned

if TYPE_CHECKING:
    from loanword.training.state import Run

WORDS = {
    "en": {
        "seen": "not zero-shot: saw {seen}",
        "untested": "no target language tested",
        "unknown": "not known to be zero-shot: what training saw is not recorded",
        "zero-shot": "zero-shot: no target text or label seen in training or selection",
        "no label": "zero-shot: no labelled text seen in any language",
        "text": "text of {tags}",
        "labels": "labels of {tags} in earlier training",
        "dev labels": "dev labels of {tags}",
        "rows": "test rows of {tags}",
        "other way": "the other direction of {tags}",
        "and": " and ",
        "list": ", ",
        "source dev": "source dev",
        "dev": "dev",
        "averaged": "weights averaged over the end of training, {chosen}",
        "last": "last weights, {chosen}",
        "source-dev-best": "weights selected on {by}",
        "not recorded": "how the weights were chosen is not recorded",
        "nothing": "nothing selected",
        "step": "their step selected on {by}",
        "by": "{dev} ({tags})",
        "somewhere": "languages that are not recorded",
        "earlier": "{sources}, before that on {tags}",
        "as it came": "not known to be zero-shot: the model as it came, nothing trained or selected here",
        "trained": "trained on {sources}",
        "by name": "labels known by name",
        "by name, after": "labels known by name, the encoder trained on {tags} before",
        "shifted": "{how}, scores shifted by unlabelled text of {tags}",
        "untrained": "no weights trained, nothing selected",
        "line": "{kind}; {how}; {weights}",
    },
    "zh": {
        "seen": "非零样本：用到了{seen}",
        "untested": "未测试目标语言",
        "unknown": "无法确认是零样本：训练时用到的内容未记录",
        "zero-shot": "零样本：训练和选择均未接触目标语言的文本或标签",
        "no label": "零样本：未使用任何语言的标注文本",
        "text": "{tags} 的文本",
        "labels": "此前训练中 {tags} 的标签",
        "dev labels": "{tags} 的开发集标签",
        "rows": "{tags} 的测试数据",
        "other way": "{tags} 的反方向数据",
        "and": "、",
        "list": "、",
        "source dev": "源语言开发集",
        "dev": "开发集",
        "averaged": "采用训练后段的平均权重，{chosen}",
        "last": "采用最后的权重，{chosen}",
        "source-dev-best": "权重由{by}选定",
        "not recorded": "权重的选定方式未记录",
        "nothing": "未做任何选择",
        "step": "训练步数由{by}选定",
        "by": "{dev}（{tags}）",
        "somewhere": "未记录",
        "earlier": "{sources}，此前的训练语言 {tags}",
        "as it came": "是否零样本未知：模型保持原样，此处未做任何训练或选择",
        "trained": "训练语言 {sources}",
        "by name": "标签仅由名称给出",
        "by name, after": "标签仅由名称给出，编码器此前的训练语言 {tags}",
        "shifted": "{how}，得分经 {tags} 的无标注文本校正",
        "untrained": "未训练权重，未做任何选择",
        "line": "{kind}；{how}；{weights}",
        "target text": "目标语言文本",
        "parallel text": "平行语料",
        "dictionary": "词典",
        "target labels": "目标语言标签",
    },
}


@dataclass(frozen=True, slots=True)
class Lineage:
    """What went into a model: all that its regime line is made of, whatever languages it is tested on.

    `sources` were trained on; `dev` are the languages of the dev data; `sees` is what was looked at of other languages;
    `stopping` says that dev scores decided when training ended. `checkpoint` ships; None means that only the sources
    are known. `earlier` is the lineage of the bundle that training started from. A checkpoint without any sources is
    the model as it came.

    `names` are what the labels were said to be about where nothing was trained, for no text had one; `texts` are the
    languages of the unlabelled texts that were looked at for that. `leaked` are the tested languages of which the
    training or dev data held test rows.
    """

    sources: tuple[str, ...]
    dev: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    stopping: bool = False
    checkpoint: Checkpoint | None = None
    earlier: Lineage | None = None
    names: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    leaked: tuple[str, ...] = ()

    @property
    def of_encoder(self) -> Lineage | None:
        """The lineage of the encoder alone: labels that are known by name leave it as it was."""
        return self.earlier if self.names else self

    @property
    def trainings(self) -> tuple[Lineage, ...]:
        """This training and all earlier ones, latest first."""
        return (self, *(self.earlier.trainings if self.earlier else ()))

    @property
    def trained_on(self) -> tuple[str, ...]:
        """All languages that the model ever learned labels of, the latest first."""
        return tuple(dict.fromkeys(tag for one in self.trainings for tag in one.sources))


def lineage_of(run: Run, *, earlier: Lineage | None) -> Lineage:
    """Return the lineage of what `run` trains, from a model of lineage `earlier`; its checkpoint is yet to come."""
    return Lineage(
        sources=tuple(run.data.train),
        dev=tuple(run.data.dev),
        sees=tuple(sorted(run.sees)),
        stopping=bool(run.settings.patience and run.data.dev),
        earlier=earlier,
        leaked=tuple(leaked(run.data)),
    )


def regimes(lineage: Lineage, *, tested: Collection[str]) -> dict[str, Any]:
    """Return the line in both languages, as the fields of a report."""
    return {"regime": regime(lineage, tested=tested), "regime_zh": regime(lineage, tested=tested, language="zh")}


def regime(lineage: Lineage, *, tested: Collection[str], language: str = "en") -> str:
    """Describe the regime of scores in the languages `tested`: true zero-shot, or what of the targets was seen.

    Dev data in a language that was never trained on makes it target-dev, not zero-shot; so does a tested language that
    the model had learned before this training, whose texts were looked at, or whose test rows stood in the training
    data; and a pair of languages that was trained on in the other direction. `language` is that of the line: "en" or
    "zh".
    """
    words = WORDS[language]
    trained = lineage.trained_on
    if lineage.checkpoint and not trained:
        return words["as it came"]
    latest = next((one for one in lineage.trainings if one.sources), lineage)
    again = [tag for tag in trained if tag in tested and tag not in latest.sources]
    read = [tag for tag in lineage.texts if tag in tested and tag not in trained]
    foreign = [tag for tag in dict.fromkeys(tag for one in lineage.trainings for tag in one.dev) if tag not in trained]
    held = [tag for one in lineage.trainings for tag in one.leaked if tag in tested and tag not in trained]
    back = [tag for tag in tested if tag not in trained and turned(tag) in trained]
    seen = [words.get(what, what) for what in sorted({what for one in lineage.trainings for what in one.sees})]
    several = {"text": read, "labels": again, "dev labels": foreign, "rows": held, "other way": back}
    for what, found in several.items():
        seen += [words[what].format(tags=words["and"].join(dict.fromkeys(found)))] if found else []
    if seen:
        kind = "seen"
    elif not set(tested) - set(trained):
        kind = "untested"
    elif lineage.names and not lineage.earlier:
        kind = "no label"
    else:
        kind = "zero-shot" if all(one.checkpoint or one.names for one in lineage.trainings) else "unknown"
    known = words["list"].join(trained) or words["somewhere"]
    if lineage.names:
        how, weights = words["by name, after" if lineage.earlier else "by name"].format(tags=known), words["untrained"]
        how = words["shifted"].format(how=how, tags=words["list"].join(lineage.texts)) if lineage.texts else how
    else:
        how, weights = words["trained"].format(sources=_sources(lineage, words)), _weights(lineage, words)
    kind = words[kind].format(seen=words["list"].join(seen))
    return words["line"].format(kind=kind, how=how, weights=weights)


def _sources(lineage: Lineage, words: Mapping[str, str]) -> str:
    sources = words["list"].join(lineage.sources) or words["somewhere"]
    if not lineage.earlier:
        return sources
    tags = words["list"].join(lineage.earlier.trained_on) or words["somewhere"]
    return words["earlier"].format(sources=sources, tags=tags)


def _weights(lineage: Lineage, words: Mapping[str, str]) -> str:
    dev = "source dev" if set(lineage.dev) <= set(lineage.sources) else "dev"
    by = words["by"].format(dev=words[dev], tags=words["list"].join(lineage.dev))
    chosen = words["step"].format(by=by) if lineage.stopping else words["nothing"]
    return words[lineage.checkpoint or "not recorded"].format(by=by, chosen=chosen)
