import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from tests.browser import HOSTILE, Page, policy
from tests.deploy.explanations import alignment, explanation, reading, two

from loanword.deploy.explain_html import html


def hostile():
    """Markup, quotes and characters that reorder others, wherever a text can come from outside."""
    word = HOSTILE.replace(" ", "\u00a0").replace("\n", "")
    one = reading(f"{HOSTILE} b", label=HOSTILE, predicted=f"{HOSTILE}2", language=HOSTILE, weights=[1.0] * 40)
    other = reading(word, "x", label=HOSTILE, weights=[None, 1.0])
    pairs = [(0, 0)]
    return explanation(one, other, alignments=[alignment(one, other, pairs)], task=HOSTILE)


@pytest.fixture(scope="module")
def pages():
    cases = {
        "two": ([two()], "en"),
        "zh": ([two(predicted="off", gap=0.5)], "zh"),
        "many": ([two(), explanation(reading("a b", about=(2, 3), weights=(1.0, None)))], "en"),
        "bare": ([explanation(reading("a", flow=False))], "en"),
        "hostile": ([hostile()], "en"),
    }
    return {name: html(made, language=language) for name, (made, language) in cases.items()}


NAMES = ["two", "zh", "many", "bare", "hostile"]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_runs_and_nothing_is_loaded(pages, name):
    page = Page(pages[name])
    assert len(page.tags) > 60
    rules = policy(page)
    assert rules["default-src"] == "'none'"
    assert "script-src" not in rules
    assert re.fullmatch(r"'sha256-[A-Za-z0-9+/=]+'", rules["style-src"])
    for tag, attributes in page.tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "base", "form", "img", "a"), tag
        assert not {key for key in attributes if key.startswith("on") or key in ("style", "src", "href", "srcdoc")}, tag
    (style,) = [text for tag, _, text in page.inside if tag == "style"]
    assert "url(" not in style
    assert "@import" not in style
    assert "\r" not in pages[name]


def test_what_came_from_outside_is_only_ever_text(pages):
    text = "".join(Page(pages["hostile"]).text)
    assert text.count("<script>alert(1)</script>") > 5
    assert "{{ 7*7 }}" in text or "{{\u00a07*7\u00a0}}" in text
    assert "⟦U+202E⟧" in text
    for hidden in "\u202e\u2066":
        assert hidden not in pages["hostile"]


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_there_once_and_headings_go_down_one_at_a_time(pages, name):
    page = Page(pages[name])
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes} == set(ids)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def marked(page):
    """The words of the marked texts: (class, characters, value)."""
    return re.findall(
        r'<span class="word ([^"]*)" tabindex="0"><span class="form">(.*?)</span><bdi class="value">(.*?)</bdi>', page
    )


def test_every_number_stands_beside_its_colour(pages):
    words = marked(pages["two"])
    assert len(words) == 2 * 7  # contributions and rollout of seven words
    contributions = {form: (kind, value) for kind, form, value in words[:7]}
    assert contributions["light"] == ("for level-9", "+3.00")
    assert contributions["الآن"] == ("against level-4", "−1.20")
    assert all(value for _, _, value in words)
    assert [value for _, _, value in words[7:]] == ["10.0%"] * 7
    body = pages["two"].split("<details>")[1]
    assert all(f">{value}</td>" in body for value in ("+1.50", "+0.10", "−0.01", "+3.00", "10.0%"))
    cells = re.findall(r'<td class="level-\d( nearest)?">(◆ )?([\d.]+)</td>', pages["two"])
    assert len(cells) == 12
    assert [bool(near) for near, mark, _ in cells if mark] == [True, True]


def test_words_and_tables_are_reached_by_keyboard(pages):
    page = Page(pages["two"])
    words = [attributes for tag, attributes in page.tags if "word" in attributes.get("class", "").split()]
    assert words
    assert {attributes.get("tabindex") for attributes in words} == {"0"}
    wide = [attributes for _, attributes in page.tags if attributes.get("class") == "wide"]
    assert wide
    assert {attributes.get("tabindex") for attributes in wide} == {"0"}
    (style,) = [text for tag, _, text in page.inside if tag == "style"]
    assert ".word:focus .tip" in style


def test_texts_run_in_their_own_direction(pages):
    page = Page(pages["two"])
    texts = [attributes for tag, attributes in page.tags if attributes.get("class") == "marked"]
    assert [(one["dir"], one["lang"]) for one in texts] == [("auto", "en"), ("auto", "ar")] * 2
    assert "lang" not in [a for t, a in Page(pages["hostile"]).tags if a.get("class") == "marked"][2]


class Marked(HTMLParser):
    """What a reader sees of each marked text, without the numbers and what shows up on a word."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.texts, self._open = [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._open.append(dict(attrs).get("class", ""))
        if tag == "p" and self._open[-1] == "marked":
            self.texts.append("")

    def handle_endtag(self, tag):
        self._open.pop()

    def handle_data(self, data):
        if "marked" in self._open and not {"value", "tip"} & set(self._open):
            self.texts[-1] += data


@pytest.mark.parametrize("text", ["a\u0301  b\tc ", " <b> & שלום  ก็ ", "👩\u200d💻 x\u200fy"])
def test_a_text_reads_exactly(text):
    """Character by character, with what stands between the words."""
    page = html([explanation(reading(text))]).split("<body>")[1].split("</body>")[0]
    assert Marked(page).texts == [text, text]


def test_what_was_not_read_and_what_it_is_about_are_marked(pages):
    words = marked(pages["many"])
    kinds = {kind for kind, form, _ in words if form == "b"}
    assert kinds == {"unread about"}
    assert 'class="key-unread"' in pages["many"]
    assert 'class="key-about"' in pages["many"]
    assert 'class="key-unread"' not in pages["two"]


def test_many_texts_make_one_page(pages):
    assert "<h1><bdi>What 2 answers rest on</bdi></h1>" in pages["many"]
    assert pages["many"].count("<article>") == 2
    assert "<h1><bdi>What speaks for on</bdi></h1>" in pages["two"]


def test_without_attention_the_page_says_so(pages):
    text = "".join(Page(pages["bare"]).text)
    assert "This model gives no attention weights, so there is no rollout." in text
    assert len(marked(pages["bare"])) == 1


def test_the_page_speaks_chinese(pages):
    page = Page(pages["zh"])
    assert page.found("html") == [{"lang": "zh-Hans"}]
    text = "".join(page.text)
    for word in ("Contribution", "Word", "Similarity", "Pieces", "Every", "plain", "answer"):
        assert word not in text, word
    assert "各词对对数几率的贡献" in text
