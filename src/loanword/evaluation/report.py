"""A TransferReport on disk: JSON for programs, Markdown for reviews, one HTML file for everybody else."""

from __future__ import annotations

import json
import logging
import math
import os
import re
from dataclasses import asdict
from pathlib import Path
from statistics import fmean
from typing import Any

from jinja2 import Environment, PackageLoader

from loanword.errors import MissingExtra
from loanword.evaluation.calibration import calibration_errors
from loanword.evaluation.facts import memory
from loanword.evaluation.leaks import leaks
from loanword.evaluation.reading import advice, comparable_gaps, other_way
from loanword.evaluation.report_html import html
from loanword.evaluation.report_view import ends, regime, span, view
from loanword.evaluation.scores import Scores, TransferReport
from loanword.evaluation.words import Words, family, number, percent, script, visible

FORMAT_VERSION = 1
"""Rises when a key of report.json changes its meaning or goes away; new keys do not raise it."""

FILES = ("report.json", "report.md", "report.html")
"""What `write` writes."""

FEW = 6
"""Target languages up to which the summary names each of them."""

ENDS = 3
"""Languages named at either end of the summary where there are more."""

logger = logging.getLogger(__name__)


def to_dict(report: TransferReport) -> dict[str, Any]:
    """Return the stable JSON form of `report`; scores are fractions of 1, numbers that are not finite are null."""
    contract = {
        "format_version": FORMAT_VERSION,
        "loanword_version": report.loanword_version,
        "task": report.task,
        "model": report.model,
        "regime": report.regime,
        "metric": report.metric,
        "seed": report.seed,
        "checkpoint": report.checkpoint,
        "temperature": report.temperature,
        "sources": report.sources,
        "labels": report.labels,
        "mean_target": report.mean_target,
        "worst_target": report.worst_target,
        "collapsed": report.collapsed,
        "languages": {tag: _language(report, scores) for tag, scores in report.languages.items()},
        "seconds": {"train": None, "evaluate": None} | report.seconds,
        "tokens_per_second": report.tokens_per_second,
        "peak_memory_bytes": report.peak_memory_bytes,
        "training": report.training,
        "machine": report.machine,
        "versions": report.versions,
        "command": report.command,
        "recipe": report.recipe,
        "notes": report.notes,
    }
    found: dict[str, Any] = _finite(contract)
    return found


def write(report: TransferReport, folder: Path, *, language: str = "en") -> dict[str, Path]:
    """Write report.json, report.md and report.html into `folder`, each at once or not at all.

    The HTML file needs the extra "report"; without it the file is left out of the answer, the log says why, and one
    from an earlier run is removed, since it would contradict the others.

    Returns:
        The paths by format: "json", "md" and, if it was written, "html".
    """
    texts = {"json": json.dumps(to_dict(report), ensure_ascii=False, indent=2, allow_nan=False) + "\n"}
    texts["md"] = markdown(report, language=language)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        texts["html"] = html(report, language=language)
    except MissingExtra as missing:
        logger.warning("report.html was left out: %s", missing)
        (folder / "report.html").unlink(missing_ok=True)
    paths = {kind: folder / f"report.{kind}" for kind in texts}
    for kind, path in paths.items():
        part = path.with_name(f".{path.name}.{os.getpid()}")
        # A lone surrogate in somebody's label must not cost the whole report.
        part.write_bytes(texts[kind].encode("utf-8", errors="backslashreplace"))
        part.replace(path)
    return paths


def is_ours(folder: Path, name: str = "report.json", also: str = "loanword_version") -> bool:
    """Say whether the reports in `folder` are loanword's: the one called `name` says its version, and `also`."""
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
        return bool(found["loanword_version"] and found[also])
    except (OSError, ValueError, TypeError, KeyError):
        return False


def markdown(report: TransferReport, *, language: str = "en") -> str:
    """Return the report as GitHub-flavoured Markdown."""
    loader = PackageLoader("loanword.evaluation", "templates")
    environment = Environment(loader=loader, finalize=_quoted, trim_blocks=True, lstrip_blocks=True, autoescape=False)
    template = environment.get_template("report.md.jinja")
    return template.render(view=view(report, language=language), say=Words(language), fenced=_Fenced) + "\n"


def summary(report: TransferReport, *, language: str = "en") -> str:
    """Return some plain lines for a terminal: the scores, collapsed languages, the regime, the cost, notes.

    A few target languages are named each, of many those at both ends.
    """
    words = Words(language)
    main = {tag: scores.metrics[report.metric] for tag, scores in report.languages.items()}
    names = {tag: words.pair(words.name(tag), percent(main[tag].score)) for tag in report.languages}
    lines = [*_targets(report, names, words), *_doubts(report, words)]
    sources = [names[tag] for tag in report.languages if report.languages[tag].is_source]
    if sources:
        metric = words.named("metrics", report.metric)
        lines.append(words("sum_source", names=words("comma").join(sources), metric=metric))
    if report.collapsed:
        listed, todo = words("comma").join(names[tag] for tag in report.collapsed), advice(report, language=language)
        lines.append(words("sum_collapsed", n=len(report.collapsed), names=listed, advice=todo))
    gaps = comparable_gaps(report)
    if gaps:
        lines.append(words("sum_gap", gap=words.points(fmean(gaps)), n=len(gaps)))
    elif report.targets and report.sources:
        lines.append(words("sum_gap_none") if sources else words("sum_gap_untested"))
    lines += _calibration(report, words)
    lines.append(words("sum_regime", regime=regime(report, language=language)))
    checkpoint, task = words.named("candidates", report.checkpoint), words.named("tasks", report.task)
    lines.append(words("sum_run", task=task, model=report.model, seed=str(report.seed), checkpoint=checkpoint))
    spent = {key: words.duration(report.seconds.get(key, math.nan)) for key in ("train", "evaluate")}
    speed = number(report.tokens_per_second, digits=0)
    cost = "sum_cost" if report.seconds.get("train") else "sum_cost_evaluate"
    lines.append(words(cost, **spent, speed=speed, memory=memory(report.peak_memory_bytes)))
    lines += [words("sum_note", note=note) for note in report.notes]
    return "\n".join(visible(line.replace("\n", " ")) for line in lines)


