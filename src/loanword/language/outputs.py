"""In which language is a text that a model wrote, or that somebody wants searched?"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import ModuleType

from loanword.errors import MissingExtra
from loanword.language.identify import in_wrong_script
from loanword.language.tag import canonical

NONE = "zxx"
"""What py3langid calls a text without words."""


def share_in(texts: Sequence[str], language: str) -> float:
    """Return the share of `texts` that are in `language`, as py3langid sees it; by script alone where it knows it not.

    Short texts are often taken for another language; the rate of texts by people says how often.
    """
    base = canonical(language).partition("-")[0]
    identifier = _identifier()
    known = base in {tag for tag, _ in identifier.rank("")}
    right = [
        identifier.classify(text)[0] == base if known else not in_wrong_script(text, language)
        for text in texts
        if text.strip()
    ]
    return sum(right) / len(texts) if texts else 0.0


def identified(texts: Sequence[str]) -> list[str]:
    """Return the language of each of `texts` as py3langid sees it; "und" where there is none."""
    identifier = _identifier()
    seen = [identifier.classify(text)[0] if text.strip() else NONE for text in texts]
    return ["und" if code == NONE else canonical(code) for code in seen]


@cache
def _identifier() -> ModuleType:
    try:
        import py3langid
    except ImportError:
        raise MissingExtra("generation", "py3langid", "identifying the language of written text") from None
    return py3langid  # type: ignore[no-any-return, unused-ignore]
