from __future__ import annotations

import numpy as np
import pytest
from tokenizers import Tokenizer as Backend
from tokenizers import models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from loanword.tokens.beginnings import Beginnings
from loanword.tokens.tokenizer import Tokenizer

LANGUAGES = ("en", "ru", "ar", "hi")


@pytest.mark.parametrize("kind", ["wordpiece", "unigram", "bpe"])
def test_words_begin_after_spaces(kind, fresh_tokenizer, sentences):
    tokenizer = Tokenizer(fresh_tokenizer(kind), max_length=64)
    begins = Beginnings(tokenizer)
    for text in (line for tag in LANGUAGES for line in sentences[tag]):
        pieces = tokenizer.plain([text])[0]
        found = [place for place, first in enumerate(begins(np.array(pieces.ids))) if first]
        starts = [pieces.offsets[place][0] for place in found]
        # A byte-level piece holds the space before its word, and the first word has none.
        at = {start + (text[start] == " ") for start in starts} | {0}
        assert at == {0, *(place + 1 for place, character in enumerate(text) if character == " ")}


def test_words_that_end_with_a_mark():
    vocabulary = {piece: n for n, piece in enumerate(["<unk>", "<pad>", "sal", "t</w>", "bee", "s</w>", "and</w>"])}
    backend = Backend(models.BPE(vocabulary, [], unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="<unk>", pad_token="<pad>")
    begins = Beginnings(Tokenizer(fast, max_length=16))
    assert [*begins(np.array([2, 3, 6, 4, 5]))] == [True, False, True, True, False]
    assert len(begins(np.array([], dtype=int))) == 0
