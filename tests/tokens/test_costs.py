from __future__ import annotations

from dataclasses import replace

import pytest

from loanword.encoders.seq2seq import read_tokenizer
from loanword.tokens.costs import Cost, Reader, costs, lacking


@pytest.fixture
def reader(fresh_tokenizer):
    return lambda kind="wordpiece", **options: Reader(fresh_tokenizer(kind), **{"max_length": 64, **options})


def test_by_hand(reader, sentences):
    """Words where they are written apart, characters where not; blanks are characters only among a hundred."""
    made = reader()
    found = costs(made, {tag: sentences[tag] for tag in ("ru", "zh")})
    for tag, one in found.items():
        lines = sentences[tag]
        pieces = sum(len(made.stock.tokenize(line)) for line in lines)
        words = sum(len(line.split()) for line in lines)
        characters = sum(map(len, lines))
        assert (one.texts, one.pieces, one.unknown, one.cut, one.premium) == (10, pieces, 0, 0, None)
        assert one.fertility == pytest.approx(pieces / (words if tag == "ru" else characters))
        assert one.per_hundred == pytest.approx(100 * pieces / characters)
        assert one.by_word == (tag == "ru")
    assert costs(made, {"zh": ["水 壶"]})["zh"].fertility == 1


def test_unknown_pieces_and_texts_that_are_cut(reader):
    found = costs(reader(max_length=10), {"en": ["warm ☃ soup", "warm"]})["en"]
    assert found.unknown == pytest.approx(1 / found.pieces)
    edge = "a " * 8
    for length, cut in ((10, 0.0), (9, 1.0)):
        assert costs(reader(max_length=length), {"en": [edge]})["en"].cut == cut
    (prefixed,) = costs(reader(max_length=10, prefix="a "), {"en": [edge]}).values()
    assert (prefixed.cut, prefixed.pieces) == (1.0, 8)


def test_premium_is_beside_the_first_language(reader, sentences):
    made = reader("unigram")
    found = costs(made, {tag: sentences[tag] for tag in ("en", "ru", "th")}, parallel=True)
    assert found["en"].premium == 1
    for tag in ("ru", "th"):
        assert found[tag].premium == pytest.approx(found[tag].pieces / found["en"].pieces)
        assert found[tag].premium != 1


def test_a_padded_file_and_a_long_text_change_nothing(reader):
    made = reader()
    made.stock.backend_tokenizer.enable_padding(length=32)
    made.stock.backend_tokenizer.enable_truncation(8)
    assert made.pieces(["a " * 100, "a"]) == [
        [made.stock.convert_tokens_to_ids("a")] * 100,
        [made.stock.convert_tokens_to_ids("a")],
    ]
    assert made.pieces([]) == []


@pytest.mark.parametrize("kind", ["m2m100", "nllb", "t5"])
def test_any_tokenizer_of_transformers_can_be_measured(kind, tiny_seq2seq, sentences):
    """Those in Python alone, too, and those that are told languages."""
    stock = read_tokenizer(str(tiny_seq2seq(kind)), {})
    found = costs(Reader(stock, 40), {"en": sentences["en"]})["en"]
    assert found.pieces == sum(len(stock.tokenize(line)) for line in sentences["en"])
    assert found.fertility > 1


def cost(**changes):
    usual = Cost(texts=9, pieces=90, by_word=True, fertility=1.5, per_hundred=30.0, unknown=0.0, cut=0.0)
    return replace(usual, **changes)


def test_a_language_with_unknown_pieces_lacks_some():
    found = {"en": cost(), "bo": cost(unknown=0.25), "sw": cost(unknown=0.01)}
    assert lacking(found) == {"bo": ["25.0% of its pieces are unknown"]}


def test_a_language_far_from_the_others_lacks_pieces():
    """Beside those whose words are counted alike, and only if there are some."""
    words = {tag: cost(fertility=1.5) for tag in ("en", "de", "fr")}
    characters = {tag: cost(by_word=False, fertility=0.7) for tag in ("zh", "ja", "yue")}
    far = {"my": cost(by_word=False, fertility=1.6), "sw": cost(fertility=3.2)}
    assert lacking({**words, **characters, **far}) == {
        "my": ["1.6 pieces a character, where 0.7 are usual"],
        "sw": ["3.2 pieces a word, where 1.5 are usual"],
    }
    assert lacking({"en": words["en"], **far}) == {}


def test_where_texts_say_the_same_that_is_what_counts():
    found = {"en": cost(premium=1.0), **{tag: cost(premium=1.2) for tag in ("de", "fr", "es")}}
    found |= {"fi": cost(fertility=4.0, premium=1.3), "fon": cost(premium=2.37, unknown=0.02)}
    assert lacking(found) == {
        "fon": ["2.0% of its pieces are unknown", "2.37 times the pieces of en for the same texts"]
    }


def test_a_limit_stays(reader):
    made = reader()
    made.stock.backend_tokenizer.enable_truncation(8)
    assert len(made.pieces(["a " * 100])[0]) == 100
    assert len(made.stock.backend_tokenizer.encode("a " * 100).ids) == 8
