import gettext
import gzip

import polib
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loanword.data.codes import Findings
from loanword.data.po import MANY, ONE, parse
from loanword.data.read import read
from loanword.data.shapes.parallel import PARALLEL_TEXT
from loanword.errors import DataError, UsageError

HEADER = """# Translators
msgid ""
msgstr ""
"Language: {language}\\n"
"Content-Type: text/plain; charset={charset}\\n"
"Plural-Forms: nplurals={count}; plural={plural};\\n"

"""
TWO = (2, "(n != 1)")


def header(language="de", charset="UTF-8", forms=TWO):
    return HEADER.format(language=language, charset=charset, count=forms[0], plural=forms[1])


def rows(text, language="en:de", *, labelled=True):
    findings = Findings("f.po")
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


MESSAGES = r"""#  comment
#. extracted
#: src/main.c:12
#, c-format
#| msgid "_Opn %s"
msgctxt "menu"
msgid "_Open %s"
msgstr "%s _öffnen"

#, fuzzy, c-format
msgid "unsure"
msgstr "unsicher"

msgid "missing"
msgstr ""

  msgid ""
  "two \"lines\"\n"
"and \\ a\ttab"
msgstr ""
"zwei\n"
"#, fuzzy"
#comment
#=

#~ msgid "old"
#~ msgstr ""
#~ "alt"
#~| msgid "older"
"""


def test_messages_are_rows_and_what_is_no_translation_is_counted():
    found, left_out = rows(header() + MESSAGES)
    assert found == [
        (13, "_Open %s", "%s _öffnen"),
        (24, 'two "lines"\nand \\ a\ttab', "zwei\n#, fuzzy"),
    ]
    assert left_out == {"fuzzy": 1, "untranslated": 1, "obsolete": 1}


def test_texts_alone_are_all_that_wait_for_a_translation():
    found, left_out = rows(header() + MESSAGES, "und", labelled=False)
    assert [text for _, text, _ in found] == ["_Open %s", "unsure", "missing", 'two "lines"\nand \\ a\ttab']
    assert left_out == {"obsolete": 1}
    with pytest.raises(UsageError, match="name both languages"):
        rows(header() + MESSAGES, "de")


def test_line_ends_of_either_sort_and_no_header():
    text = 'msgid "a"\r\nmsgstr "b"\r\n\r\nmsgid "c"\r\nmsgstr "d\u2028\x85e"'
    assert rows(text)[0] == [(1, "a", "b"), (4, "c", "d\u2028\x85e")]


FORMS = {
    "de": (2, "(n != 1)", "one", "other"),
    "fr": (2, "n > 1", "one", "other"),
    "ja": (1, "0", None, "one"),
    "pl": (3, "n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2", "one", "third"),
    "lv": (3, "n%10==1 && n%100!=11 ? 0 : n != 0 ? 1 : 2", "one", "other"),
    "sl": (4, "n%100==1 ? 1 : n%100==2 ? 2 : n%100==3 || n%100==4 ? 3 : 0", "other", "one"),
}


@pytest.mark.parametrize("language", sorted(FORMS))
def test_plural_forms_are_those_of_one_and_of_many(language):
    """Held against what gettext itself would show for these numbers."""
    count, plural, *expected = FORMS[language]
    forms = ["one", "other", "third", "fourth"][:count]
    lines = "".join(f'msgstr[{n}] "{form}"\n' for n, form in enumerate(forms))
    found, left_out = rows(
        header(language, forms=(count, plural)) + f'msgid "one file"\nmsgid_plural "files"\n{lines}', f"en:{language}"
    )
    shown = [forms[gettext.c2py(plural)(number)] for number in (ONE, MANY)]
    pairs = list(zip(("one file", "files"), shown, strict=True))
    assert [row[1:] for row in found] == (pairs[1:] if count == 1 else pairs)
    assert [form for form in expected if form] == [row[2] for row in found]
    assert left_out == {}


PLURAL = 'msgid "a"\nmsgid_plural "b"\nmsgstr[0] "{}"\nmsgstr[1] "{}"\n'


