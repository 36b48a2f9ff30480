r"""PO, the files in which GNU gettext keeps the messages of a program and their translations.

The format is that of the gettext manual ("The Format of PO Files"). Accelerators (``_File``) and places to fill in
(``%d``) are part of the texts. Escapes are those of C that name one character; ``\x41`` and ``\101`` are refused.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from gettext import c2py

from loanword.data.bilingual import Pairs
from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells
from loanword.data.text import decode

LINE = re.compile(
    r"\s*(?P<obsolete>#~\s*)?"
    r"(?:(?P<word>msgctxt|msgid_plural|msgid|msgstr(?:\[[0-9]+\])?)\s*)?"
    r'"(?P<string>(?:[^"\\]|\\.)*)"\s*'
)
ESCAPE = re.compile(r"\\(.)")
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "v": "\v", "f": "\f", "b": "\b", "a": "\a", '"': '"', "\\": "\\"}
CHARSET = re.compile(rb'^"?Content-Type:[^"\n]*charset=([\w.:+-]+)', re.MULTILINE)
PLURAL = re.compile(r"nplurals\s*=\s*[0-9]+\s*;\s*plural\s*=([^;]+)")
SCRIPTS = {"latin": "Latn", "cyrillic": "Cyrl", "arabic": "Arab", "devanagari": "Deva"}
"""What stands after @ in the name of a locale, where it is a script."""

ONE, MANY = 1, 100
"""The numbers whose forms are taken for the singular and the plural of the source."""

LAYOUT = 'write msgid "..." and msgstr "..." (or msgid_plural, msgstr[0], msgstr[1]), and inside them \\" and \\\\'


@dataclass(slots=True)
class Entry:
    """An entry of a PO file: the strings by their keywords; `whole` if all of its lines could be read."""

    line: int
    obsolete: bool
    fuzzy: bool
    strings: dict[str, str] = field(default_factory=dict)
    whole: bool = True

    @property
    def translated(self) -> bool:
        """Whether there is any translation, or place for one."""
        return any(word.startswith("msgstr") for word in self.strings)


def parse(data: bytes, *, language: str, labelled: bool, findings: Findings) -> Cells:
    """Read the messages that are translated, and neither fuzzy nor obsolete; the others are counted.

    Of a message with plural forms the singular goes with the form that 1 has, and the plural with that of 100; where
    these are one form, there is the plural alone.

    Raises:
        UsageError: one language is named where two are needed.
    """
    pairs = Pairs(language, labelled=labelled, findings=findings)
    header: dict[str, str] = {}
    said: list[str] = []
    fitting, forms = True, None
    for entry in _entries(_decoded(data, findings), findings):
        strings = entry.strings
        if not header and not strings["msgid"] and "msgctxt" not in strings:
            lines = (line.partition(":") for line in strings.get("msgstr", "").split("\n"))
            header = {name.strip().lower(): value.strip() for name, _, value in lines}
            said = [_tag(header.get(name, "")) for name in ("x-source-language", "language")]
            fitting = pairs.fit(*said, line=entry.line)
            forms = _forms(header.get("plural-forms", ""))
        elif entry.obsolete:
            pairs.leave_out("obsolete")
        elif not fitting:
            pairs.leave_out("in other languages", languages=[" to ".join(filter(None, said))])
        else:
            if labelled and forms is None and any(strings[word] for word in strings if word.startswith("msgstr[")):
                cause = "there are plural forms, and the header does not say which numbers have which"
                fix = r'put in the header a line such as "Plural-Forms: nplurals=2; plural=(n != 1);\n"'
                findings.add("LW214", cause=cause, fix=fix, line=entry.line)
                forms = (0, 1)
            for text, translation in _texts(strings, *(forms or (0, 1))):
                pairs.add(entry.line, text, translation, why="fuzzy" if entry.fuzzy and translation else "")
    return pairs.cells()


def _texts(strings: dict[str, str], one: int, many: int) -> Iterator[tuple[str, str]]:
    if "msgid_plural" not in strings:
        yield strings["msgid"], strings["msgstr"]
        return
    if one != many:
        yield strings["msgid"], strings.get(f"msgstr[{one}]", "")
    yield strings["msgid_plural"], strings.get(f"msgstr[{many}]", "")


def _entries(text: str, findings: Findings) -> Iterator[Entry]:
    """Yield the entries of `text` that are whole; note what is wrong with the others."""
    entry: Entry | None = None
    word, fuzzy = "", False
    for number, line in enumerate(text.split("\n"), start=1):
        bare = line.strip()
        if not bare or (bare.startswith("#") and not bare.startswith("#~")) or bare == "#~" or bare.startswith("#~|"):
            if bare.startswith("#,") and "fuzzy" in map(str.strip, bare[2:].split(",")):
                fuzzy = True
                if entry and not entry.translated:
                    cause, fix = "the flag fuzzy stands inside an entry", "put it before the entry"
                    findings.add("LW214", cause=cause, fix=fix, line=number)
            continue
        found = LINE.fullmatch(line)
        string = _unescaped(found["string"]) if found else None
        if found is None or string is None:
            cause = f"{shown(bare)} {'has an escape that is not known' if found else 'is no line of a PO file'}"
            findings.add("LW214", cause=cause, fix=LAYOUT, line=number)
            if entry:
                entry.whole = False
            continue
        new = found["word"]
        if entry is None or new == "msgctxt" or (new == "msgid" and entry.strings.keys() - {"msgctxt"}):
            if entry and _is_whole(entry, findings):
                yield entry
            entry = Entry(number, bool(found["obsolete"]), fuzzy)
            word, fuzzy = "", False
        if not new and word:
            entry.strings[word] += string
        elif new and new not in entry.strings:
            word = new
            entry.strings[word] = string
        else:
            cause = f"{new or 'a string'} stands where none may"
            findings.add("LW214", cause=cause, fix=LAYOUT, line=number)
            entry.whole = False
    if entry and _is_whole(entry, findings):
        yield entry


def _is_whole(entry: Entry, findings: Findings) -> bool:
    """Whether an entry has all that it needs, and nothing else; note it if only that is wrong with it."""
    there = entry.strings.keys() - {"msgctxt"}
    needed = {"msgid", "msgstr"}
    if "msgid_plural" in there:
        needed = {"msgid", "msgid_plural", *([word for word in there if word.startswith("msgstr[")] or ["msgstr[0]"])}
    if entry.whole and there != needed:
        lacking, more = (", ".join(sorted(names)) for names in (needed - there, there - needed))
        cause = "the entry " + " and ".join([f"has no {lacking}"] * bool(lacking) + [f"has {more}"] * bool(more))
        findings.add("LW214", cause=cause, fix=LAYOUT, line=entry.line)
    return entry.whole and there == needed


def _unescaped(string: str) -> str | None:
    """Return what a string says; None if it has an escape that is not known."""
    if any(letter not in ESCAPES for letter in ESCAPE.findall(string)):
        return None
    return ESCAPE.sub(lambda found: ESCAPES[found[1]], string)


def _decoded(data: bytes, findings: Findings) -> str:
    """Return `data` as text, by the encoding that its header names: UTF-8 if none is, or that of ASCII."""
    found = CHARSET.search(data)
    name = found[1].decode("ascii") if found else "UTF-8"
    try:
        plain = name == "CHARSET" or codecs.lookup(name).name in ("utf-8", "ascii")
        return decode(data, findings) if plain else data.decode(name)
    except LookupError:
        cause, line = f"the encoding {shown(name)} that the header names is not known", 0
    except UnicodeError as error:
        start = getattr(error, "start", 0)
        cause = f"byte 0x{data[start]:02x} at offset {start} is not in {name}, which the header names"
        line = data.count(b"\n", 0, start) + 1
    return findings.stop("LW120", cause=cause, fix="save the file as UTF-8, and name that in its header", line=line)


def _tag(locale: str) -> str:
    """Turn the name of a locale (sr_RS.UTF-8@latin) into a language tag (sr-Latn-RS)."""
    name, _, modifier = locale.partition("@")
    language, *region = name.partition(".")[0].split("_")
    script = SCRIPTS.get(modifier.lower(), "")
    return "-".join(filter(None, (language, script, *region, "" if script else modifier)))


def _forms(header: str) -> tuple[int, int] | None:
    """Return which plural forms `ONE` and `MANY` have, as the header says in C; None if it does not."""
    found = PLURAL.match(header)
    try:
        form = c2py(found[1].strip()) if found else None
        return (form(ONE), form(MANY)) if form else None
    except (ValueError, ZeroDivisionError):
        return None
