"""The picture of what languages cost in the vocabularies of models: a line a language, a dot a model."""

from __future__ import annotations

from collections.abc import Mapping

from loanword.evaluation.chart_data import labelled
from loanword.evaluation.chart_theme import POINT, STEP
from loanword.evaluation.plots import Spec
from loanword.evaluation.words import Words
from loanword.tokens.costs import UNKNOWN, Cost, lacking

PANEL = 200
"""Width of each of the panels, which stand side by side, in pixels."""
DOT = 9
"""Height that a dot takes in a line that has several, in pixels."""
APART = " (a character)"
"""What marks languages that have no pieces a word."""


def chart(found: Mapping[str, Mapping[str, Cost]]) -> Spec:
    """Draw costs by model and language: pieces a word, pieces beside characters or the first language, unknown ones.

    Languages whose words are not written apart come last: their pieces are counted by character. Those that lack
    pieces are bold.
    """
    words, costs = Words("en"), next(iter(found.values()))
    source = next(iter(costs))
    order = sorted(costs, key=lambda tag: (not costs[tag].by_word, costs[tag].premium or costs[tag].fertility, tag))
    label = {tag: labelled(tag, words) + ("" if costs[tag].by_word else APART) for tag in order}
    poor = {tag for by_language in found.values() for tag in lacking(by_language)}
    rows = [
        {
            "model": model,
            "label": label[tag],
            "fertility": one.fertility,
            "beside": one.per_hundred if one.premium is None else one.premium,
            "unknown": one.unknown,
        }
        for model, by_language in found.items()
        for tag, one in by_language.items()
    ]
    beside = "pieces per 100 characters"
    if costs[source].premium is not None:
        beside = f"pieces, where {words.name(source)} has 1"
    most = max(UNKNOWN, *(one.unknown for by_language in found.values() for one in by_language.values()))
    bold = {"condition": {"test": {"field": "value", "oneOf": [label[tag] for tag in poor]}, "value": "bold"}}
    y: Spec = {"field": "label", "type": "nominal", "title": None, "scale": {"domain": [label[tag] for tag in order]}}
    named, nameless = {"labelFontWeight": {**bold, "value": "normal"}, "grid": True}, {"labels": False, "grid": True}
    mark, encoding = {**POINT, "style": "dot"}, {}
    if len(found) > 1:
        by_model = {"field": "model", "type": "nominal", "scale": {"domain": [*found]}}
        mark, encoding = POINT, {"color": {**by_model, "title": None}, "yOffset": by_model}
        y["scale"]["paddingInner"] = 1 / (len(found) + 1)
    panels = [
        {
            "width": PANEL,
            "height": (STEP if len(found) == 1 else DOT * (len(found) + 1)) * len(order),
            "mark": mark,
            "encoding": {**encoding, "y": {**y, "axis": nameless if number else named}, "x": x},
        }
        for number, x in enumerate(
            (
                _axis("fertility", title="pieces a word"),
                _axis("beside", title=beside),
                _axis("unknown", title="unknown pieces", format="%", domain=[0, most]),
            )
        )
    ]
    note = {"text": "bold: lacks pieces", "orient": "bottom", "anchor": "start", "fontWeight": "normal", "fontSize": 12}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": "What languages cost in pieces",
        **({"title": note} if poor else {}),
        "data": {"values": rows},
        "hconcat": panels,
    }


def _axis(field: str, *, title: str, format: str = "", domain: list[float] | None = None) -> Spec:  # noqa: A002
    """Return the horizontal channel of a panel, which starts at zero."""
    axis = {"tickCount": 5, **({"format": format} if format else {})}
    scale = {"zero": True, **({"domain": domain} if domain else {})}
    return {"field": field, "type": "quantitative", "title": title, "axis": axis, "scale": scale}
