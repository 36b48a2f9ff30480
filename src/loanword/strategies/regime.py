"""The one line on every report that says what a run saw, and by what anything was chosen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loanword.training.state import Run

WORDS = {
    "en": {
        "seen": "not zero-shot: saw {seen}",
        "untested": "no target language tested",
        "zero-shot": "zero-shot: no target text or label seen in training or selection",
        "dev labels": "dev labels of {tags}",
        "and": " and ",
        "list": ", ",
        "source dev": "source dev",
        "dev": "dev",
        "averaged": "weights averaged over the end of training, {chosen}",
        "last": "last weights, {chosen}",
        "source-dev-best": "weights selected on {by}",
        "nothing": "nothing selected",
        "step": "their step selected on {by}",
        "by": "{dev} ({tags})",
        "line": "{kind}; trained on {sources}; {weights}",
    },
    "zh": {
        "seen": "非零样本：用到了{seen}",
        "untested": "未测试目标语言",
        "zero-shot": "零样本：训练和选择均未接触目标语言的文本或标签",
        "dev labels": "{tags} 的开发集标签",
        "and": "、",
        "list": "、",
        "source dev": "源语言开发集",
        "dev": "开发集",
        "averaged": "采用训练后段的平均权重，{chosen}",
        "last": "采用最后的权重，{chosen}",
        "source-dev-best": "权重由{by}选定",
        "nothing": "未做任何选择",
        "step": "训练步数由{by}选定",
        "by": "{dev}（{tags}）",
        "line": "{kind}；训练语言 {sources}；{weights}",
        "target text": "目标语言文本",
        "parallel text": "平行语料",
        "dictionary": "词典",
        "target labels": "目标语言标签",
    },
}


def regime(
    *,
    sources: Sequence[str],
    targets: Sequence[str],
    sees: Collection[str],
    checkpoint: str,
    dev: Sequence[str],
    stopping: bool = False,
    language: str = "en",
) -> str:
    """Describe the regime: true zero-shot, or what of the target languages was seen.

    `dev` are the languages of the dev data; one that is no source makes a run target-dev, not zero-shot. `stopping`
    says that dev scores decided when training ended. `language` is that of the line: "en" or "zh".
    """
    words = WORDS[language]
    foreign = [tag for tag in dev if tag not in sources]
    seen = [words.get(what, what) for what in sorted(sees)]
    if foreign:
        seen.append(words["dev labels"].format(tags=words["and"].join(foreign)))
    kind = "seen" if seen else "zero-shot" if targets else "untested"
    by = words["by"].format(dev=words["dev" if foreign else "source dev"], tags=words["list"].join(dev))
    chosen = words["step"].format(by=by) if stopping else words["nothing"]
    return words["line"].format(
        kind=words[kind].format(seen=words["list"].join(seen)),
        sources=words["list"].join(sources),
        weights=words[checkpoint].format(by=by, chosen=chosen),
    )


def regime_of(run: Run, *, checkpoint: str, language: str = "en") -> str:
    """Describe the regime of `run`, whose `checkpoint` ships."""
    return regime(
        sources=tuple(run.data.train),
        targets=[tag for tag in run.data.test if tag not in run.data.train],
        sees=run.sees,
        checkpoint=checkpoint,
        dev=tuple(run.data.dev),
        stopping=bool(run.settings.patience and run.data.dev),
        language=language,
    )
