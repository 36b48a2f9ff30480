import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.corpus import SENTENCES

from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.units import graphemes, units

FAMILY = "👨‍👩‍👧"
"""Three people and two joiners: one character to a reader."""


@pytest.fixture
def read(fresh_tokenizer, tokenizer_kind):
    """Cut a text by the pieces of a tokenizer; returns its units and the offsets of its pieces."""
    tokenizer = Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=400).locating()

    def cut(text):
        (item,) = tokenizer.encode([text], languages=["und"])
        pieces = [(place.start, place.end) for place in item.places if place.side == 0]
        return units(text, pieces), pieces

    return cut


def expect_whole(text, found, pieces):
    """Units are in order, hold all that is not blank, and every piece once; none cuts a character or a piece."""
    assert [unit.start for unit in found] == sorted({unit.start for unit in found})
    assert all(a.end <= b.start for a, b in pairwise(found))
    inside = {place for unit in found for place in range(unit.start, unit.end)}
    assert {place for place, character in enumerate(text) if not character.isspace()} <= inside
    assert all(text[unit.start : unit.end] == text[unit.start : unit.end].strip() != "" for unit in found)
    assert sorted(number for unit in found for number in unit.pieces) == list(range(len(pieces) if found else 0))
    joints = {unit.start for unit in found} | {unit.end for unit in found}
    # A mark on a blank is one character with it; the blank is left out all the same.
    assert {joint for joint in joints - graphemes(text) if not text[joint - 1].isspace()} == set()
    for unit in found:
        for number in unit.pieces:
            start, end = pieces[number]
            assert not text[start:end].strip() or (start < unit.end and unit.start < end)
    for start, end in pieces:
        solid = [place for place in range(start, end) if not text[place].isspace()]
        assert not [joint for joint in joints if solid and solid[0] < joint <= solid[-1]]


@pytest.mark.parametrize("language", list(SENTENCES))
def test_every_piece_belongs_to_one_whole_part_of_the_text(read, language):
    for text in (*SENTENCES[language], "  ".join(SENTENCES[language][:3]), f"«{SENTENCES[language][0]}»…"):
        found, pieces = read(text)
        expect_whole(text, found, pieces)
        assert not [unit for unit in found if unicodedata.category(text[unit.start])[0] == "M"]


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="aé́ คำก็ कि打 -_.0👩‍🏽🇩🇪\u200b\t", max_size=14))
def test_whatever_is_written(fresh_tokenizer, text):
    for kind in ("unigram", "bpe"):
        tokenizer = Tokenizer(fresh_tokenizer(kind), max_length=400).locating()
        (item,) = tokenizer.encode([text], languages=["und"])
        pieces = [(place.start, place.end) for place in item.places if place.side == 0]
        expect_whole(text, units(text, pieces), pieces)


def test_words_are_words_and_runs_are_cut_at_pieces():
    text = "On, 打开灯 now"
    found = units(text, [(0, 2), (2, 3), (3, 4), (4, 6), (6, 7), (7, 11)])
    assert [(text[one.start : one.end], one.pieces) for one in found] == [
        ("On", (0,)),
        (",", (1,)),
        ("打开", (2, 3)),  # with the blank piece before it
        ("灯", (4,)),
        ("now", (5,)),
    ]


def test_parts_that_share_a_piece_are_one():
    assert [unit.pieces for unit in units("no...", [(0, 2), (2, 5)])] == [(0,), (1,)]
    assert [(unit.start, unit.end) for unit in units("wait, no", [(0, 5), (5, 8)])] == [(0, 5), (6, 8)]


def test_a_character_of_many_code_points_is_one():
    found = units(FAMILY, [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)])
    assert [(unit.start, unit.end, unit.pieces) for unit in found] == [(0, 5, (0, 1, 2, 3, 4))]
    assert graphemes("กาน้ำ") == {0, 1, 2, 5}
    assert graphemes("") == {0}


def test_what_was_not_read_has_no_pieces_and_a_blank_text_no_parts():
    assert [unit.pieces for unit in units("one two three", [(0, 3), (3, 7)])] == [(0,), (1,), ()]
    assert units("  ", [(0, 1)]) == []
    assert [unit.pieces for unit in units("a ", [(0, 1), (1, 2)])] == [(0, 1)]
