from __future__ import annotations

import pytest
from tests.corpus import SENTENCES

from loanword.errors import UsageError
from loanword.tokens.extend import extended
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

NEW = [
    "ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ ⴰ ⵉⵎⴷⴷⵓⴽⴰⵍ",
    "ⴰⵎⴰⵏ ⵏ ⵓⵏⵥⴰⵔ ⴷ ⵡⴰⵎⴰⵏ ⵏ ⵉⵙⴰⴼⴼⵏ",
    "ⵉⵎⴷⴷⵓⴽⴰⵍ ⵏ ⵜⵎⵓⵔⵜ ⴷ ⵉⵎⴷⴷⵓⴽⴰⵍ ⵏ ⵡⴰⵎⴰⵏ",
] * 4
"""Greetings and water, in a script that the tiny tokenizers lack."""


@pytest.fixture
def tokenizer(tokenizer_kind, fresh_tokenizer):
    return Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=64)


def test_new_texts_are_cut_into_fewer_pieces_and_none_is_unknown(tokenizer):
    grown, pieces = extended(Vocabulary(tokenizer), NEW, size=40)
    before, after = ([len(one.ids) for one in some.plain(NEW)] for some in (tokenizer, grown))
    assert len(grown) == len(tokenizer) + len(pieces)
    assert [grown.token(len(tokenizer) + n) for n in range(len(pieces))] == pieces
    assert not any(grown.unknown_id in one.ids for one in grown.plain(NEW))
    unknown = tokenizer.unknown_id is not None and any(tokenizer.unknown_id in one.ids for one in tokenizer.plain(NEW))
    assert unknown or sum(after) < sum(before) / 2
    assert [grown.text(one.ids).strip() for one in grown.plain(NEW)] == NEW
    assert {n for one in grown.plain(NEW) for n in one.ids} & {*range(len(tokenizer), len(grown))}


def test_old_numbers_stay_and_old_texts_are_cut_as_before(tokenizer):
    grown, _ = extended(Vocabulary(tokenizer), NEW, size=40)
    assert [grown.token(n) for n in range(len(tokenizer))] == [tokenizer.token(n) for n in range(len(tokenizer))]
    for tag, lines in SENTENCES.items():
        texts = list(lines)
        before = [item.ids for item in tokenizer.encode(texts, languages=[tag] * 10)]
        assert [item.ids for item in grown.encode(texts, languages=[tag] * 10)] == before


def test_saved_and_loaded_by_transformers_alone(tokenizer, tmp_path):
    from transformers import AutoTokenizer

    grown, _ = extended(Vocabulary(tokenizer), NEW, size=40)
    grown.save(tmp_path)
    again = AutoTokenizer.from_pretrained(str(tmp_path))
    assert again(NEW)["input_ids"] == [item.ids for item in grown.encode(NEW, languages=["zgh"] * len(NEW))]


def test_the_size_is_kept_but_for_characters(tokenizer):
    few, many = (extended(Vocabulary(tokenizer), NEW, size=size)[1] for size in (1, 60))
    assert all(len(piece.removeprefix("##").removeprefix("▁")) <= 1 for piece in few) or len(few) == 1
    assert len(few) < len(many) <= 60


def test_texts_without_anything_new_are_refused(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("wordpiece"), max_length=64)
    with pytest.raises(UsageError, match="hold nothing that the tokenizer has no piece for"):
        extended(Vocabulary(tokenizer), ["a a a"], size=5)
