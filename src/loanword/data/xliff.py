"""XLIFF: texts of documents or programs with the translations that people put beside them; versions 1.x and 2.x.

OASIS, XLIFF 1.2 (2008) and 2.1 (2018). Codes in a text (``x``, ``ph`` and so on) are left out, what they surround is
text; proposals (``alt-trans``, ``mtc:match``) are no translations.
"""

from __future__ import annotations

from collections.abc import Iterator

from loanword.data.bilingual import PROTECTED, UNFINISHED, Pairs
from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells
from loanword.data.xml import Element, text_of, walk

INLINE = {
    "1": {**dict.fromkeys(("g", "mrk"), True), **dict.fromkeys(("x", "bx", "ex", "bpt", "ept", "it", "ph"), False)},
    "2": {**dict.fromkeys(("pc", "mrk"), True), **dict.fromkeys(("ph", "sc", "ec", "sm", "em", "cp"), False)},
}
"""By version: whether what stands in an inline element is text."""

LANGUAGES = {"1": ("source-language", "target-language"), "2": ("srcLang", "trgLang")}

Segment = tuple[Element, Element | None, str]
"""What has the text, what has the translation, and the state of that."""


def parse(data: bytes, *, language: str, labelled: bool, findings: Findings) -> Cells:
    """Read the segments that are translated, and not marked as unfinished; the others are counted.

    Unfinished are those in the states ``new``, ``initial`` and ``needs-...``, and in XLIFF 1.2 those that say no state
    and ``approved="no"``.

    Raises:
        UsageError: one language is named where two are needed.
    """
    pairs = Pairs(language, labelled=labelled, findings=findings)
    fitting: dict[tuple[str, ...], bool] = {}
    for around, unit in walk(data, root="xliff", units=("trans-unit", "unit"), findings=findings):
        number = around[0].attributes.get("version", "")
        version = number.partition(".")[0]
        if version not in INLINE:
            cause = f"this is XLIFF {shown(number)}, not 1.x or 2.x"
            findings.stop("LW105", cause=cause, fix="save it in one of these versions", line=around[0].line)
        said = tuple(_nearest(name, (*around, unit)) for name in LANGUAGES[version])
        if said not in fitting:
            fitting[said] = pairs.fit(*said, line=around[:2][-1].line if version == "1" else around[0].line)
        protected = _nearest("translate", (*around, unit)) == "no"
        for source, target, state in (_of_unit if version == "1" else _of_segments)(unit, findings):
            translation = text_of(target, INLINE[version], findings) if target else ""
            if not fitting[said]:
                pairs.leave_out("in other languages", languages=[" to ".join(filter(None, said))])
            elif protected:
                pairs.leave_out(PROTECTED)
            else:
                unfinished = bool(translation) and (state in ("new", "initial") or state.startswith("needs-"))
                text = text_of(source, INLINE[version], findings)
                pairs.add(source.line, text, translation, why=UNFINISHED if unfinished else "")
    return pairs.cells()


def _of_unit(unit: Element, findings: Findings) -> Iterator[Segment]:
    """Yield what a unit of XLIFF 1.x translates: its segments, if they are marked, or all of it."""
    for source, target in _sides(unit, findings):
        state = _nearest("state", (unit, target) if target else (unit,))  # Some tools write that of a target there.
        state = state or ("new" if unit.attributes.get("approved") == "no" else "")
        marked = {name: mark for one in unit.children("seg-source") for name, mark in _marked(one)}
        translated = dict(_marked(target)) if target else {}
        if marked and (translated or target is None):
            yield from ((mark, translated.get(name), state) for name, mark in marked.items())
        else:
            yield source, target, state


def _of_segments(unit: Element, findings: Findings) -> Iterator[Segment]:
    """Yield the segments of a unit of XLIFF 2.x; what is between them is not translated."""
    for segment in unit.children("segment"):
        for source, target in _sides(segment, findings):
            yield source, target, segment.attributes.get("state", "")


def _sides(element: Element, findings: Findings) -> Iterator[tuple[Element, Element | None]]:
    """Yield the source and the target of an element; note it if it has not one of the former."""
    sources = element.children("source")
    if len(sources) == 1:
        yield sources[0], next(iter(element.children("target")), None)
    else:
        cause = f"the {element.name} has {len(sources)} elements called source where one is needed"
        findings.add("LW214", cause=cause, fix="give it one, or remove it", line=element.line)


def _marked(element: Element) -> Iterator[tuple[str, Element]]:
    """Yield the segments that are marked in a text, by name."""
    for part in element.content:
        if isinstance(part, Element):
            if part.attributes.get("mtype") == "seg":
                yield part.attributes.get("mid", ""), part
            else:
                yield from _marked(part)


def _nearest(name: str, elements: tuple[Element, ...]) -> str:
    """Return an attribute of the innermost of `elements` that has it, "" if none has."""
    return next((one.attributes[name] for one in reversed(elements) if name in one.attributes), "")
