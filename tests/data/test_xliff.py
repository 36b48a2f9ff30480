from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loanword.data.codes import Findings
from loanword.data.read import read
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.data.xliff import INLINE, parse
from loanword.errors import DataError, UsageError

ONE = "urn:oasis:names:tc:xliff:document:1.2"
TWO = "urn:oasis:names:tc:xliff:document:2.0"


def one(*units, source="en", target="de", version="1.2", space=f' xmlns="{ONE}"'):
    said = f'source-language="{source}"' + (f' target-language="{target}"' if target else "")
    inside = "\n".join(units)
    return f'<xliff version="{version}"{space}>\n<file original="a" {said}><body>\n{inside}\n</body></file>\n</xliff>'


def unit(source, target=None, *, state="", about=""):
    state = f' state="{state}"' if state else ""
    target = "" if target is None else f"<target{state}>{target}</target>"
    return f'<trans-unit id="u"{about}><source>{source}</source>{target}</trans-unit>'


def two(*segments, source="en", target="de"):
    said = f'srcLang="{source}" trgLang="{target}"'
    inside = "\n".join(segments)
    return f'<xliff version="2.1" xmlns="{TWO}" {said}>\n<file id="f"><unit id="u">\n{inside}\n</unit></file></xliff>'


def segment(source, target=None, *, state=""):
    state = f' state="{state}"' if state else ""
    target = "" if target is None else f"<target>{target}</target>"
    return f"<segment{state}><source>{source}</source>{target}</segment>"


def rows(text, language="en:de", *, labelled=True):
    findings = Findings("f.xlf")
    cells = parse(text.encode(), language=language, labelled=labelled, findings=findings)
    findings.raise_any()
    values = cells.values
    return list(
        zip(cells.lines, values["text"], values.get("translation", values["text"]), strict=True)
    ), cells.left_out


def problems(text, language="en:de"):
    with pytest.raises(DataError) as caught:
        rows(text, language)
    return [(problem.code, problem.line) for problem in caught.value.problems]


BOTH = pytest.mark.parametrize(("document", "entry"), [(one, unit), (two, segment)])


@BOTH
def test_what_is_translated_is_a_row(document, entry):
    text = document(entry("one", "eins"), entry("two"), entry("three", ""), entry("", "x"), entry("\nfour ", " vier"))
    assert rows(text) == (
        [(3, "one", "eins"), (7, "\nfour ", " vier")],
        {"untranslated": 2, "without text": 1},
    )
    found, left_out = rows(text, "en", labelled=False)
    assert ([row[1] for row in found], left_out) == (["one", "two", "three", "\nfour "], {"without text": 1})
    with pytest.raises(UsageError, match="name both languages"):
        rows(text, "de")


@BOTH
@pytest.mark.parametrize(
    ("state", "kept"),
    [
        ("", True),
        ("translated", True),
        ("reviewed", True),
        ("signed-off", True),
        ("final", True),
        ("x-ours", True),
        ("new", False),
        ("initial", False),
        ("needs-translation", False),
        ("needs-review-translation", False),
        ("needs-l10n", False),
    ],
)
def test_unfinished_translations_are_counted(document, entry, state, kept):
    found, left_out = rows(document(entry("one", "eins", state=state), entry("two", "", state=state)))
    assert [row[1:] for row in found] == [("one", "eins")] * kept
    assert left_out == {"untranslated": 1} | ({} if kept else {"not finished": 1})


def test_approval_counts_where_no_state_is_said():
    told = ' approved="no"'
    text = one(
        unit("a", "b", about=told), unit("c", "d", about=told, state="final"), unit("e", "f", about=' approved="yes"')
    )
    assert rows(text) == ([(4, "c", "d"), (5, "e", "f")], {"not finished": 1})


def test_a_state_of_the_unit_is_that_of_its_target():
    text = one(unit("a", "b", about=' state="new"'), unit("c", "d", about=' state="new"', state="final"))
    assert rows(text) == ([(4, "c", "d")], {"not finished": 1})


