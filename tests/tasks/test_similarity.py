import json
import math

import numpy as np
import torch

from loanword.data.records import Record
from loanword.tasks.similarity import Similarity
from loanword.tokens.tokenizer import Tokenizer


def test_the_prediction_is_the_cosine(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=12)
    task = Similarity()
    rows = [Record("the kettle", "en", 2.5, pair="чайник", pair_language="ru"), Record("a", "en", pair="b")]
    encoded = task.encode(rows, tokenizer)
    assert task.targets(encoded[:1]).tolist() == [2.5]
    outputs = [np.array([[1.0, 0.0], [0.6, 0.8]]), np.array([[0.0, 1.0], [0.0, 1.0]])]
    found = task.decode(outputs, encoded, rows, tokenizer)
    assert [item.label for item in found] == [0.6, 1.0]
    assert task.shown(found[0], rows[0]) == {"text": "the kettle", "pair": "чайник", "score": 0.6}
    assert task.brief(task.shown(found[0], rows[0])) == "0.600"
    references = task.references(rows)
    assert references[0] == 2.5
    assert math.isnan(references[1])
    assert {item.label for item in task.trivial(rows)} == {0.0}
    assert Similarity.from_state(json.loads(json.dumps(task.state()))).state() == task.state()


def test_the_head_puts_pairs_in_order(tiny_encoder):
    head = Similarity(temperature=0.5).head(tiny_encoder("bert").encoder)
    assert (head.learn, head.temperature) == ("order", 0.5)
    assert list(head.parameters()) == []
    assert isinstance(head.loss(torch.randn(3, 2, 4), torch.tensor([1.0, 2.0, 3.0])), torch.Tensor)


def test_vectors_can_be_compared_without_training(tiny_encoder):
    encoder = tiny_encoder("bert").encoder
    assert Similarity().ready(encoder)
    assert list(Similarity().head(encoder).parameters()) == []