@pytest.mark.parametrize("plural", ["EXPRESSION", "n != ", "n % 0", "__import__('os')"])
def test_forms_that_the_header_does_not_tell_apart_are_told_once(plural):
    text = header(forms=("INTEGER" if plural == "EXPRESSION" else 2, plural))
    assert problems(text + PLURAL.format("x", "y") * 2) == [("LW214", 8)]
    assert rows(text + PLURAL.format("", ""))[0] == []
    assert [row[1] for row in rows(text + PLURAL.format("x", "y"), "en", labelled=False)[0]] == ["a", "b"]


def test_a_form_that_is_not_there_is_not_translated():
    found, left_out = rows(header() + PLURAL.format("x", ""))
    assert ([row[1:] for row in found], left_out) == ([("a", "x")], {"untranslated": 1})


@pytest.mark.parametrize(
    ("said", "asked", "fitting"),
    [
        ("de", "en:de", True),
        ("de_AT", "en:de", True),
        ("", "en:de", True),
        ("sr@latin", "en:sr-Latn", True),
        ("sr_RS.UTF-8@latin", "en:sr-Latn-RS", True),
        ("ca@valencia", "en:ca", True),
        ("fr", "en:de", False),
        ("pt_PT", "en:pt-BR", False),
        ("sr@latin", "en:sr-Cyrl-RS", False),
    ],
)
def test_the_language_of_the_header_is_held_against_the_second(said, asked, fitting):
    text = header(said) + 'msgid "a"\nmsgstr "b"\n'
    if fitting:
        assert len(rows(text, asked)[0]) == 1
    else:
        assert problems(text, asked) == [("LW403", 0)]
    assert len(rows(text, "en", labelled=False)[0]) == 1


def test_the_language_of_the_source_too_where_it_is_said():
    text = header().replace('"Language:', '"X-Source-Language: fr\\n"\n"Language:') + 'msgid "a"\nmsgstr "b"\n'
    assert problems(text) == [("LW403", 0)]
    assert len(rows(text, "fr:de")[0]) == 1
    assert problems(text.replace(": fr", ": French!"), "fr:de") == [("LW402", 2)]


@pytest.mark.parametrize("charset", ["UTF-8", "utf8", "CHARSET", "ISO-8859-15", "windows-1252", "utf-8-sig"])
def test_the_encoding_is_the_one_that_the_header_names(charset):
    content = (header(charset=charset) + 'msgid "a"\nmsgstr "größer"\n').encode(
        "utf-8" if charset == "CHARSET" else charset
    )
    assert rows(content)[0] == [(8, "a", "größer")]


@pytest.mark.parametrize(
    ("charset", "content", "expected"),
    [
        ("UTF-8", b'msgid "a"\nmsgstr "\xe9"\n', [("LW109", 9)]),
        ("EUC-JP", b'msgid "a"\nmsgstr "\xff"\n', [("LW120", 9)]),
        ("nonsense", b'msgid "a"\nmsgstr "b"\n', [("LW120", 0)]),
        ("base64", b'msgid "a"\nmsgstr "b"\n', [("LW120", 0)]),
    ],
)
def test_what_is_in_another_encoding_is_told(charset, content, expected):
    assert problems(header(charset=charset).encode() + content) == expected


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('msgid "a"\nmsgstr "b\n\nmsgid "c"\nmsgstr "d"\n', [2]),
        ('msgid "a\nmsgstr "b"\n', [1, 2]),
        ('msgid "a"\nmsgstr "say "b""\n', [2]),
        ('msgid "a"\nmsgstr "b\\"\n', [2]),
        ('msgid "a"\nmsgstr "\\x41"\n', [2]),
        ('msgid "a"\nmsgstr "\\101"\n', [2]),
        ('msgid "a"\nmsgstr b\n', [2]),
        ('nonsense\nmsgid "a"\nmsgstr "b"\nmore\n', [1, 4]),
        ('"a"\nmsgid "a"\nmsgstr "b"\n', [1]),
        ('msgid "a"\n\nmsgid "c"\nmsgstr "d"\n', [1]),
        ('msgid "a"\n', [1]),
        ('msgstr "a"\n\nmsgid "c"\nmsgstr "d"\n', [1]),
        ('msgctxt "a"\n\nmsgctxt "c"\nmsgid "c"\nmsgstr "d"\n', [1]),
        ('msgid "a"\nmsgstr "b"\nmsgstr "c"\n', [3]),
        ('msgid "a"\nmsgid_plural "b"\nmsgstr "c"\n', [1]),
        ('msgid "a"\nmsgstr[0] "c"\n', [1]),
        ('msgid "a"\nmsgid_plural "b"\n', [1]),
        ('msgid "a"\n#, fuzzy\nmsgstr "b"\n', [2]),
        ('#~ msgid "a"\n\nmsgid "b"\nmsgstr "c"\n', [1]),
    ],
)
def test_all_that_is_broken_is_told_by_line(text, lines):
    """Of these polib refuses some, and reads others as if letters or entries had never been there."""
    assert problems(text) == [("LW214", line) for line in lines]


