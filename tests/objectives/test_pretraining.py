from __future__ import annotations

import pytest

from loanword.errors import UsageError
from loanword.objectives.pretraining import PRETRAINING, OnTexts, make_objective
from loanword.tokens.tokenizer import Tokenizer


def test_what_the_issue_names_is_there():
    assert {"mlm", "tlm", "nsp", "ranking"} <= {*PRETRAINING.names()}
    with pytest.raises(UsageError, match="unknown pretraining 'mml'"):
        PRETRAINING.get("mml")


def test_one_on_texts_has_a_stream_for_every_language(tmp_path, fresh_tokenizer):
    from dataclasses import dataclass

    from loanword.objectives.streams import Corpus
    from loanword.tokens import shards

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


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("mlm", {"foo": 1}, "mlm has no option 'foo'; known: schedule, unit"),
        ("mlm", {"schedule": 0.3}, "expected pairs of the share of steps"),
        ("mlm", {"schedule": [[0.5, 0.15]]}, "expected pairs of the share of steps"),
        ("mlm", {"schedule": [[0, 1.5]]}, "expected pairs of the share of steps"),
        ("mlm", {"schedule": [[0, 0.3], [0.8, 0.1], [0.4, 0.1]]}, "expected pairs of the share of steps"),
        ("detection", {"ratio": "x"}, "detection cannot be made with ratio = 'x'"),
        ("detection", {"weight": "x"}, "detection cannot be made with weight = 'x'"),
        ("ranking", {"scale": "abc"}, "ranking cannot be made with scale = 'abc'"),
        ("ranking", {"micro_tokens": "x"}, "ranking cannot be made with micro_tokens = 'x'"),
        ("ranking", {"scale": -1}, "the scale -1 of ranking must be above 0"),
        ("ranking", {"margin": -1.0}, "and its margin -1.0 not below 0"),
        ("ranking", {"margin": float("nan")}, "ranking cannot be made with margin = nan"),
        ("ranking", {"scale": float("inf")}, "ranking cannot be made with scale = inf"),
        ("ranking", {"micro_tokens": 0}, "micro_tokens = 0 of ranking is too little for a text: at least 16"),
        ("detection", {"weight": -5}, "the weight -5 of detection must be above 0"),
        ("mlm", {"schedule": [[0, 0.3], [float("nan"), 0.1]]}, "expected pairs of the share of steps"),
        ("mlm", {"schedule": [[0, 0.3], [1.5, 0.1]]}, "expected pairs of the share of steps"),
        ("mlm", {"others": [5]}, "mlm has no option 'others'"),
        ("denoising", {"ratio": 0}, "ratio 0 of denoising must lie between 0 and 1"),
    ],
)
def test_options_that_cannot_be_are_told(fresh_tokenizer, name, options, said):
    with pytest.raises(UsageError, match=said):
        make_objective(name, Tokenizer(fresh_tokenizer("unigram"), max_length=64), options)


def test_a_tokenizer_without_a_mask_hides_nothing(fresh_tokenizer):
    fast = fresh_tokenizer("unigram")
    fast.mask_token = None
    with pytest.raises(UsageError, match="the tokenizer has no mask"):
        make_objective("mlm", Tokenizer(fast, max_length=64), {})
