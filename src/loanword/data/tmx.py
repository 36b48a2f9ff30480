"""TMX, the exchange format of translation memories: units that hold one text in several languages.

TMX 1.4b, OSCAR 2005; earlier versions are read as well. Any two languages of a memory can be asked for, in either
direction. Codes of other formats in a text (``bpt``, ``ph`` and so on) are left out, what they surround is text.
"""

from __future__ import annotations

from collections.abc import Sequence

from loanword.data.bilingual import TAG, Pairs
from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells
from loanword.data.xml import LANGUAGE, Element, text_of, walk
from loanword.errors import UsageError
from loanword.language.tag import agree, understood

INLINE = {"hi": True, **dict.fromkeys(("bpt", "ept", "it", "ph", "ut"), False)}

Variant = tuple[str, str]
"""The tag of a text, and the text."""


def parse(data: bytes, *, language: str, labelled: bool, findings: Findings) -> Cells:
    """Read the units that have texts in the two languages of `language`; the others are counted.

    A text is in a language if its tag is the same, or else if it is one that agrees (en-US for en); `id` is the unit's
    ``tuid``.

    Raises:
        UsageError: no language is named, or one where two are needed.
    """
    pairs = Pairs(language, labelled=labelled, findings=findings)
    if "und" in pairs.languages:
        raise UsageError(f"'{findings.path}' has texts in several languages: say which, such as en:de")
    torn: dict[str, list[int]] = {}
    for _, unit in walk(data, root="tmx", units=("tu",), findings=findings):
        variants = _variants(unit, findings)
        chosen: list[Variant] = []
        for wanted in pairs.languages:
            found = _in(wanted, [one for one in variants if one not in chosen])
            if len({text for _, text in found}) > 1:
                tags = ", ".join(shown(tag) for tag, _ in found)
                torn.setdefault(f"{wanted}: {tags}", []).append(unit.line)
            chosen += found[:1] or [(wanted, "")]
        lacking = [wanted for wanted, (_, text) in zip(pairs.languages, chosen, strict=True) if not text.strip()]
        if lacking:
            pairs.leave_out(f"without {lacking[0]}", languages=[tag for tag, text in variants if text.strip()])
        else:
            pairs.add(unit.line, chosen[0][1], chosen[-1][1], name=unit.attributes.get("tuid"))
    for tags, lines in torn.items():
        cause = f"a unit has several texts in {tags}" + (f" (the first of {len(lines):,})" if len(lines) > 1 else "")
        fix = "ask for the tag of one of them, such as en-US, or keep one text a language"
        findings.add("LW404", cause=cause, fix=fix, line=lines[0])
    return pairs.cells()


def _variants(unit: Element, findings: Findings) -> list[Variant]:
    """Return the tags of a unit as they are written, with their texts; note those that lack one of the two."""
    found = []
    for variant in unit.children("tuv"):
        tag = variant.attributes.get(LANGUAGE) or variant.attributes.get("lang")
        segments = variant.children("seg")
        if not tag:
            findings.add("LW402", cause="a text does not say its language (xml:lang)", fix=TAG, line=variant.line)
        elif len(segments) != 1:
            cause = f"a tuv has {len(segments)} elements called seg where one is needed"
            findings.add("LW214", cause=cause, fix="put its text in one seg", line=variant.line)
        else:
            found.append((tag, text_of(segments[0], INLINE, findings)))
    return found


def _in(wanted: str, variants: Sequence[Variant]) -> list[Variant]:
    """Return the texts in exactly the language `wanted`, or else those that may be."""
    known = [(understood(tag), (tag, text)) for tag, text in variants if text.strip()]
    exact = [variant for tag, variant in known if tag == wanted]
    return exact or [variant for tag, variant in known if tag and agree(tag, wanted)]