# --- against polib ---------------------------------------------------------------------------------------------

CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0") | st.sampled_from(
    '"\\\n\t\r\v\f\b\a%_&#~ \u0301\u05d0\u0628\u202e\u2028\x85\U0001f469'
)
TEXT = st.text(CHARACTERS, max_size=30)
FILLED = TEXT.filter(str.strip)
ENTRIES = st.lists(
    st.tuples(FILLED, TEXT, st.none() | TEXT, st.booleans(), st.booleans(), st.none() | FILLED), min_size=1, max_size=6
)


@settings(deadline=None)
@given(entries=ENTRIES, width=st.sampled_from([0, 10, 78]), charset=st.sampled_from(["utf-8", "gb18030"]))
def test_text_in_is_text_out(tmp_path_factory, entries, width, charset):
    file = polib.POFile(wrapwidth=width, encoding=charset)
    file.metadata = {
        "Language": "de",
        "Content-Type": f"text/plain; charset={charset}",
        "Plural-Forms": "nplurals=2; plural=n != 1;",
    }
    expected = []
    for text, translation, context, fuzzy, obsolete, plural in entries:
        entry = polib.POEntry(msgid=text, msgctxt=context, obsolete=obsolete, flags=["fuzzy"] * fuzzy)
        if plural is None:
            entry.msgstr = translation
        else:
            entry.msgid_plural, entry.msgstr_plural = plural, {0: translation, 1: translation + "s"}
        file.append(entry)
        if not fuzzy and not obsolete:
            pairs = [(text, translation)] if plural is None else [(text, translation), (plural, translation + "s")]
            expected += [pair for pair in pairs if pair[1].strip()]
    path = tmp_path_factory.getbasetemp() / "messages.po"
    file.save(str(path), newline="")
    packed = path.with_suffix(".po.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    if not expected:
        with pytest.raises(DataError, match="LW111 there are no rows"):
            read(packed, language="en:de", shape=PARALLEL_TEXT)
        return
    table = read(packed, language="en:de", shape=PARALLEL_TEXT)
    assert list(zip(table.text, table.pair, strict=True)) == expected
    lines = path.read_bytes().decode(charset).split("\n")
    assert all(lines[line - 1].startswith(("msgid", "msgctxt")) for line in table.line)


def test_polib_reads_the_same(tmp_path):
    path = tmp_path / "messages.po"
    path.write_text(header() + MESSAGES.replace("#comment\n#=\n", ""), encoding="utf-8")
    theirs = [(entry.msgid, entry.msgstr) for entry in polib.pofile(str(path)).translated_entries()]
    table = read(path, language="en:de", shape=PARALLEL_TEXT)
    assert list(zip(table.text, table.pair, strict=True)) == theirs


@settings(deadline=None, max_examples=200)
@given(start=st.integers(0, 600), length=st.integers(0, 20), insert=st.binary(max_size=4))
@example(start=0, length=0, insert=b"\xfe\xff")
def test_a_damaged_file_is_a_data_error_or_harmless(start, length, insert):
    content = (header() + MESSAGES).encode()
    try:
        rows(content[:start] + insert + content[start + length :])
    except DataError as error:
        known = {"LW108", "LW109", "LW111", "LW120", "LW214", "LW402", "LW403"}
        assert {problem.code for problem in error.problems} <= known
