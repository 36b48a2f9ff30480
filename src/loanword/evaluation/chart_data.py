"""The numbers behind the charts: one flat row a language, and the few statistics that pictures need."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from loanword.evaluation.calibration import BINS
from loanword.evaluation.scores import Bin, Scores, TransferReport
from loanword.evaluation.words import Words, number, percent, script


def comparable(report: TransferReport) -> tuple[list[str], list[str]]:
    """Return the names of the candidates and the target languages in which all of them were scored."""
    fullest = sorted(report.targets, key=lambda tag: -len(report.languages[tag].candidates))
    names = list(dict.fromkeys(name for tag in fullest for name in report.languages[tag].candidates))
    return names, [tag for tag in report.targets if all(name in report.languages[tag].candidates for name in names)]


def pooled(diagrams: Iterable[Sequence[Bin]]) -> list[Bin]:
    """Merge the reliability diagrams of several languages, bin by bin, weighted by rows; empty bins are left out."""
    merged: dict[int, list[Bin]] = {}
    for one in (one for diagram in diagrams for one in filled(diagram)):
        merged.setdefault(min(int(one.confidence * BINS), BINS - 1), []).append(one)
    found = []
    for _, bins in sorted(merged.items()):
        n = sum(one.n for one in bins)
        confidence = sum(one.confidence * one.n for one in bins) / n
        found.append(Bin(confidence=confidence, accuracy=sum(one.accuracy * one.n for one in bins) / n, n=n))
    return found


def bin_row(one: Bin, *, series: str) -> dict[str, Any]:
    """Flatten one bin of the diagram that is called `series`."""
    return {
        "series": series,
        "confidence": one.confidence,
        "accuracy": one.accuracy,
        "n": one.n,
        "confidence_text": percent(one.confidence),
        "accuracy_text": percent(one.accuracy),
    }


def filled(diagram: Sequence[Bin]) -> Iterable[Bin]:
    """Keep the bins that hold rows."""
    return (one for one in diagram if one.n > 0 and finite(one.confidence, one.accuracy))


def finite(*values: float) -> bool:
    """Whether all `values` are numbers."""
    return all(map(math.isfinite, values))


def labelled(tag: str, words: Words) -> str:
    """The name with the tag, which keeps two varieties of a language apart."""
    name = words.name(tag)
    return name if name == tag else f"{name} · {tag}"


def language_rows(report: TransferReport, words: Words) -> list[dict[str, Any]]:
    """One flat row a language with a finite score, best first: the data of most charts."""
    found = [row(scores, report.metric, words) for scores in report.languages.values()]
    return sorted((one for one in found if finite(one["score"])), key=lambda one: (-one["score"], one["tag"]))


def row(scores: Scores, metric: str, words: Words) -> dict[str, Any]:
    """Flatten one language: the numbers to draw and, as ``*_text``, the same numbers to read."""
    main = scores.metrics[metric]
    gap = scores.gap.interval
    low, high = (value if finite(value) else main.score for value in (main.low, main.high))
    return {
        "tag": scores.language,
        "name": words.name(scores.language),
        "label": labelled(scores.language, words),
        "script": words.script(scores.language),
        "script_code": script(scores.language),
        "family": words.family(scores.language),
        "is_source": scores.is_source,
        "collapsed": scores.collapsed,
        "score": main.score,
        "low": low,
        "high": high,
        "trivial": scores.trivial if finite(scores.trivial) else None,
        "fertility": scores.fertility,
        "ece": scores.ece,
        "ece_raw": scores.ece_raw,
        "score_text": percent(main.score),
        "interval_text": words("span", low=percent(low), high=percent(high)),
        "trivial_text": percent(scores.trivial),
        "gap_text": words("basis_not_comparable") if gap is None else words.points(gap.score),
        "ece_text": f"{percent(scores.ece_raw)} → {percent(scores.ece)}",
        "fertility_text": number(scores.fertility, digits=2),
        "n_text": number(scores.n, digits=0),
    }


def plain(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def outliers(points: Sequence[tuple[float, float]], *, most: int = 5) -> list[bool]:
    """Mark the points that lie more than 1.5 standard deviations off the least-squares line, at most `most`."""
    if len(points) < 3:
        return [True] * len(points)
    mean_x, mean_y = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    off = [abs(y - mean_y - slope * (x - mean_x)) for x, y in points]
    limit = 1.5 * math.sqrt(fmean(value**2 for value in off))
    furthest = sorted(range(len(off)), key=lambda place: -off[place])[:most]
    return [place in furthest and value > limit > 0 for place, value in enumerate(off)]
