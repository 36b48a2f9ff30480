import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus import SENTENCES

from loanword.search.documents import Document
from loanword.search.html import text_of
from loanword.search.passages import Passage, passages


def characters(text):
    """Every character as a piece of its own."""
    return range(len(text))


def cut(text, *, room, overlap=0, **document):
    return passages(Document("a.txt", text, **document), characters(text), room=room, overlap=overlap)


def said(text, **options):
    return [one.text for one in cut(text, **options)]


def test_paragraphs_stay_whole_where_they_fit():
    text = "One line. And more.\n\nTwo.\n \n\nThe third one is long."
    assert said(text, room=99) == [text]
    assert said(text, room=29) == ["One line. And more.\n\nTwo.", "The third one is long."]
    assert said(text, room=22) == ["One line. And more.", "Two.", "The third one is long."]


@pytest.mark.parametrize(
    ("text", "room", "expected"),
    [
        ("Aa bb. Cc dd! Ee ff?", 8, ["Aa bb.", "Cc dd!", "Ee ff?"]),
        ("He said “no.” Then he left.", 16, ["He said “no.”", "Then he left."]),
        ("窗户开着。下雨了！关上。", 6, ["窗户开着。", "下雨了！", "关上。"]),
        ("खिड़की बंद करो। नाव छूट गई।", 16, ["खिड़की बंद करो।", "नाव छूट गई।"]),
        ("أين الإبريق؟ هنا.", 13, ["أين الإبريق؟", "هنا."]),
        ("first line\nsecond line", 12, ["first line", "second line"]),
        ("กาน้ำยังอุ่นอยู่ ว่าวสีแดงลอย", 17, ["กาน้ำยังอุ่นอยู่", "ว่าวสีแดงลอย"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
    ],
)
def test_longer_ones_are_cut_after_sentences_then_words_then_pieces(text, room, expected):
    assert said(text, room=room) == expected


def test_neighbours_share_whole_sentences():
    text = "Aa bb. Cc dd. Ee ff. Gg hh."
    assert said(text, room=14, overlap=7) == ["Aa bb. Cc dd.", "Cc dd. Ee ff.", "Ee ff. Gg hh."]
    assert said(text, room=14, overlap=6) == ["Aa bb. Cc dd.", "Ee ff. Gg hh."]


TEXT = st.lists(
    st.sampled_from(["a", "bb", "ccc", "。", ". ", "! ", "\n", "\n\n", " ", "水壶", "чай", "ก"]),
    min_size=1,
    max_size=60,
).map("".join)


@given(TEXT, st.integers(1, 30), st.integers(0, 20))
@settings(deadline=None)
def test_nothing_is_lost_and_everything_stands_where_it_is_said_to(text, room, overlap):
    found = cut(text, room=room, overlap=overlap)
    seen = set()
    for one in found:
        assert text[one.start : one.end] == one.text == one.text.strip() != ""
        assert len(one.text) <= room
        assert one.place(0, len(one.text)) == (one.start, one.end)
        seen.update(range(one.start, one.end))
    assert {place for place, letter in enumerate(text) if not letter.isspace()} <= seen
    for before, after in itertools.pairwise(found):
        assert before.start <= after.start
        assert before.end < after.end


def test_places_in_a_page_are_those_of_the_page():
    page = "<h1>Kettle</h1><p>It is &quot;warm&quot; &amp; red.</p><p>Nobody   <b>counted</b> twice.</p>"
    text, runs = text_of(page)
    found = passages(Document("p.html", text, runs=tuple(runs)), characters(text), room=24, overlap=0)
    assert [one.text for one in found] == ["Kettle", 'It is "warm" & red.', "Nobody counted twice."]
    assert [page[one.start : one.end] for one in found] == [
        "Kettle",
        "It is &quot;warm&quot; &amp; red.",
        "Nobody   <b>counted</b> twice.",
    ]
    for one in found:
        for word in one.text.split():
            start, end = one.place(one.text.index(word), one.text.index(word) + len(word))
            assert page[start:end].replace("&quot;", '"').replace("&amp;", "&") == word


def test_a_passage_is_what_it_was_after_it_was_json():
    one = Passage("p.html", 3, 9, "Kettle", "en", line=2, runs=((0, 6, 3, 9),))
    assert Passage.from_dict(one.to_dict()) == one
    assert Passage("a.txt", 0, 1, "x").to_dict() == {
        "document": "a.txt", "start": 0, "end": 1, "text": "x", "language": "und"
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "unigram"])
def test_passages_are_read_whole(fresh_tokenizer, kind):
    """By real tokenizers, whose pieces of a passage alone need not be those that it has in its document."""
    from loanword.tokens.tokenizer import Tokenizer

    tokenizer = Tokenizer(fresh_tokenizer(kind), max_length=24)
    text = "\n\n".join(". ".join(lines) for lines in SENTENCES.values())
    (pieces,) = tokenizer.plain([text])
    found = passages(
        Document("a", text), [start for start, _ in pieces.offsets], room=24 - tokenizer.frame().size - 2, overlap=8
    )
    assert len(found) > 20
    encoded = tokenizer.encode([one.text for one in found], languages=["und"] * len(found))
    assert sum(one.truncated for one in encoded) <= 0.02 * len(found)
