import gzip
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loanword.data.codes import Findings
from loanword.data.read import read
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.data.tmx import INLINE, parse
from loanword.data.xml import LANGUAGE
from loanword.errors import DataError, UsageError

XML_LANG = "{" + LANGUAGE.replace(" ", "}")
CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff") | st.sampled_from(
    "<>&\"'\n\t\u0301\u05d0\u0628\u202e\u200d\U0001f469"
)
TEXT = st.text(CHARACTERS, max_size=12)
FILLED = TEXT.filter(str.strip)


def document(*units):
    body = "\n".join(units)
    header = '<header srclang="*all*"><prop type="x">p</prop></header>'
    return f'<tmx version="1.4">\n{header}\n<body>\n{body}\n</body></tmx>'


def unit(*variants):
    inside = "".join(f'<tuv xml:lang="{tag}"><seg>{text}</seg></tuv>' for tag, text in variants)
    return f"<tu>{inside}</tu>"


def rows(text, language="en:de", *, labelled=True):
    findings = Findings("f.tmx")
    data = text if isinstance(text, bytes) else text.encode()
    cells = parse(data, language=language, labelled=labelled, findings=findings)
    findings.raise_any()
    values = cells.values
    return list(
        zip(cells.lines, values["text"], values.get("translation", values["text"]), strict=True)
    ), cells.left_out


def problems(text, language="en:de"):
    with pytest.raises(DataError) as caught:
        rows(text, language)
    return [(problem.code, problem.line) for problem in caught.value.problems]


def test_units_with_both_languages_are_rows_in_either_direction():
    text = document(unit(("en", "one"), ("fr", "un"), ("de", "eins")), unit(("de", "zwei"), ("en", "two")))
    assert rows(text) == ([(4, "one", "eins"), (5, "two", "zwei")], {})
    assert rows(text, "fr:en") == ([(4, "un", "one")], {"without fr": 1})


@pytest.mark.parametrize(
    ("tags", "language", "chosen"),
    [
        (("en-US", "DE_de"), "en:de", 0),
        (("en-GB", "en", "de"), "en:de", 1),
        (("en-GB", "en-US", "de"), "en-US:de", 1),
        (("eng", "ger"), "en:de", 0),
        (("en", "de"), "en-GB:de-AT", 0),
        (("en_XX", "sr-Latn"), "en:sr-Latn", 0),
        (("zh-TW", "zh-CN", "en"), "zh-CN:en", 1),
    ],
)
def test_tags_in_any_spelling_the_same_before_those_that_agree(tags, language, chosen):
    (found,), _ = rows(document(unit(*((tag, f"text {n}") for n, tag in enumerate(tags)))), language)
    assert found[1:] == (f"text {chosen}", f"text {len(tags) - 1}")


def test_a_language_is_not_another_one_of_its_kind():
    assert problems(document(unit(("pt-PT", "um"), ("en", "one"))), "pt-BR:en") == [("LW403", 0)]
    assert problems(document(unit(("sr-Latn", "jedan"), ("en", "one"))), "sr-Cyrl-RS:en") == [("LW403", 0)]
    (found,), _ = rows(document(unit(("en", "colour"), ("en-US", "color"))), "en-GB:en-US")
    assert found[1:] == ("colour", "color")


def test_several_texts_in_one_language_are_a_problem_told_once_for_all_units():
    torn = unit(("en-US", "color"), ("en-GB", "colour"), ("de", "Farbe"))
    text = document(unit(("en", "a"), ("de", "b")), torn, torn, unit(("en", "x"), ("de", "y"), ("de", "z")))
    assert problems(text) == [("LW404", 5), ("LW404", 7)]
    assert len(rows(text.replace('<tuv xml:lang="de"><seg>z</seg></tuv>', ""), "en-GB:de")[0]) == 4
    same = document(unit(("en-US", "red"), ("en-GB", "red"), ("de", "rot")))
    assert rows(same)[0] == [(4, "red", "rot")]


def test_the_codes_of_other_formats_are_no_text():
    seg = 'Press <bpt i="1">&lt;b&gt;<sub>no</sub></bpt>Save<ept i="1">&lt;/b&gt;</ept>, <hi>then <hi>go</hi></hi>'
    text = document(unit(("en", f'{seg}<ph type="lb"/>on<ut>x</ut><it pos="end">y</it>'), ("de", "Sichern")))
    assert rows(text)[0] == [(4, "Press Save, then go\non", "Sichern")]


