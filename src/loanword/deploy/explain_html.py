"""An explanation as one self-contained HTML page that runs nothing: its policy allows its own style sheet alone."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from loanword.deploy.explain_view import view
from loanword.deploy.explanation import Explanation
from loanword.evaluation.report_html import environment, policy, template
from loanword.evaluation.words import Words
from loanword.version import __version__

PACKAGE = "loanword.deploy"


def html(explanations: Sequence[Explanation], *, language: str = "en") -> str:
    """Return a page with all `explanations`, in "en" or "zh"."""
    style = template("report.css") + template("explanation.css", package=PACKAGE)
    say = Words(language, section="explanation")
    views = [view(one, language=language) for one in explanations]
    title = views[0]["title"] if len(views) == 1 else say("title_many", n=len(views))
    return (
        environment(PACKAGE)
        .get_template("explanation.html.jinja")
        .render(
            title=title,
            views=views,
            say=say,
            lang="zh-Hans" if language == "zh" else "en",
            version=__version__,
            policy=policy(style=style),
            style=Markup(style),  # our own files, no part of the explanation
        )
    )
