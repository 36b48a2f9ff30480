from __future__ import annotations

import pytest
from tests.corpus import SENTENCES
from tests.deploy.somewhere import PLACE, train_somewhere

from loanword.data.records import Table
from loanword.deploy.vocabularies import aligned, compare, reader_of
from loanword.encoders.readers import reader
from loanword.errors import UsageError
from loanword.tokens.costs import costs


def table(tag, texts, **columns):
    return Table(tag, list(texts), [None] * len(texts), **columns)


def test_every_model_and_every_language(tiny_folder, fresh_tokenizer, tmp_path):
    fresh_tokenizer("bpe").save_pretrained(tmp_path / "bytes")
    models = [str(tiny_folder("bert")), str(tmp_path / "bytes")]
    texts = {tag: table(tag, SENTENCES[tag]) for tag in ("en", "th")}
    found = compare([*models, models[0]], texts)
    assert [*found.costs] == models
    for model in models:
        assert found.costs[model] == costs(reader(model), {tag: SENTENCES[tag] for tag in texts})
    told = found.describe()["models"][models[1]]
    assert told["pieces"] == len(fresh_tokenizer("bpe"))
    assert told["languages"]["th"]["by_word"] is False
    assert told["languages"]["en"]["premium"] is None
    assert told["lacking"] == {}
    beside = compare(models, texts, parallel=True).describe()["models"][models[0]]["languages"]
    assert beside["en"]["premium"] == 1 != beside["th"]["premium"]


def test_a_bundle_is_read_as_it_reads(tiny_folder, toy_data, toy_recipe, tmp_path):
    train_somewhere(
        tmp_path,
        tiny_folder=tiny_folder,
        toy_data=toy_data,
        toy_recipe=toy_recipe,
        encoder={"prefix": "query: ", "max_length": 16},
        training={"max_steps": 1},
    )
    for place in ("out", "out/model"):
        found = reader_of(str(tmp_path / PLACE / place))
        assert (found.prefix, found.max_length) == ("query: ", 16)
    assert reader_of(str(tiny_folder("bert"))).prefix == ""


def test_rows_of_the_same_id_say_the_same():
    texts = {
        "en": table("en", ["one", "two", "three"], id=["a", "b", "c"]),
        "ru": table("ru", ["три", "раз", "ещё"], id=["c", "a", "x"]),
    }
    found = aligned(texts)
    assert {tag: (one.text, one.id) for tag, one in found.items()} == {
        "en": (["one", "three"], ["a", "c"]),
        "ru": (["раз", "три"], ["a", "c"]),
    }
    with pytest.raises(UsageError, match="none is in all of en, ru"):
        aligned({"en": texts["en"], "ru": table("ru", ["нет"], id=["z"])})


def test_rows_without_ids_stand_at_the_same_place():
    one, other = table("en", ["one", "two"]), table("ru", ["раз", "два"])
    assert aligned({"en": one, "ru": other}) == {"en": one, "ru": other}
    with pytest.raises(UsageError, match="as many in every language; en has 2, ru has 1"):
        aligned({"en": one, "ru": table("ru", ["раз"])})


def test_an_empty_line_of_a_text_file_does_not_shift_the_others():
    one = table("en", ["one", "three", "four"], line=[1, 3, 4], origin="en.txt")
    other = table("ru", ["раз", "два", "четыре"], line=[1, 2, 4], origin="ru.txt.gz")
    with pytest.raises(UsageError, match="text number 2 is line 3 in en, line 2 in ru"):
        aligned({"en": one, "ru": other})
    quoted = table("ru", ["раз", "два", "четыре"], line=[2, 3, 9], origin="ru.csv")
    assert aligned({"en": one, "ru": quoted})["ru"] is quoted