def _targets(report: TransferReport, names: dict[str, str], words: Words) -> list[str]:
    """The first lines of the summary: the one target, each of a few, or the mean and both ends of many."""
    targets, metric = report.targets, words.named("metrics", report.metric)
    if report.mean_target is None:
        return [words("read_none")]
    main = {tag: report.languages[tag].metrics[report.metric] for tag in targets}
    if len(targets) == 1:
        only = {"name": words.name(targets[0]), "score": percent(report.mean_target), "metric": metric}
        only["interval"] = ends(main[targets[0]])
        if leak := leaks(report).get(targets[0]):
            return [words("sum_target_leak", **only, n=str(leak.leaked), rows=str(leak.n))]
        return [words("sum_target_turned" if other_way(report) else "sum_target", **only)]
    mean = {"metric": metric, "n": len(targets), "mean": percent(report.mean_target)}
    if len(targets) <= FEW:
        each = [words.pair(words.name(tag), span(main[tag], words)) for tag in reversed(targets)]
        return [words("sum_few", **mean), words("sum_each", names=words("comma").join(each))]
    low, high = (percent(main[tag].score) for tag in (targets[0], targets[-1]))
    best, worst = targets[: -ENDS - 1 : -1], targets[:ENDS]
    return [
        words("sum_mean", **mean, low=low, high=high),
        words("sum_best", names=words("comma").join(names[tag] for tag in best)),
        words("sum_worst", names=words("comma").join(names[tag] for tag in worst)),
    ]


def _doubts(report: TransferReport, words: Words) -> list[str]:
    """What stands in the way of reading the scores as transfer: leaks, pairs that were trained on the other way."""
    turned, found = other_way(report), leaks(report).items()
    each = [words("sum_leak_rows", name=words.name(tag), n=str(one.leaked), rows=str(one.n)) for tag, one in found]
    said = [words("sum_leak", names=words("comma").join(each))] if each else []
    several = turned and len(report.targets) > 1
    return [*said, words("sum_turned", names=words("comma").join(map(words.name, turned)))] if several else said


def _calibration(report: TransferReport, words: Words) -> list[str]:
    before, after, noise = calibration_errors(report)
    if not math.isfinite(after):
        return []
    found = {"before": percent(before), "after": percent(after), "noise": percent(noise)}
    keys = ("sum_uncalibrated", "sum_uncalibrated_noise")
    if report.temperature != 1:
        keys = ("sum_calibration", "sum_calibration_noise")
    return [words(keys[math.isfinite(noise)], temperature=number(report.temperature, digits=2), **found)]


def _language(report: TransferReport, scores: Scores) -> dict[str, Any]:
    main = scores.metrics[report.metric]
    gap = scores.gap.interval
    return {
        **asdict(main),
        "n": scores.n,
        "groups": scores.groups,
        "source": scores.is_source,
        "trivial": scores.trivial,
        "collapsed": scores.collapsed,
        "gap": gap.score if gap else None,
        "gap_low": gap.low if gap else None,
        "gap_high": gap.high if gap else None,
        "gap_basis": scores.gap.basis,
        "gap_n": scores.gap.n,
        "metrics": {name: asdict(interval) for name, interval in scores.metrics.items()},
        "candidates": {name: asdict(interval) for name, interval in scores.candidates.items()},
        "ece": scores.ece,
        "ece_raw": scores.ece_raw,
        "ece_noise": scores.ece_noise,
        "reliability": [asdict(one) for one in scores.reliability],
        "confusions": [asdict(one) for one in scores.confusions],
        "breakdown": scores.breakdown,
        "fertility": scores.fertility,
        "unknown": scores.unknown,
        "truncated": scores.truncated,
        "windows": scores.windows,
        "leaked": scores.leaked,
        "script": script(scores.language),
        "family": family(scores.language),
        "origin": report.origins.get(scores.language, ""),
    }


def _finite(value: Any) -> Any:
    """Copy `value` with lists for tuples and None for numbers that JSON cannot write."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


class _Fenced(str):
    """A block of code, fenced so that nothing in it can end it."""

    def __new__(cls, text: str, language: str = "") -> _Fenced:
        longest = max((len(run) for run in re.findall("`+", text)), default=0)
        fence = "`" * max(3, longest + 1)
        return super().__new__(cls, f"{fence}{language}\n{visible(text)}\n{fence}")


def _quoted(value: Any) -> Any:
    """Make text harmless in Markdown: no markup, no HTML, one line, no table cell more than meant."""
    if not isinstance(value, str) or isinstance(value, _Fenced):
        return value
    text = visible(re.sub(r"\s+", " ", value))
    return re.sub(r"([\\`*_\[\]|~])", r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
