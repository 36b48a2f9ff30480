"""XML as translators' files use it: the parts that matter, one after another, each with the line that it starts at.

A document never brings anything in: entities of its own, which can unpack to gigabytes or name other files, are
refused, and the DTD that it names is not looked for.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from loanword.data.codes import Findings, shown
from loanword.data.text import decode

LANGUAGE = "http://www.w3.org/XML/1998/namespace lang"
"""The attribute ``xml:lang``."""

DEEPEST = 200
PIECE = 2**20
WRITE = "write & as &amp; and < as &lt;, close every element, declare every prefix of a name"
BREAKS = {"lb", "pb", "cb", "xlf:lb", "xlf:pb"}
"""Types of inline codes that end a line, in TMX, XLIFF 1.2 and XLIFF 2."""


@dataclass(slots=True)
class Element:
    """An element: its name without the namespace of the root, the line of its start tag, its text and elements."""

    name: str
    attributes: Mapping[str, str]
    line: int
    content: list[str | Element] = field(default_factory=list)

    def children(self, name: str) -> list[Element]:
        """Return the elements called `name` that stand directly in this one."""
        return [part for part in self.content if isinstance(part, Element) and part.name == name]


def walk(
    data: bytes, *, root: str, units: Collection[str], findings: Findings
) -> Iterator[tuple[tuple[Element, ...], Element]]:
    """Yield every element of `data` that is called one of `units`, whole, and those around it, without content.

    Raises:
        DataError: `data` is no XML, its outermost element is not called `root`, or it has entities of its own.
    """
    found = _Units(root, units, findings)
    try:
        for start in range(0, len(data), PIECE):
            found.parser.Parse(data[start : start + PIECE], False)
            yield from found.taken()
        found.parser.Parse(b"", True)
        yield from found.taken()
    except expat.ExpatError as error:
        if found.encoding.lower() in ("", "utf-8"):
            decode(data, findings)  # Notes what is not UTF-8.
        cause = f"this is not well-formed XML: {expat.ErrorString(error.code)}, at character {error.offset + 1}"
        findings.stop("LW119", cause=cause, fix=WRITE, line=error.lineno)
    except (LookupError, ValueError) as error:  # An encoding that expat does not have.
        cause = f"the encoding {shown(found.encoding)} that the file names cannot be read ({error})"
        findings.stop("LW120", cause=cause, fix="save the file as UTF-8, and name that in its first line", line=1)


def text_of(element: Element, inline: Mapping[str, bool], findings: Findings) -> str:
    """Return the text of `element`, where `inline` says of each element in it whether its content is text.

    What is not is code of another format and left out; a code that ends a line is a line feed. ``cp`` is the character
    that it names.
    """
    found = []
    for part in element.content:
        if isinstance(part, str):
            found.append(part)
        elif part.name not in inline:
            cause = f"the element {shown(part.name)} stands in a text, where the format does not have it"
            fix = f"put in its place one of {', '.join(inline)}, or write < as &lt;"
            findings.add("LW214", cause=cause, fix=fix, line=part.line)
        elif inline[part.name]:
            found.append(text_of(part, inline, findings))
        elif part.name == "cp":
            found.append(_character(part, findings))
        elif not BREAKS.isdisjoint(map(part.attributes.get, ("type", "ctype", "subType"))):
            found.append("\n")
    return "".join(found)


def _character(element: Element, findings: Findings) -> str:
    code = element.attributes.get("hex", "")
    try:
        return chr(int(code, 16))
    except (ValueError, OverflowError):
        cause = f"{shown(code)} is not the number of a character"
        findings.add("LW214", cause=cause, fix='write it in hexadecimal, such as hex="001F"', line=element.line)
        return ""


class _Units:
    """Builds the units of a document while expat reads it."""

    def __init__(self, root: str, units: Collection[str], findings: Findings) -> None:
        self.root, self.units, self.findings = root, units, findings
        self.encoding = ""
        self.space = ""
        self.open: list[Element] = []
        self.unit: Element | None = None
        self.done: list[tuple[tuple[Element, ...], Element]] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self._declaration
        self.parser.EntityDeclHandler = self._entity
        self.parser.SkippedEntityHandler = self._skipped
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def taken(self) -> list[tuple[tuple[Element, ...], Element]]:
        """Return the units that ended since the last call."""
        found, self.done = self.done, []
        return found

    def _stop(self, cause: str, fix: str, *, code: str = "LW119") -> None:
        self.findings.stop(code, cause=cause, fix=fix, line=self.parser.CurrentLineNumber)

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self.encoding = encoding or ""

    def _entity(self, name: str, *_about: Any) -> None:
        self._stop(f"the file declares the entity {shown(name)}", "write in its place what it stands for")

    def _skipped(self, name: str, _parameter: bool) -> None:
        self._stop(f"the entity {shown(name)} is not known", "write the character itself, in UTF-8")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        space, _, local = name.rpartition(" ")
        if not self.open:
            self.space = space
            if local != self.root:
                fix = "name the file after what it holds"
                self._stop(f"the outermost element is {shown(local)}, not {self.root}", fix, code="LW105")
        if len(self.open) == DEEPEST:
            self._stop(f"more than {DEEPEST} elements stand in one another", "write the file again from its source")
        element = Element(local if space == self.space else name, attributes, self.parser.CurrentLineNumber)
        if self.unit is not None:
            self.open[-1].content.append(element)
        elif element.name in self.units:
            self.unit = element
        self.open.append(element)

    def _end(self, _name: str) -> None:
        element = self.open.pop()
        if element is self.unit:
            self.done.append((tuple(self.open), element))
            self.unit = None

    def _text(self, text: str) -> None:
        if self.unit is not None:
            self.open[-1].content.append(text)
