import json

import pytest

from loanword.data.records import Record
from loanword.errors import UsageError
from loanword.tasks.pairs import Pairs
from loanword.tasks.task import TASKS
from loanword.tokens.tokenizer import Tokenizer

ROWS = [
    Record("the kettle is warm", "en", "yes", pair="it is hot", pair_language="en"),
    Record("two goats", "en", "no", pair="три козы", pair_language="ru"),
]


@pytest.mark.parametrize("reading", ["together", "apart"])
def test_both_readings(fresh_tokenizer, tiny_encoder, reading):
    task = Pairs(reading=reading, dropout=0.0)
    task.fit(ROWS)
    tokenizer = Tokenizer(fresh_tokenizer("wordpiece"), max_length=32)
    encoded = task.encode(ROWS, tokenizer)
    assert [item.target for item in encoded] == [1, 0]
    width = task.head(tiny_encoder("bert").encoder).linear.in_features
    if reading == "together":
        assert all(item.other is None for item in encoded)
        assert set(encoded[0].types) == {0, 1}
        assert width == 32
    else:
        assert [item.other.language for item in encoded] == ["en", "ru"]
        assert encoded[0].ids == tokenizer.encode(["the kettle is warm"], languages=["en"])[0].ids
        assert width == 128
    again = Pairs.from_state(json.loads(json.dumps(task.state())))
    assert (again.labels, again.reading) == (("no", "yes"), reading)


def test_an_unknown_reading():
    with pytest.raises(UsageError, match="unknown reading 'both'; known: together, apart"):
        Pairs(reading="both")
    assert TASKS.get("pairs") is Pairs
