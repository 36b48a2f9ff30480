"""The model card: a README.md with one result per language, which the Hub reads."""

from __future__ import annotations

from loanword.deploy.portable import base_name, is_hub_id, model_name
from loanword.encoders.models import lookup
from loanword.evaluation.scores import Scores, TransferReport
from loanword.evaluation.words import visible
from loanword.language.tag import name

HERE = "path/to/this/folder"

HUB_METRICS = {"macro-f1": "f1", "micro-f1": "f1", "macro-label-f1": "f1"}
"""The Hub's names of metrics, where they are not ours."""

EXAMPLE = """```python
import loanword

model = loanword.load("{repo}")
model.predict(["..."])
```"""


def card(report: TransferReport, *, repo: str = HERE) -> str:
    """Write the card of the model that `report` is about: front matter, use, scores, regime.

    `repo` is what `loanword.load` shall be given. Names data and models, never the folders that they were in.
    """
    from huggingface_hub import EvalResult, ModelCardData

    entry = lookup(report.model)
    results = [
        EvalResult(
            task_type="text-classification",
            dataset_type=base_name(report.origins.get(tag, "")).removeprefix("hub:"),
            dataset_name=f"{base_name(report.origins.get(tag, ''))} ({tag})",
            dataset_config=tag,
            dataset_split="test",
            metric_type=HUB_METRICS.get(metric, metric),
            metric_name=metric,
            metric_value=round(interval.score, 4),
        )
        for tag, scores in report.languages.items()
        for metric, interval in scores.metrics.items()
    ]
    data = ModelCardData(
        language=sorted({tag.split("-")[0] for tag in (*report.sources, *report.languages)}),
        license=entry.licence.lower() or None,
        library_name="loanword",
        base_model=entry.hub_id or (report.model if is_hub_id(report.model) else None),
        pipeline_tag="text-classification",
        model_name="-".join([report.task, *report.sources]),
        eval_results=results or None,
        tags=["cross-lingual"],
    )
    rows = [
        f"| {name(tag)} | {tag} | {scores.n} | {_percent(scores.metrics[report.metric].score)} "
        f"| {_percent(scores.metrics[report.metric].low)} to {_percent(scores.metrics[report.metric].high)} "
        f"| {', '.join(_marks(scores))} |"
        for tag, scores in sorted(report.languages.items(), key=lambda i: -i[1].metrics[report.metric].score)
    ]
    named = ", ".join(name(tag) for tag in report.sources)
    sources, made = (f"trained on {named}", "Fine-tuned from") if named else ("by the names of its labels", "Made from")
    mean = report.mean_target
    headline = f"Mean over {len(report.targets)} target languages: {_percent(mean)} %." if mean is not None else ""
    return "\n".join(
        [
            "---",
            data.to_yaml().strip(),
            "---",
            "",
            f"# {report.task} model, {sources}",
            "",
            f"{made} `{model_name(report.model)}` with loanword {report.loanword_version}. "
            f"Labels: {', '.join(map(_code, report.labels))}.",
            "",
            EXAMPLE.format(repo=repo),
            "",
            f"**Regime**: {report.regime}.",
            "",
            f"## {report.metric} by language, 95 % interval",
            "",
            headline,
            "",
            "| language | tag | rows | % | interval | |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "The encoder loads with `transformers.AutoModel`, and its vectors of texts, where `modules.json` is there, "
            "with `sentence_transformers.SentenceTransformer`; head and temperature are in `head.safetensors`, labels, "
            "prefix and pooling in `loanword.json`.",
            "",
        ]
    )


def _marks(scores: Scores) -> list[str]:
    marks = {"trained on": scores.is_source, "no better than a constant answer!": scores.collapsed}
    return [mark for mark, holds in marks.items() if holds]


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"


def _code(label: str) -> str:
    return f"`{visible(' '.join(label.split())).replace('`', chr(39))}`"
