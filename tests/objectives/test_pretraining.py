from __future__ import annotations

import pytest

from loanword.errors import UsageError
from loanword.objectives.pretraining import PRETRAINING, OnTexts


def test_what_the_issue_names_is_there():
    assert {"mlm", "tlm", "nsp", "ranking"} <= {*PRETRAINING.names()}
    with pytest.raises(UsageError, match="unknown pretraining 'mml'"):
        PRETRAINING.get("mml")


def test_one_on_texts_has_a_stream_for_every_language(tmp_path, fresh_tokenizer):
    from dataclasses import dataclass

    from loanword.objectives.streams import Corpus
    from loanword.tokens import shards
    from loanword.tokens.tokenizer import Tokenizer

    @dataclass
    class Document:
        text: str
        language: str
        line: int = 0
        held_out: bool = False

    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=64)
    documents = [Document("the kettle", "en"), Document("чайник", "ru"), Document("a kite", "en")]
    shards.write(documents, tokenizer, tmp_path / "shards")
    corpus = Corpus(tokenizer, shards.read(tmp_path / "shards", tokenizer))
    streams = OnTexts(tokenizer).streams(corpus)
    assert {tag: len(stream) for tag, stream in streams.items()} == {"en": 2, "ru": 1}
