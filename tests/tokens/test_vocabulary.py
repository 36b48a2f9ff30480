from __future__ import annotations

import random

import pytest
from tokenizers import models

from loanword.errors import ModelError
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary


@pytest.fixture
def tokenizer(tokenizer_kind, fresh_tokenizer):
    return Tokenizer(fresh_tokenizer(tokenizer_kind), prefix="query: ", max_length=64)


def mixed(sentences, *, count, seed):
    """Texts of words from all six languages, some joined, some cut: many ways to be cut into pieces."""
    draw = random.Random(seed)
    words = [word for lines in sentences.values() for line in lines for word in line.split()]
    return ["".join(draw.choice(words)[: draw.randint(1, 9)] + draw.choice(" ") for _ in range(6)) for _ in range(count)]


def test_texts_whose_pieces_stay_are_cut_as_before(tokenizer, sentences):
    texts = mixed(sentences, count=2000, seed=1)
    before = [pieces.ids for pieces in tokenizer.plain(texts)]
    stay = {n for ids in before[:200] for n in ids}

    small, old = Vocabulary(tokenizer).trimmed(stay)

    after = [[old[n] for n in pieces.ids] for pieces in small.plain(texts)]
    covered = [set(ids) <= set(old) for ids in before]
    assert 200 < sum(covered) < len(texts)
    assert [ids for ids, there in zip(after, covered, strict=True) if there] == [
        ids for ids, there in zip(before, covered, strict=True) if there
    ]
    assert len(small) == len(old) < len(tokenizer)


def test_frames_prefixes_and_special_tokens_stay(tokenizer, sentences):
    texts = list(sentences["en"])
    stay = {n for pieces in tokenizer.plain(texts) for n in pieces.ids}
    small, old = Vocabulary(tokenizer).trimmed(stay)

    for pairs in (None, texts[::-1]):
        before = tokenizer.encode(texts, languages=["en"] * len(texts), pairs=pairs)
        after = small.encode(texts, languages=["en"] * len(texts), pairs=pairs)
        assert [[old[n] for n in item.ids] for item in after] == [item.ids for item in before]
        assert [item.types for item in after] == [item.types for item in before]
    for name in ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"):
        assert getattr(small.fast, name) == getattr(tokenizer.fast, name)
        assert old[getattr(small.fast, f"{name}_id")] == getattr(tokenizer.fast, f"{name}_id")


def test_saved_and_loaded_by_transformers_alone(tokenizer, sentences, tmp_path):
    from transformers import AutoTokenizer

    texts = list(sentences["ru"])
    small, _ = Vocabulary(tokenizer).trimmed({n for pieces in tokenizer.plain(texts) for n in pieces.ids})
    small.save(tmp_path)
    again = AutoTokenizer.from_pretrained(str(tmp_path))
    expected = [item.ids for item in small.encode(texts, languages=["ru"] * len(texts))]
    assert again([f"query: {text}" for text in texts])["input_ids"] == expected
    assert len(again) == len(small)


def test_an_unknown_character_costs_what_it_did(fresh_tokenizer, sentences):
    """Of a Unigram model whose least likely piece went, a text would rather be cut into unknown ones."""
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=64)
    vocabulary = Vocabulary(tokenizer)
    least = min(vocabulary.scores)
    small, old = vocabulary.trimmed(tokenizer.plain([sentences["en"][0]])[0].ids)
    assert min(vocabulary.scores[n] for n in old) == least


def test_merges_keep_what_they_are_made_of(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("bpe"), max_length=64)
    vocabulary = Vocabulary(tokenizer)
    longest = max((n for n in vocabulary.pieces if n not in tokenizer.control_ids), key=lambda n: len(vocabulary.pieces[n]))
    found = {vocabulary.pieces[n] for n in vocabulary.closed([longest])}
    whole = vocabulary.pieces[longest]
    assert whole in found
    assert all(character in found for character in whole)
    assert len(found) > len(set(whole)) + 1


def test_other_kinds_are_refused(fresh_tokenizer):
    fast = fresh_tokenizer("wordpiece")
    fast.backend_tokenizer.model = models.WordLevel({"[UNK]": 0, "a": 1}, unk_token="[UNK]")
    with pytest.raises(ModelError, match="is a WordLevel"):
        Vocabulary(Tokenizer(fast, max_length=64))
