from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanword.search.html import place_in, text_of

PAGE = """<!DOCTYPE html>
<html><head><title>Fähren</title><style>p { color: red }</style></head>
<body><h1>Fahr&shy;plan</h1><!-- <p>nie</p> --><script>if (a < b) "<p>"</script>
<p>Die <b>letzte</b> F&auml;hre f&#xE4;hrt
   um   acht &amp; <i>k</i>ein Boot danach.<br>Außer sonntags&nbsp;!
<ul><li>eins<li>AT&T</ul><pre>a
  b</pre>&unknown; 1 < 2 &lt;tag&gt;</body></html>"""


def test_what_a_reader_sees():
    text, _ = text_of(PAGE)
    assert text.split("\n\n") == [
        "Fähren",
        "Fahr\xadplan",
        "Die letzte Fähre fährt um acht & kein Boot danach.",
        "Außer sonntags !",
        "eins",
        "AT&T",
        "a\n  b",
        "&unknown; 1 < 2 <tag>",
    ]


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("Fähren", "Fähren"),
        ("letzte", "letzte"),
        ("Fähre fährt", "F&auml;hre f&#xE4;hrt"),
        ("fährt um acht &", "f&#xE4;hrt\n   um   acht &amp;"),
        ("& kein", "&amp; <i>k</i>ein"),
        ("a\n  b", "a\n  b"),
        ("2 <tag>", "2 &lt;tag&gt;"),
        ("AT&T", "AT&T"),
    ],
)
def test_every_part_is_found_in_the_page(said, written):
    text, runs = text_of(PAGE)
    start = text.index(said)
    assert PAGE[place_in(runs, start) : place_in(runs, start + len(said), end=True)] == written


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=5)
GAPS = st.sampled_from([" ", "\n", "  \n ", "<b>", "</i> ", "<p>", "<br/>\n", "<!-- x -->", "\N{NO-BREAK SPACE}"])


@given(st.lists(st.tuples(WORDS, GAPS, st.booleans()), min_size=1, max_size=8))
def test_words_stand_where_they_are_said_to(parts):
    """Whatever stands between them, and however their characters are written."""
    page = "".join(
        ("".join(f"&#{ord(letter)};" for letter in word) if coded else escape(word)) + gap for word, gap, coded in parts
    )
    text, runs = text_of(page)
    assert "".join(text.split()) == "".join("".join(word.split()) for word, _, _ in parts)
    for place, letter in enumerate(text):
        if not letter.isspace():
            written = page[place_in(runs, place) : place_in(runs, place + 1, end=True)]
            assert unescape(written) == letter


def test_without_runs_the_text_is_the_page():
    assert (place_in([], 3), place_in([], 3, end=True)) == (3, 3)


def test_a_page_without_text():
    assert text_of("<html><body><script>1</script></body></html>") == ("", [])
