"""The report as one self-contained HTML file that runs nothing but itself.

The page carries its style sheet and its chart library; a content security policy with their hashes refuses everything
else: no network, no inline handlers, no evaluated strings (the charts use Vega's expression interpreter).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader
from markupsafe import Markup

from loanword.errors import MissingExtra
from loanword.evaluation import plots
from loanword.evaluation.chart_theme import PALETTE, theme
from loanword.evaluation.report_view import view
from loanword.evaluation.scores import TransferReport
from loanword.evaluation.words import UNSEEN, Words, visible

ON_PAGE = theme(
    ink="var(--ink)",
    quiet="var(--quiet)",
    line="var(--line)",
    alarm="var(--alarm)",
    accent="var(--accent)",
    paper="var(--paper)",
    palette=tuple(f"var(--script-{place})" for place in range(1, len(PALETTE) + 1)),
    legend=False,
)
"""The theme of the charts on the page: the style sheet's variables, so that dark mode and print need no redrawing.

The font is set by the script, which measures with what the page has."""

COLOURED = ("bars", "fertility")
"""Charts with a key of scripts."""

OPEN_NOTES = 4
"""Notes that are shown at once; more are folded away."""


def html(report: TransferReport, *, language: str = "en") -> str:
    """Return the report as one HTML file.

    Raises:
        MissingExtra: vl-convert-python, which brings the chart library, is not installed.
    """
    script, style = bundle(), template("report.css")
    drawn = {name: chart(report, language=language) for name, chart in plots.CHARTS.items()}
    specs = {name: _without_legends(spec) for name, spec in drawn.items() if spec is not None}
    return (
        environment("loanword.evaluation")
        .get_template("report.html.jinja")
        .render(
            view=view(report, language=language),
            say=Words(language),
            lang="zh-Hans" if language == "zh" else "en",
            open_notes=OPEN_NOTES,
            version=report.loanword_version,
            policy=policy(script=script, style=style),
            script=Markup(script),  # our own file and a library, no part of the report
            style=Markup(style),
            charts=specs,
            scripts={name: plots.scripts(specs[name], language=language) for name in COLOURED if name in specs},
            data=Markup(embedded({"config": ON_PAGE, "specs": specs})),  # escaped by embedded()
        )
    )


def environment(package: str) -> Environment:
    """Return what renders the pages whose templates are in `package`: every text is escaped, no character hides."""
    return Environment(
        loader=PackageLoader(package, "templates"),
        autoescape=True,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def policy(*, script: str = "", style: str) -> str:
    """Return the content security policy that allows this `script`, if any, and this `style` sheet and nothing else."""
    allowed = {
        "default-src": "'none'",
        **({"script-src": f"'sha256-{_digest(script)}'"} if script else {}),
        "style-src": f"'sha256-{_digest(style)}'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{directive} {value}" for directive, value in allowed.items())


def embedded(data: Any) -> str:
    """Return `data` as JSON that cannot end the script element it stands in, nor hide or reorder a character of it."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub(f"[&<>]|{UNSEEN.pattern}", lambda found: f"\\u{ord(found[0]):04x}", text)


@cache
def bundle() -> str:
    """Return the page's script: Vega-Lite with everything it needs, and our few lines that draw with it."""
    try:
        import vl_convert
    except ImportError:
        raise MissingExtra("report", "vl-convert-python", "the HTML report") from None
    text: str = vl_convert.javascript_bundle(template("report.js"))
    # An HTML parser reads the script first: what would end it, or change a byte of it, would break the hash.
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _without_legends(spec: Any) -> Any:
    """Leave out the legends of a specification: the page has a key of its own."""
    if isinstance(spec, dict):
        return {key: _without_legends(value) for key, value in spec.items() if key != "legend"}
    return [_without_legends(value) for value in spec] if isinstance(spec, list) else spec


def template(name: str, *, package: str = "loanword.evaluation") -> str:
    """Read a file of the templates of `package`."""
    return files(package).joinpath("templates", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(value: Any) -> Any:
    """Write out characters that hide or reorder others, in whatever text a template inserts."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
