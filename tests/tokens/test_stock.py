import pytest

from loanword.errors import ModelError, UsageError
from loanword.tokens.stock import StockTokenizer


def test_pieces_are_those_of_the_models_own_tokenizer(tokenizer_kind, fresh_tokenizer, sentences):
    stock = fresh_tokenizer(tokenizer_kind)
    texts = [*sentences["en"], "a", "</s> [SEP] <mask>"]
    encoded = StockTokenizer(stock, max_length=12).encode(texts, languages=["en"] * 12)
    assert [item.ids for item in encoded] == stock(texts, truncation=True, max_length=12)["input_ids"]
    assert [item.truncated for item in encoded] == [len(ids) > 12 for ids in stock(texts)["input_ids"]]
    assert {item.truncated for item in encoded} == {True, False}
    assert [item.row for item in encoded] == list(range(12))


def test_a_slow_tokenizer_and_a_prefix():
    """Of characters, in Python: no fast one stands behind it."""
    from transformers import CanineTokenizer

    stock = CanineTokenizer()
    assert not stock.is_fast
    tokenizer = StockTokenizer(stock, prefix="a photo of ", max_length=20)
    (item,) = tokenizer.encode(["水壶"], languages=["zh"])
    assert item.ids == stock("a photo of 水壶")["input_ids"]
    assert tokenizer.encode([], languages=[]) == []


def test_what_it_does_not_do(fresh_tokenizer):
    stock = fresh_tokenizer("bpe")
    with pytest.raises(UsageError, match="reads single texts alone"):
        StockTokenizer(stock, max_length=12).encode(["a"], languages=["en"], pairs=["b"])
    with pytest.raises(UsageError, match="nothing of this model was changed; copy the folder that it came from"):
        StockTokenizer(stock, max_length=12).save("anywhere")
    stock.pad_token = None
    with pytest.raises(ModelError, match="has no padding token"):
        StockTokenizer(stock, max_length=12)
