import time
import tracemalloc

import pytest

from loanword.data import xml as module
from loanword.data.codes import Findings
from loanword.data.xml import DEEPEST, LANGUAGE, Element, text_of, walk
from loanword.errors import DataError

INLINE = {"b": True, "code": False, "cp": False}


def units(data, *, root="r"):
    data = data if isinstance(data, bytes) else data.encode()
    return list(walk(data, root=root, units=("u",), findings=Findings("f.xml")))


def problems(call):
    with pytest.raises(DataError) as caught:
        call()
    return [(problem.code, problem.line) for problem in caught.value.problems]


def text(inside, findings):
    ((_, unit),) = units(f"<r><u>{inside}</u></r>")
    return text_of(unit, INLINE, findings)


DOCUMENT = """<?xml version="1.0"?>
<r a="1" xmlns:o="urn:other">
  <!-- <u>a comment</u> -->
  <g k="v"><u
      id="one" xml:lang="de">x<o:v/><![CDATA[<&>]]>
  </u></g>lost<u id="two"><w><u id="inner"/></w></u>
</r>"""


@pytest.mark.parametrize("piece", [1, 7, 2**20])
def test_units_come_whole_with_their_lines_and_what_is_around_them(monkeypatch, piece):
    monkeypatch.setattr(module, "PIECE", piece)
    (first_around, first), (second_around, second) = units(DOCUMENT)
    assert [(one.name, one.line, one.attributes) for one in first_around] == [
        ("r", 2, {"a": "1"}),
        ("g", 4, {"k": "v"}),
    ]
    assert (first.line, first.attributes) == (4, {"id": "one", LANGUAGE: "de"})
    assert "".join(part for part in first.content if isinstance(part, str)) == "x<&>\n  "
    assert first.children("urn:other v") == [Element("urn:other v", {}, 5)]
    assert [one.name for one in second_around] == ["r"]
    assert [one.attributes["id"] for one in second.children("w")[0].children("u")] == ["inner"]
    assert not any(one.content for one in (*first_around, *second_around))


def test_the_namespace_of_the_root_is_that_of_the_format():
    ((_, unit),) = units('<a:r xmlns:a="urn:a" xmlns="urn:b"><u/><a:u><v/><a:v/></a:u></a:r>')
    assert [part.name for part in unit.content] == ["urn:b v", "v"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "iso-8859-1", "windows-1252"])
def test_the_encoding_is_the_one_that_is_named(encoding):
    name = encoding.removesuffix("-sig").removesuffix("-be")
    content = f'<?xml version="1.0" encoding="{name}"?>\n<r><u>größer</u></r>'.encode(encoding)
    ((_, unit),) = units(content)
    assert (unit.content, unit.line) == (["größer"], 2)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b'<?xml version="1.0" encoding="utf-16"?><r/>', [("LW119", 1)]),
        (b'<?xml version="1.0" encoding="Shift_JIS"?><r/>', [("LW120", 1)]),
        (b'<?xml version="1.0" encoding="no-such"?><r/>', [("LW120", 1)]),
        (b"<r>\n<u>caf\xe9</u></r>", [("LW109", 2), ("LW119", 2)]),
        (b'<?xml version="1.0" encoding="UTF-8"?>\n<r>\n<u>caf\xe9</u></r>', [("LW109", 3), ("LW119", 3)]),
        (b"<r>\n<u>a & b</u></r>", [("LW119", 2)]),
        (b"<r>\n<u>a\n</r>", [("LW119", 3)]),
        (b"<r>\n<u>a", [("LW119", 2)]),
        (b"<r/>\n<r/>", [("LW119", 2)]),
        (b"<r>\n&nbsp;</r>", [("LW119", 2)]),
        (b"<r>\n&#1;</r>", [("LW119", 2)]),
        (b"<r>\n<p:u/></r>", [("LW119", 2)]),
        (b"no xml", [("LW119", 1)]),
        (b"\n<html/>", [("LW105", 2)]),
        (b"<r>" + b"<a>" * DEEPEST + b"</a>" * DEEPEST + b"</r>", [("LW119", 1)]),
    ],
)
def test_what_is_no_xml_is_told_by_line(data, expected):
    assert problems(lambda: units(data)) == expected


def test_elements_may_stand_in_one_another_to_a_depth():
    assert units("<r>" + "<a>" * (DEEPEST - 1) + "</a>" * (DEEPEST - 1) + "</r>") == []


LAUGHS = "".join(f'<!ENTITY l{n} "' + f"&l{n - 1};" * 10 + '">\n' for n in range(1, 30))


@pytest.mark.parametrize(
    ("doctype", "line"),
    [
        (f'[<!ENTITY l0 "ha">\n{LAUGHS}]', 1),
        ('\n[<!ENTITY x SYSTEM "file:///etc/passwd">]', 2),
        ('[<!ENTITY % x SYSTEM "http://localhost/x.dtd">\n%x;]', 1),
    ],
)
def test_entities_of_its_own_are_refused_at_once(doctype, line):
    began = time.monotonic()
    assert problems(lambda: units(f"<!DOCTYPE r {doctype}>\n<r><u>&x;&l29;</u></r>")) == [("LW119", line)]
    assert time.monotonic() - began < 1


def test_a_dtd_is_not_looked_for_and_what_it_may_have_defined_is_not_lost():
    doctype = '<!DOCTYPE r SYSTEM "http://localhost:1/none.dtd" [<!ELEMENT r (u)*>]>\n'
    ((_, unit),) = units(f"{doctype}<r><u>a&amp;b</u></r>")
    assert "".join(unit.content) == "a&b"
    assert problems(lambda: units(f"{doctype}<r><u>a&nbsp;b</u></r>")) == [("LW119", 2)]


def test_the_text_is_what_is_not_code():
    findings = Findings("f.xml")
    assert text("a<b>b<b>c</b></b><code>d<sub>e</sub></code>f", findings) == "abcf"
    assert text('a<code type="lb">x</code>b<code subType="xlf:pb"/>c<code ctype="bold"/>', findings) == "a\nb\nc"
    assert text('<cp hex="1F600"/><cp hex="41"/>', findings) == "\U0001f600A"
    assert findings.problems == []


def test_what_stands_in_a_text_and_may_not_is_noted():
    findings = Findings("f.xml")
    assert text("a\n<i>b</i>", findings) == "a\n"
    assert text('<cp/><cp hex="x"/><cp hex="110000"/>', findings) == ""
    assert [(problem.code, problem.line) for problem in findings.problems] == [("LW214", 2), *[("LW214", 1)] * 3]


def test_nothing_stays_of_what_was_read(monkeypatch):
    monkeypatch.setattr(module, "PIECE", 4096)
    data = b"<r>" + b"<s>filler<u>x</u></s>" * 20_000 + b"</r>"
    tracemalloc.start()
    try:
        assert sum(1 for _ in walk(data, root="r", units=("u",), findings=Findings("f.xml"))) == 20_000
        assert tracemalloc.get_traced_memory()[1] < len(data)
    finally:
        tracemalloc.stop()