def test_what_is_not_to_be_translated_is_counted_also_by_what_is_around_it():
    inside = unit("a", "a") + unit("b", "c", about=' translate="yes"')
    inside = f'<group translate="no">{inside}</group>'
    found, left_out = rows(one(inside, unit("d", "d", about=' translate="no"')))
    assert ([row[1:] for row in found], left_out) == ([("b", "c")], {"not to be translated": 2})
    whole = two(segment("a", "b")).replace('id="f"', 'id="f" translate="no"')
    assert rows(whole) == ([], {"not to be translated": 1})


def test_proposals_are_no_translations():
    proposal = "<alt-trans><source>x</source><target>y</target></alt-trans>"
    text = one(unit("a", "b").replace("</trans-unit>", f"{proposal}</trans-unit>"))
    assert [row[1:] for row in rows(text)[0]] == [("a", "b")]
    text = one(unit("a").replace("</trans-unit>", f"{proposal}</trans-unit>"))
    assert rows(text) == ([], {"untranslated": 1})
    matches = f'<m:matches xmlns:m="urn:m"><m:match>{segment("x", "y")}<source>x</source></m:match></m:matches>'
    ignorable = "<ignorable><source> </source><target> </target></ignorable>"
    assert [row[1:] for row in rows(two(matches, segment("a", "b"), ignorable, segment("c", "d")))[0]] == [
        ("a", "b"),
        ("c", "d"),
    ]


def test_codes_are_no_text_and_what_they_surround_is():
    source = 'A <g>big <mrk mtype="protected">B</mrk></g><x ctype="lb"/><bpt id="3">&lt;i&gt;</bpt>c<ept id="3"/>'
    assert rows(one(unit(source, 'Ein<ph id="4">%s<sub>no</sub></ph>')))[0][0][1:] == ("A big B\nc", "Ein")
    source = (
        'A <pc id="1">big <mrk id="m" type="term">B</mrk></pc><ph id="2" type="fmt" subType="xlf:lb"/><cp hex="E9"/>'
    )
    assert rows(two(segment(source, 'Ein<sc id="3"/>s<ec startRef="3"/>')))[0][0][1:] == ("A big B\né", "Eins")
    assert problems(one(unit("a<pc>b</pc>", "c"))) == [("LW214", 3)]
    assert problems(two(segment("a\n<g>b</g>", "c"))) == [("LW214", 4)]


def test_marked_segments_of_version_one_are_rows_of_their_own():
    def marked(*texts):
        return " ".join(f'<mrk mtype="seg" mid="{n}">{text}</mrk>' for n, text in enumerate(texts) if text is not None)

    def segmented(source, target=""):
        inside = f"<source>{source}</source><seg-source>{marked('A.', 'B.', 'C.')}</seg-source>{target}"
        return f"<trans-unit>{inside}</trans-unit>"

    target = f"<target><g id='1'>{marked('Ah.', None, 'Zeh.')}</g></target>"
    found, left_out = rows(one(segmented("A. B. C.", target)))
    assert ([row[1:] for row in found], left_out) == ([("A.", "Ah."), ("C.", "Zeh.")], {"untranslated": 1})
    assert rows(one(segmented("A. B. C.")))[1] == {"untranslated": 3}
    assert rows(one(segmented("A. B. C.", "<target>Ah. Beh. Zeh.</target>")))[0][0][1:] == ("A. B. C.", "Ah. Beh. Zeh.")


@pytest.mark.parametrize("said", [("en-US", "de_AT"), ("EN", "ger"), ("en", None)])
def test_the_languages_of_the_file_are_held_against_those_asked_for(said):
    assert len(rows(one(unit("a", "b"), source=said[0], target=said[1]))[0]) == 1


@BOTH
def test_other_languages_are_told(document, entry):
    text = document(entry("a", "b"), entry("c", "d"), target="fr")
    with pytest.raises(DataError, match=r"LW403 there is nothing in en and de; .*: 'en to fr' \(2\)"):
        rows(text)
    assert problems(text, "fr:en") == [("LW403", 0)]
    assert len(rows(text, "en", labelled=False)[0]) == 2
    assert problems(document(entry("a", "b"), entry("c", "d"), source="Latin letters")) == [
        ("LW402", 2 - (document is two))
    ]


