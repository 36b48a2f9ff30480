from __future__ import annotations

import pytest
from tests.corpus import SENTENCES

from loanword.tokens.shared import shared
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.train import train


@pytest.fixture(scope="module")
def trained():
    texts = {"en": list(SENTENCES["en"]) * 3}

    def make(kind, size=80):
        return Tokenizer(train(texts, kind=kind, size=size), max_length=64)

    return make


def test_a_tokenizer_shares_all_its_pieces_with_itself(trained):
    for kind in ("unigram", "bpe", "wordpiece"):
        one = trained(kind)
        assert shared(one, one) == {n: n for n in range(len(one))}


def test_marks_of_another_make_are_the_same_pieces(trained):
    """What begins a word in SentencePiece's way is what does not go on with one in BERT's."""
    old, new = trained("unigram"), trained("wordpiece")
    found = shared(old, new)
    assert len(found) > 30
    control = {*new.control_ids}
    for n, before in found.items():
        if n in control:
            continue
        ours, theirs = new.token(n), old.token(before)
        assert ours.startswith("##") != theirs.startswith("▁")
        assert ours.removeprefix("##") == theirs.removeprefix("▁")


def test_special_pieces_are_the_same_by_what_they_do(trained):
    old, new = trained("bpe").fast, trained("wordpiece").fast
    found = shared(trained("bpe"), trained("wordpiece"))
    for role in ("cls", "sep", "pad", "unk", "mask"):
        assert found[getattr(new, f"{role}_token_id")] == getattr(old, f"{role}_token_id")
