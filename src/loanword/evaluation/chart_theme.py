"""How charts look: colours, lines and fonts, as a Vega-Lite config."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SCRIPTS = {"Latn": 0, "Cyrl": 1, "Arab": 2, "Deva": 3, "Hani": 4, "Hans": 4, "Hant": 4, "Jpan": 4}
"""Places in the palette, the same in every report; the other scripts share the place after these."""

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#5C6670")
"""Told apart with any colour vision (after Okabe and Ito, 2008), and from the alarm; the last is grey."""

STEP = 21
"""Height of a language's line, in pixels."""

STRIP = 26
"""Height of a line with many dots, in pixels."""

POINT: dict[str, Any] = {"type": "point", "filled": True, "size": 70, "opacity": 1}
TICK: dict[str, Any] = {"type": "tick", "orient": "vertical", "height": {"band": 0.7}}
BAR: dict[str, Any] = {"type": "bar", "height": {"band": 0.66}, "cornerRadiusEnd": 2}


def theme(
    *,
    ink: str = "#1d2733",
    quiet: str = "#66717e",
    line: str = "#e3e7eb",
    alarm: str = "#b3261e",
    accent: str = "#0072B2",
    paper: str = "#ffffff",
    palette: Sequence[str] = PALETTE,
    font: str = "'Noto Sans', 'Noto Sans CJK SC', sans-serif",
    legend: bool = True,
) -> dict[str, Any]:
    """Return the Vega-Lite config that gives the charts their colours and fonts; the page brings its own `legend`."""
    return {
        "background": None,
        "font": font,
        "view": {"stroke": None},
        "range": {"category": list(palette)},
        "axis": {
            "labelColor": ink,
            "titleColor": quiet,
            "titleFontWeight": "normal",
            "titleFontSize": 12,
            "labelFontSize": 12,
            "gridColor": line,
            "domainColor": line,
            "tickColor": line,
            "labelLimit": 240,
            "titleLimit": 260,
        },
        "axisQuantitative": {
            "labelColor": quiet,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
            "labelFlush": False,
            "labelOverlap": True,
            "labelSeparation": 6,
        },
        "axisDiscrete": {"grid": False, "ticks": False, "domain": False, "labelPadding": 8},
        "legend": {
            "disable": not legend,
            "orient": "top",
            "title": None,
            "columns": len(palette),
            "columnPadding": 14,
            "offset": 10,
            "labelColor": ink,
            "labelFontSize": 12,
            "symbolType": "circle",
            "symbolSize": 90,
        },
        "style": {
            "interval-edge": {"color": paper, "strokeWidth": 3.6},
            "interval": {"color": ink, "strokeWidth": 1.2},
            "trivial-edge": {"color": paper, "thickness": 4.4},
            "trivial": {"color": ink, "thickness": 2},
            "trend": {"color": quiet, "strokeDash": [2, 4], "strokeWidth": 1.5},
            "chance": {"color": quiet, "thickness": 2.5},
            "mean": {"color": ink, "strokeDash": [4, 4], "strokeWidth": 1.2, "opacity": 0.9},
            "zero": {"color": ink, "strokeWidth": 1, "opacity": 0.6},
            "source": {"filled": False, "color": ink, "strokeWidth": 1.5},
            "value": {"color": ink, "fontSize": 12},
            "halo": {"color": paper, "stroke": paper, "strokeWidth": 4, "fontSize": 12, "opacity": 0.85},
            "alarm": {"color": alarm, "fontSize": 12, "fontWeight": "bold"},
            "dot": {"color": accent},
            "hollow": {"color": paper, "stroke": quiet, "strokeWidth": 1.5},
            "curve": {"color": accent, "strokeWidth": 2},
            "link": {"color": quiet, "strokeWidth": 1.2, "opacity": 0.6},
            "family": {"color": ink, "thickness": 2.5},
        },
    }


THEME = {**theme(), "background": "#ffffff"}
"""Dark on white, for pictures in a README or a model card."""