def test_units_without_one_of_the_languages_are_counted():
    empty = (unit(("en", ""), ("de", "c")), unit(("en", "d"), ("de", " <ph/>")), unit())
    text = document(unit(("en", "a"), ("fr", "b")), *empty)
    with pytest.raises(DataError, match=r"LW403 there is nothing in en and de; the languages there are: 'en' \(2\)"):
        rows(text)
    found, left_out = rows(text.replace("</body>", unit(("en", "e"), ("de", "f")) + "</body>"))
    assert (len(found), left_out) == (1, {"without de": 2, "without en": 2})


def test_texts_alone_need_one_language_and_that_one():
    text = document(unit(("en", "a"), ("fr", "b")), unit(("fr", "c")))
    assert rows(text, "fr", labelled=False)[0] == [(4, "b", "b"), (5, "c", "c")]
    assert rows(text, "en:zh", labelled=False) == ([(4, "a", "a")], {"without en": 1})
    with pytest.raises(UsageError, match="say which"):
        rows(text, "und", labelled=False)
    with pytest.raises(UsageError, match="name both"):
        rows(text, "en")


def test_what_is_not_written_as_it_should_be_is_told_by_line():
    text = document(
        "<tu>\n<tuv><seg>a</seg></tuv>\n<tuv xml:lang='de'/></tu>",
        unit(("en", "see <b>this</b>"), ("de", "x")),
        "<tu><tuv xml:lang='en'><seg>a</seg><seg>b</seg></tuv></tu>",
    )
    assert problems(text) == [("LW402", 5), ("LW214", 6), ("LW214", 7), ("LW214", 8)]


def written(pairs, *, encoding="utf-8", codes=()):
    """A memory as ElementTree writes it; `codes` stand before every character whose place is a multiple of three."""
    root = ET.Element("tmx", version="1.4")
    body = ET.SubElement(root, "body")
    for number, pair in enumerate(pairs):
        one = ET.SubElement(body, "tu", tuid=str(number))
        for tag, text in zip(("en-US", "de"), pair, strict=True):
            seg = ET.SubElement(ET.SubElement(one, "tuv", {XML_LANG: tag}), "seg")
            seg.text = "" if codes else text
            for place, character in enumerate(text if codes else ""):
                if place % 3 == 0:
                    code = ET.SubElement(seg, codes[place % len(codes)])
                    code.text = "" if INLINE[code.tag] else "<native & code>"
                    code.tail = ""
                (seg[-1]).tail += character
        one.tail = "\n"
    return ET.tostring(root, encoding=encoding, xml_declaration=True)


@settings(deadline=None)
@given(
    pairs=st.lists(st.tuples(FILLED, FILLED), min_size=1, max_size=4),
    encoding=st.sampled_from(["utf-8", "utf-16", "us-ascii"]),
    codes=st.lists(st.sampled_from(sorted(INLINE)), max_size=3),
)
def test_text_in_is_text_out(tmp_path_factory, pairs, encoding, codes):
    content = written(pairs, encoding=encoding, codes=codes)
    path = tmp_path_factory.getbasetemp() / "memory.tmx.gz"
    path.write_bytes(gzip.compress(content, mtime=0))
    table = read(path, language="en:de", shape=PARALLEL_TEXT)
    assert list(zip(table.text, table.pair, strict=True)) == pairs
    assert table.id == [str(number) for number in range(len(pairs))]
    lines = content.decode(encoding).split("\n")
    assert ["<tu " in lines[line - 1] for line in table.line] == [True] * len(pairs)


@settings(deadline=None, max_examples=150)
@given(start=st.integers(0, 400), length=st.integers(0, 30), insert=st.binary(max_size=4))
@example(start=0, length=0, insert=b"\xfe\xff")
def test_a_damaged_file_is_a_data_error_or_harmless(start, length, insert):
    """It names the line, unless the whole file is of another kind than it should be."""
    content = written([("one & two", "eins"), ("three", "drei <b>")], codes=["bpt", "hi"])
    try:
        rows(content[:start] + insert + content[start + length :])
    except DataError as error:
        assert all(problem.line or problem.code in ("LW108", "LW109", "LW403") for problem in error.problems)
