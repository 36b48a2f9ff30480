"""The pictures of a pretraining run: what was learned of every language, and of every objective, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Spec = dict[str, Any]
"""A Vega-Lite specification as plain data."""

LINE: dict[str, Any] = {"type": "line", "point": {"size": 18}, "strokeWidth": 1.6}


def curves(report: Mapping[str, Any]) -> Spec:
    """Return bits a character of held-out text by language, over the training loss by objective."""
    held = [
        {"step": point["step"], "bits": loss["bits"], "language": tag}
        for point in report["held_out"]
        for tag, loss in point["languages"].items()
    ]
    learned = [
        {"step": point["step"], "loss": loss, "objective": name}
        for point in report["objectives"]
        for name, loss in point["objectives"].items()
    ]
    return {
        "vconcat": [
            _lines(held, "bits", "bits a character, held-out text", "language"),
            _lines(learned, "loss", "training loss", "objective"),
        ],
        "resolve": {"scale": {"color": "independent"}},
    }


def _lines(values: list[dict[str, Any]], value: str, title: str, by: str) -> Spec:
    return {
        "data": {"values": values},
        "width": 420,
        "height": 200,
        "mark": LINE,
        "encoding": {
            "x": {"field": "step", "type": "quantitative", "title": "step"},
            "y": {"field": value, "type": "quantitative", "title": title, "scale": {"zero": False}},
            "color": {"field": by, "type": "nominal", "title": by},
        },
    }