def test_files_of_several_languages_in_one_document():
    both = one(unit("a", "b")).replace("</xliff>", "") + one(unit("c", "d"), target="fr").partition(">\n")[2]
    found, left_out = rows(both)
    assert ([row[1:] for row in found], left_out) == ([("a", "b")], {"in other languages": 1})
    assert [row[1:] for row in rows(both, "en:fr")[0]] == [("c", "d")]


def test_versions():
    for version, space in (("1.0", ""), ("1.1", ' xmlns="urn:oasis:names:tc:xliff:document:1.1"'), ("1.2", "")):
        assert len(rows(one(unit("a", "b"), version=version, space=space))[0]) == 1
    assert problems(one(unit("a", "b"), version="3.0")) == [("LW105", 1)]
    assert problems(one(unit("a", "b")).replace('version="1.2"', "")) == [("LW105", 1)]
    prefixed = one(unit("a", "b"), space=f' xmlns:x="{ONE}"').replace("<", "<x:").replace("<x:/", "</x:")
    assert [row[1:] for row in rows(prefixed)[0]] == [("a", "b")]


@BOTH
def test_a_unit_without_a_source_is_noted(document, entry):
    without = entry("", "b").replace("<source></source>", "")
    assert problems(document(entry("a", "b"), without)) == [("LW214", 4)]


CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from(
    "<>&\"'\n\t\u0301\u05d0\u0628\u202e\u200d\U0001f469"
)
FILLED = st.text(CHARACTERS, max_size=12).filter(str.strip)


def put(element, text, *, version, codes):
    """Write `text` into `element`, a code before every character whose place is a multiple of three."""
    element.text = "" if codes else text
    last = None
    for place, character in enumerate(text if codes else ""):
        if place % 3 == 0:
            names = sorted(INLINE[version].keys() - {"cp"})
            last = ET.SubElement(element, names[codes[place % len(codes)] % len(names)])
            last.text, last.tail = "" if INLINE[version][last.tag] else "<code>", ""
        last.tail += character


@settings(deadline=None)
@given(
    pairs=st.lists(st.tuples(FILLED, FILLED), min_size=1, max_size=4),
    version=st.sampled_from(["1", "2"]),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
    codes=st.lists(st.integers(0, 9), max_size=3),
)
def test_text_in_is_text_out(tmp_path_factory, pairs, version, encoding, codes):
    root = ET.Element("xliff", {"version": f"{version}.0"})
    top = ET.SubElement(root, "file")
    for pair in pairs:
        entry = ET.SubElement(top, "trans-unit" if version == "1" else "unit")
        place = entry if version == "1" else ET.SubElement(entry, "segment")
        for name, text in zip(("source", "target"), pair, strict=True):
            put(ET.SubElement(place, name), text, version=version, codes=codes)
        entry.tail = "\n"
    path = tmp_path_factory.getbasetemp() / "messages.xliff"
    path.write_bytes(ET.tostring(root, encoding=encoding, xml_declaration=True))
    table = read(path, language="en:de", shape=PARALLEL_TEXT)
    assert list(zip(table.text, table.pair, strict=True)) == pairs
    lines = path.read_bytes().decode(encoding).split("\n")
    assert all("<source" in lines[line - 1] for line in table.line)


@settings(deadline=None, max_examples=150)
@given(
    content=st.sampled_from([one(unit("a <g>b</g>", "c", state="final"), unit("d", "e")), two(segment("a", "b"))]),
    start=st.integers(0, 400),
    length=st.integers(0, 30),
    insert=st.text("<>/&;\"'= unitsourcex\0\u0301", max_size=6),
)
def test_a_damaged_file_is_a_data_error_or_harmless(content, start, length, insert):
    try:
        rows(content[:start] + insert + content[start + length :])
    except DataError as error:
        assert {problem.code for problem in error.problems} <= {"LW105", "LW119", "LW120", "LW214", "LW402", "LW403"}
