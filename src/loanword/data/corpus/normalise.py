"""Every text in one way of writing: named steps, each a function from text to text, in an order that is said.

Nothing is changed but by a step that was asked for, and what each changes is counted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from html import unescape

from loanword.data.corpus.invisible import without_invisible
from loanword.registry import Registry

Step = Callable[[str], str]
STEPS: Registry[Step] = Registry("normalisation")
"""What can be done to a text, by name."""

SAFE = ("controls", "invisible", "nfc", "spaces")
"""The steps that are taken if nothing else is said: none of them changes what a reader sees."""

CONTROLS = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufeff\ufff9-\uffff"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0x10000, 0x110000, 0x10000))
    + "]"
)
ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
FORMS = re.compile("[\ufb00-\ufdff\ufe70-\ufefc]")
UNUSED = (0x81, 0x8D, 0x8F, 0x90, 0x9D)
WINDOWS = {code: bytes([code]).decode("windows-1252") for code in range(0x80, 0xA0) if code not in UNUSED}


@STEPS.register("controls")
def controls(text: str) -> str:
    """Remove control characters that are no white space (C0, C1, DEL), and what no text holds.

    That is: byte order marks, replacement characters (U+FFFC, U+FFFD), marks of annotations, and code points that are
    no characters.
    """
    return CONTROLS.sub("", text)


@STEPS.register("html-entities")
def html_entities(text: str) -> str:
    """Write entities of HTML that end in a semicolon as what they mean, once: ``&amp;lt;`` is ``&lt;``."""
    return ENTITY.sub(lambda match: unescape(match[0]), text) if "&" in text else text


@STEPS.register("invisible")
def invisible(text: str) -> str:
    """Remove characters without width or shape, but for joiners and word breaks where scripts need them."""
    return without_invisible(text)


@STEPS.register("nfc")
def nfc(text: str) -> str:
    """Unicode normalisation form C: letters with their marks in one way, whatever they were typed as."""
    return unicodedata.normalize("NFC", text)


@STEPS.register("nfkc")
def nfkc(text: str) -> str:
    """Unicode normalisation form KC: nfc, and ``ﬁ``, ``２``, ``㎏`` become ``fi``, ``2``, ``kg``."""
    return unicodedata.normalize("NFKC", text)


@STEPS.register("presentation-forms")
def presentation_forms(text: str) -> str:
    """Write letters in the shape of one place in a word (Arabic, Hebrew) and ligatures (``ﬁ``) as plain letters."""
    return FORMS.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


@STEPS.register("spaces")
def spaces(text: str) -> str:
    """Make a run of white space one blank and any line end a line feed; trim lines and drop blank ones."""
    return "\n".join(filter(None, (" ".join(line.split()) for line in text.splitlines())))


@STEPS.register("windows-1252")
def windows_1252(text: str) -> str:
    """Write C1 controls as the quotation marks, dashes and letters that they are in Windows-1252."""
    return text.translate(WINDOWS)


def normalised(text: str, steps: Sequence[str]) -> tuple[str, dict[str, int]]:
    """Take `steps`, in their order.

    Returns:
        The text, and for each step that changed it how many characters it had (copies counted) that it then no longer
        had: 0 where characters only changed places.
    """
    changed: dict[str, int] = {}
    for name in steps:
        before, text = text, STEPS.get(name)(text)
        if text != before:
            changed[name] = (Counter(before) - Counter(text)).total()
    return text, changed
