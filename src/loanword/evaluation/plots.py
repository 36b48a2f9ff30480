"""The pictures of a report: functions from a TransferReport to a Vega-Lite specification, and from there to SVG or PNG.

Every chart is pure and returns None where there is nothing to draw. A specification holds data, marks and named
styles but no colours: those come with a theme (`THEME` in pictures, style sheet variables on the HTML page), so the
same chart is right on paper, on a bright and on a dark screen.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import fmean
from typing import Any

from loanword.errors import MissingExtra
from loanword.evaluation.chart_data import (
    LEAST,
    RATIOS,
    by_fertility,
    candidate_rows,
    colours,
    comparable,
    diagrams,
    extent,
    finite,
    language_rows,
    part_names,
    part_rows,
    plain,
    roomy,
    titles,
    trend_ends,
)
from loanword.evaluation.chart_theme import BAR, POINT, STEP, STRIP, THEME, TICK
from loanword.evaluation.scores import TransferReport
from loanword.evaluation.words import Words

Spec = dict[str, Any]
"""A Vega-Lite specification as plain data."""

FEW_TARGETS = 6
"""With fewer target languages the families only repeat the bars."""

FEW_POINTS = 4
"""With fewer target languages there is no trend."""


def to_svg(spec: Spec, *, width: int = 720) -> str:
    """Draw `spec` as SVG text, `width` pixels wide. Needs the extra "report"."""
    svg: str = _converter().vegalite_to_svg({**spec, "width": width}, config=THEME)
    return svg


def to_png(spec: Spec, *, width: int = 720, scale: float = 2) -> bytes:
    """Draw `spec` as PNG bytes, `width` pixels wide before `scale`. Needs the extra "report"."""
    png: bytes = _converter().vegalite_to_png({**spec, "width": width}, config=THEME, scale=scale)
    return png


def bars(report: TransferReport, *, language: str = "en") -> Spec | None:
    """One bar a language with its interval, best first, coloured by script (red if collapsed), with a trivial tick."""
    words = Words(language)
    rows = language_rows(report, words)
    if not rows:
        return None
    sources = [row["label"] for row in rows if row["is_source"]]
    bold = {"condition": {"test": {"field": "value", "oneOf": sources}, "value": "bold"}, "value": "normal"}
    x = {**_score(report, words), "stack": None}
    x["scale"] = {"domain": [min(0, *(row["low"] for row in rows)), max(1, *(row["high"] for row in rows))]}
    layers: list[Spec] = [
        {
            "transform": [{"filter": "!datum.collapsed"}],
            "mark": BAR,
            "encoding": {"x": x, "color": _by_script(rows, words), "tooltip": _tooltip(report, words)},
        },
        {
            "transform": [{"filter": "datum.collapsed"}],
            "mark": {**BAR, "style": "alarm"},
            "encoding": {"x": x, "tooltip": _tooltip(report, words)},
        },
        {
            "transform": [{"filter": "datum.is_source"}],
            "mark": {**BAR, "style": "source"},
            "encoding": {"x": x},
        },
        *(
            {
                "mark": {"type": "rule", "style": style},
                "encoding": {"x": {**x, "field": "low"}, "x2": {"field": "high"}},
            }
            for style in ("interval-edge", "interval")
        ),
        *(
            {"mark": {**TICK, "style": style}, "encoding": {"x": {**x, "field": "trivial"}}}
            for style in ("trivial-edge", "trivial")
        ),
        _column_of_scores("value", "!datum.collapsed"),
        _column_of_scores("alarm", "datum.collapsed"),
    ]
    mean = report.mean_target
    if mean is not None and math.isfinite(mean):
        layers.append(_upright(mean, style="mean"))
    return {
        **_chart(rows, words("languages")),
        "height": STEP * len(rows),
        "encoding": {"y": {**_in_order(rows), "axis": {"labelFontWeight": bold}}},
        "layer": layers,
    }


def families(report: TransferReport, *, language: str = "en") -> Spec | None:
    """One line a language family with a dot for every target language in it and a tick at their mean.

    A branch stands for Indo-European. There is no chart where it would only repeat the bars.
    """
    words = Words(language)
    rows = [row for row in language_rows(report, words) if not row["is_source"]]
    members: dict[str, list[float]] = {}
    for row in rows:
        members.setdefault(row["branch"], []).append(row["score"])
    if len(rows) < FEW_TARGETS or len(members) == len(rows):
        return None
    order = sorted(members, key=lambda name: (-fmean(members[name]), name))
    return _strips(report, rows, category="branch", order=order, words=words, title=words("families"))


def fertility(report: TransferReport, *, language: str = "en") -> Spec | None:
    """Score against pieces per word, with intervals and trend; the targets furthest from it are named.

    The trend is that of the target languages. Languages written without spaces have no pieces per word.
    """
    words = Words(language)
    rows, _ = by_fertility(report, words)
    if sum(not row["is_source"] for row in rows) < FEW_POINTS:
        return None
    span, line = extent(rows), [{"fertility": x, "score": y} for x, y in trend_ends(rows)]
    color = _by_script(rows, words)
    y = {**_score(report, words), "scale": {"domain": span["score"]}}
    # A layer without rows would make Vega warn, so there is one only where something is shown.
    extra: list[Spec] = []
    if any(row["is_source"] for row in rows):
        ring = {"type": "point", "size": 150, "style": "source"}
        extra.append({"transform": [{"filter": "datum.is_source"}], "mark": ring, "encoding": {"y": y}})
    place = {key: {"expr": f"datum.{key}"} for key in ("align", "dx", "dy")}
    for style in ("halo", "value") if any(row["align"] for row in rows) else ():
        mark = {"type": "text", "style": style, "baseline": "middle", **place}
        names = {"y": y, "text": {"field": "name"}}
        extra.append({"transform": [{"filter": "datum.align"}], "mark": mark, "encoding": names})
    return {
        **_chart(rows, words("fertility")),
        "height": 320,
        "encoding": {
            "x": {
                "field": "fertility",
                "type": "quantitative",
                "title": words("axis_fertility"),
                "axis": {"tickCount": 6},
                "scale": {"domain": span["fertility"]},
            }
        },
        "layer": [
            {"data": {"values": line}, "mark": {"type": "line", "style": "trend"}, "encoding": {"y": y}},
            {
                "mark": {"type": "rule", "strokeOpacity": 0.5},
                "encoding": {"y": {**y, "field": "low"}, "y2": {"field": "high"}, "color": color},
            },
            {"mark": POINT, "encoding": {"y": y, "color": color, "tooltip": _tooltip(report, words)}},
            *extra,
        ],
    }


def gaps(report: TransferReport, *, language: str = "en") -> Spec | None:
    """The gap to the source with its interval, largest first; only languages on comparable rows."""
    words = Words(language)
    rows = []
    for row in language_rows(report, words):
        gap = report.languages[row["tag"]].gap.interval
        if gap is not None and finite(gap.score, gap.low, gap.high):
            rows.append({**row, "gap": 100 * gap.score, "gap_low": 100 * gap.low, "gap_high": 100 * gap.high})
    if not rows:
        return None
    rows.sort(key=lambda row: (-row["gap"], row["tag"]))
    x = {"field": "gap", "type": "quantitative", "title": words("axis_gap"), "axis": {"tickCount": 5}}
    return {
        **_chart(rows, words("gap")),
        "height": STEP * len(rows),
        "encoding": {"y": _in_order(rows)},
        "layer": [
            _upright(0, style="zero"),
            {
                "mark": {"type": "rule", "style": "link"},
                "encoding": {"x": {**x, "field": "gap_low"}, "x2": {"field": "gap_high"}},
            },
            {"mark": {**POINT, "style": "dot"}, "encoding": {"x": x, "tooltip": _tooltip(report, words)}},
        ],
    }


def calibration(report: TransferReport, *, language: str = "en") -> Spec | None:
    """Calibration error of every language before (hollow) and after (filled) scaling; a tick for that of chance."""
    words = Words(language)
    rows = [row for row in language_rows(report, words) if finite(row["ece"], row["ece_raw"])]
    if not rows:
        return None
    rows.sort(key=lambda row: (row["ece"], row["tag"]))
    x = {
        "type": "quantitative",
        "title": words("axis_ece"),
        "axis": {"format": "%", "tickCount": 5},
        "scale": {"zero": True},
    }
    noisy = any(math.isfinite(row["ece_noise"]) for row in rows)
    ticks = [{"mark": {**TICK, "style": "chance"}, "encoding": {"x": {**x, "field": "ece_noise"}}}] if noisy else []
    return {
        **_chart(rows, words("calibration")),
        "height": STEP * len(rows),
        "encoding": {"y": _in_order(rows)},
        "layer": [
            {
                "mark": {"type": "rule", "style": "link"},
                "encoding": {"x": {**x, "field": "ece"}, "x2": {"field": "ece_raw"}},
            },
            *ticks,
            *(
                {
                    "mark": {**POINT, "style": style},
                    "encoding": {"x": {**x, "field": field}, "tooltip": _tooltip(report, words)},
                }
                for field, style in (("ece_raw", "hollow"), ("ece", "dot"))
            ),
        ],
    }


def reliability(report: TransferReport, *, language: str = "en") -> Spec | None:
    """Confidence against share right, for all target languages together or one of them, chosen by a menu.

    On a page the menu is put into the element with the id "reliability-menu"; pictures show all languages.
    """
    words = Words(language)
    names, rows = diagrams(report, words)
    if not rows:
        return None
    axis: Spec = {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": {"format": "%", "tickCount": 5}}
    x = {**axis, "field": "confidence", "title": words("axis_confidence")}
    y = {**axis, "field": "accuracy", "title": words("axis_right")}
    menu = {
        "input": "select",
        "options": list(names),
        "labels": list(names.values()),
        "name": words("select"),
        "element": "#reliability-menu",
    }
    tips = {"confidence_text": "axis_confidence", "accuracy_text": "axis_right", "n": "column_n"}
    size = {"field": "n", "type": "quantitative", "legend": None, "scale": {"range": [30, 320]}}
    chosen = [{"filter": "datum.series === chosen"}]
    return {
        **_chart(rows, words("reliability_lead")),
        "height": 320,
        "params": [{"name": "chosen", "value": next(iter(names)), "bind": menu}],
        "layer": [
            {
                "data": {"values": [{"confidence": 0, "accuracy": 0}, {"confidence": 1, "accuracy": 1}]},
                "mark": {"type": "line", "style": "mean"},
                "encoding": {"x": x, "y": y},
            },
            {"transform": chosen, "mark": {"type": "line", "style": "curve"}, "encoding": {"x": x, "y": y}},
            {
                "transform": chosen,
                "mark": {**POINT, "style": "dot"},
                "encoding": {
                    "x": x,
                    "y": y,
                    "size": size,
                    "tooltip": [{"field": field, "title": words(key)} for field, key in tips.items()],
                },
            },
        ],
    }


def candidates(report: TransferReport, *, language: str = "en") -> Spec | None:
    """One line a set of weights with a dot for every target language, all over the same languages, and their mean."""
    words = Words(language)
    order = [words.named("candidates", name) for name in comparable(report)[0]]
    rows = candidate_rows(report, words)
    return _strips(report, rows, category="candidate", order=order, words=words, title=words("candidates"))


def parts(report: TransferReport, *, language: str = "en") -> Spec | None:
    """One line a part of the answers (a kind of entity, a direction) with a dot for every language, and their mean."""
    words = Words(language)
    order = [words.named("parts", name) for name in part_names(report) if name not in RATIOS]
    chart = _strips(report, part_rows(report, words), category="part", order=order, words=words, title=words("parts"))
    if chart is not None:
        for layer in chart["layer"]:
            layer["encoding"]["x"]["title"] = None
    return chart


CHARTS: dict[str, Callable[..., Spec | None]] = {
    "bars": bars,
    "families": families,
    "fertility": fertility,
    "gaps": gaps,
    "calibration": calibration,
    "reliability": reliability,
    "parts": parts,
    "candidates": candidates,
}
"""Every chart by its name, in the order of the report."""


def scripts(spec: Spec, *, language: str = "en") -> list[tuple[int, str]]:
    """Name the colours of a chart of languages: place in the palette, from 1, and what it stands for."""
    shown = {row["colour"] for row in spec["data"]["values"]}
    return [(place, name) for place, name in enumerate(colours(Words(language)), 1) if name in shown]


def _chart(rows: list[dict[str, Any]], description: str) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": description,
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        "data": {"values": [{key: plain(value) for key, value in row.items()} for row in rows]},
    }


def _strips(
    report: TransferReport, rows: list[dict[str, Any]], *, category: str, order: list[str], words: Words, title: str
) -> Spec | None:
    """One line a category, a dot a row, a tick at the mean."""
    if not rows:
        return None
    x = {**_score(report, words), "scale": {"domain": roomy([row["score"] for row in rows], least=LEAST)}}
    return {
        **_chart(rows, title),
        "height": STRIP * len(order),
        "encoding": {"y": {"field": category, "type": "nominal", "title": None, "scale": {"domain": order}}},
        "layer": [
            {
                "mark": {**POINT, "opacity": 0.55, "style": "dot"},
                "encoding": {"x": x, "tooltip": _tooltip(report, words)},
            },
            {
                "mark": {**TICK, "style": "family"},
                "encoding": {"x": {**x, "aggregate": "mean"}},
            },
        ],
    }


def _in_order(rows: list[dict[str, Any]]) -> Spec:
    """The vertical channel: one line a language, in the order of `rows`."""
    return {"field": "label", "type": "nominal", "title": None, "scale": {"domain": [row["label"] for row in rows]}}


def _score(report: TransferReport, words: Words) -> Spec:
    """The channel of the main metric, on a percent axis."""
    title = words.named("metrics", report.metric)
    return {"field": "score", "type": "quantitative", "title": title, "axis": {"format": "%", "tickCount": 5}}


def _by_script(rows: list[dict[str, Any]], words: Words) -> Spec:
    """The colour channel: every script has the same colour in all reports; the key names those that are there."""
    domain = colours(words)
    shown = [name for name in domain if any(row["colour"] == name for row in rows)]
    scale, legend = {"domain": domain}, {"values": shown}
    return {"field": "colour", "type": "nominal", "title": None, "scale": scale, "legend": legend}


def _column_of_scores(style: str, when: str) -> Spec:
    """The scores as a column of numbers right of the bars."""
    return {
        "transform": [{"filter": when}],
        "mark": {"type": "text", "style": style, "align": "right", "dx": 50},
        "encoding": {"x": {"value": "width"}, "text": {"field": "score_text"}},
    }


def _upright(value: float, *, style: str) -> Spec:
    """One line over the full height at `value`."""
    place = {"x": {"datum": value}, "y": {"value": 0}, "y2": {"value": "height"}}
    return {"data": {"values": [{}]}, "mark": {"type": "rule", "style": style}, "encoding": place}


def _tooltip(report: TransferReport, words: Words) -> list[Spec]:
    shown = titles(report, words).items()
    return [{"field": field, "type": "nominal", "title": title} for field, title in shown]


def _converter() -> Any:
    try:
        import vl_convert
    except ImportError:
        raise MissingExtra("report", "vl-convert-python", "drawing charts") from None
    return vl_convert
