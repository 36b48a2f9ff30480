"""The numbers behind the charts: one flat row a language, and the few statistics that pictures need."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any

from loanword.evaluation.calibration import BINS
from loanword.evaluation.chart_theme import SCRIPTS
from loanword.evaluation.leaks import leaks
from loanword.evaluation.scores import Bin, Scores, TransferReport
from loanword.evaluation.words import Words, is_segmented, number, percent, script

RATIOS = frozenset({"length-to-that-of-the-references"})
"""Parts of the answers that are no shares: they have no place on an axis of scores."""

LEAST = 0.1
"""What an axis of scores spans at least, so that near scores look near."""

SIDES = {
    "right": ("left", 10, 0),
    "left": ("right", -10, 0),
    "above": ("center", 0, -14),
    "below": ("center", 0, 14),
}
"""Where a name may stand beside its dot: how it is aligned, and how far from the dot it is."""


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


def has_gaps(report: TransferReport) -> bool:
    """Whether any language has a gap to the source."""
    return any(scores.gap.interval for scores in report.languages.values())


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
    for one in found:
        one["label"] += words("leak_label") if one["tag"] in leaks(report) else ""
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
        "colour": colours(words)[SCRIPTS.get(script(scores.language), -1)],
        "family": words.family(scores.language),
        "branch": words.branch(scores.language),
        "is_source": scores.is_source,
        "collapsed": scores.collapsed,
        "score": main.score,
        "low": low,
        "high": high,
        "trivial": scores.trivial if finite(scores.trivial) else None,
        "fertility": scores.fertility,
        "ece": scores.ece,
        "ece_raw": scores.ece_raw,
        "ece_noise": scores.ece_noise,
        "score_text": percent(main.score),
        "interval_text": words("span", low=percent(low), high=percent(high)),
        "trivial_text": percent(scores.trivial),
        "gap_text": words.points(gap.score) if gap else "–" if scores.is_source else words("basis_not_comparable"),
        "ece_text": calibrated(scores),
        "noise_text": percent(scores.ece_noise),
        "fertility_text": number(scores.fertility, digits=2),
        "n_text": number(scores.n, digits=0),
    }


def calibrated(scores: Scores) -> str:
    """Write the calibration error before and after scaling, or once where that changed nothing: ``9.1% → 7.9%``."""
    raw, scaled = percent(scores.ece_raw), percent(scores.ece)
    return scaled if raw == scaled else f"{raw} → {scaled}"


def candidate_rows(report: TransferReport, words: Words) -> list[dict[str, Any]]:
    """One row a set of weights and target language, for the languages that all of them were scored in."""
    names, targets = comparable(report)
    rows = []
    for one in language_rows(report, words):
        for name in names if one["tag"] in targets else ():
            score = report.languages[one["tag"]].candidates[name].score
            if finite(score):
                named = {"candidate": words.named("candidates", name), "score": score, "score_text": percent(score)}
                rows.append({**one, **named})
    return rows


def part_names(report: TransferReport) -> list[str]:
    """Return the parts that scores are broken down to in any language."""
    return list(dict.fromkeys(name for scores in report.languages.values() for name in scores.breakdown))


def part_rows(report: TransferReport, words: Words) -> list[dict[str, Any]]:
    """One row a part and language; ratios are left out."""
    return [
        {**one, "part": words.named("parts", name), "score": score, "score_text": percent(score), "interval_text": ""}
        for one in language_rows(report, words)
        for name, score in report.languages[one["tag"]].breakdown.items()
        if finite(score) and name not in RATIOS
    ]


def diagrams(report: TransferReport, words: Words) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the names of the reliability diagrams that hold rows, all targets together first, and their bins."""
    names = {"": words("pooled")}
    names |= {tag: labelled(tag, words) for tag in sorted(report.languages, key=words.name)}
    series = {tag: list(filled(report.languages[tag].reliability)) for tag in report.languages}
    series[""] = pooled([series[tag] for tag in report.targets])
    shown = {key: name for key, name in names.items() if series[key]}
    return shown, [bin_row(one, series=key) for key in shown for one in series[key]]


def titles(report: TransferReport, words: Words) -> dict[str, str]:
    """Return the fields of a row that are shown when it is pointed at, with their titles."""
    found = {
        "label": words("column_language"),
        "score_text": words.named("metrics", report.metric),
        "interval_text": words("interval_label"),
        "trivial_text": words("column_trivial"),
        "gap_text": words("column_gap"),
        "ece_text": words("column_ece" if report.temperature == 1 else "column_ece_both"),
        "noise_text": words("column_ece_noise"),
        "fertility_text": words("column_fertility"),
        "script": words("column_script"),
        "family": words("column_family"),
        "n_text": words("column_n"),
    }
    if not has_gaps(report):
        del found["gap_text"]
    return found


def plain(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def colours(words: Words) -> list[str]:
    """Name what each colour of the palette stands for."""
    names = {place: words.named("scripts", code) for code, place in reversed(SCRIPTS.items())}
    names[SCRIPTS["Jpan"]] = words("characters")  # One colour for all that is written in Chinese characters.
    return [*(names[place] for place in sorted(names)), words("other_scripts")]


def by_fertility(report: TransferReport, words: Words) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the languages whose pieces are those of words, and the names of those whose pieces are of characters.

    Targets far off the trend and sources are named, where there is room for a name: ``align``, ``dx`` and ``dy``.
    """
    every = [one for one in language_rows(report, words) if finite(one["fertility"])]
    rows = [one for one in every if is_segmented(one["tag"])]
    targets = [one for one in rows if not one["is_source"]]
    far = outliers([(one["fertility"], one["score"]) for one in targets])
    chosen = {one["tag"] for one, is_far in zip(targets, far, strict=True) if is_far}
    span = extent(rows)
    dots = [tuple((one[key] - low) / (high - low) for key, (low, high) in span.items()) for one in rows]
    named = {place: one["name"] for place, one in enumerate(rows) if one["is_source"] or one["tag"] in chosen}
    sides = beside(dots, named)
    for place, one in enumerate(rows):
        one["align"], one["dx"], one["dy"] = SIDES[sides[place]] if place in sides else ("", 0, 0)
    return rows, [one["name"] for one in every if not is_segmented(one["tag"])]


def extent(rows: Sequence[dict[str, Any]]) -> dict[str, list[float]]:
    """Return the ends of the axes of fertility and score that leave room around all dots, intervals and the trend."""
    heights = [row[end] for row in rows for end in ("low", "high")] + [height for _, height in trend_ends(rows)]
    return {"fertility": roomy([row["fertility"] for row in rows]), "score": roomy(heights)}


def trend_ends(rows: Sequence[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return where the trend of score over fertility begins and ends among the target languages."""
    points = sorted((row["fertility"], row["score"]) for row in rows if not row["is_source"])
    if not points:
        return []
    slope, base = trend(points)
    return [(end, base + slope * end) for end, _ in (points[0], points[-1])]


def roomy(values: Sequence[float], *, least: float = 0.0) -> list[float]:
    """Return the ends of an axis that leave some room on either side of `values`, and span `least` or more.

    What is added for that stays between 0 and 1, where all values do.
    """
    low, high = min(values, default=0.0), max(values, default=0.0)
    if (short := least - (high - low)) > 0:
        bottom, top = min(low, 0.0), max(high, 1.0)
        low = max(bottom, min(low - short / 2, top - least))
        high = low + least
    room = 0.06 * (high - low) or 0.01
    return [low - room, high + room]


def beside(
    dots: Sequence[tuple[float, ...]],
    names: dict[int, str],
    *,
    widths: Sequence[float] = (260, 340, 480),
    height: float = 320,
) -> dict[int, str]:
    """Choose a side for the names of some `dots` (in the unit square), so that they cover neither dots nor one another.

    The place must be free whichever of `widths` the picture has, in pixels; a name without one is left out.
    """
    chosen: dict[int, str] = {}
    taken: dict[float, list[tuple[float, float, float, float]]] = {width: [] for width in widths}
    for place, name in names.items():
        reach = sum(12.5 if unicodedata.east_asian_width(letter) in "WF" else 6.8 for letter in name)
        for side, (align, dx, dy) in SIDES.items():
            boxes = {}
            for width in widths:
                x, y = dots[place][0] * width + dx, (1 - dots[place][1]) * height + dy
                left = x - {"left": 0, "center": reach / 2, "right": reach}[align]
                boxes[width] = (left, y - 7, left + reach, y + 7)
            if all(_is_free(box, dots, taken[width], width, height) for width, box in boxes.items()):
                chosen[place] = side
                for width, box in boxes.items():
                    taken[width].append(box)
                break
    return chosen


def _is_free(
    box: tuple[float, float, float, float],
    dots: Sequence[tuple[float, ...]],
    taken: Sequence[tuple[float, float, float, float]],
    width: float,
    height: float,
) -> bool:
    left, top, right, bottom = box
    inside = left >= 0 and right <= width and top >= 0 and bottom <= height
    covers = any(left - 5 < x * width < right + 5 and top - 5 < (1 - y) * height < bottom + 5 for x, y in dots)
    meets = any(left < other[2] and other[0] < right and top < other[3] and other[1] < bottom for other in taken)
    return inside and not covers and not meets


def trend(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return slope and height at zero of the least-squares line."""
    mean_x, mean_y = fmean(x for x, _ in points), fmean(y for _, y in points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
    return slope, mean_y - slope * mean_x


def outliers(points: Sequence[tuple[float, float]], *, most: int = 5) -> list[bool]:
    """Mark the points that lie more than 1.5 standard deviations off the least-squares line, at most `most`."""
    if len(points) < 3:
        return [False] * len(points)
    slope, base = trend(points)
    off = [abs(y - base - slope * x) for x, y in points]
    limit = 1.5 * math.sqrt(fmean(value**2 for value in off))
    furthest = sorted(range(len(off)), key=lambda place: -off[place])[:most]
    return [place in furthest and value > limit > 0 for place, value in enumerate(off)]
