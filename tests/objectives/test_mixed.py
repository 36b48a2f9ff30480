from __future__ import annotations

import numpy as np
import pytest
import torch

from loanword.batches.batch import Batch
from loanword.objectives.mixed import Mixed, View
from loanword.tokens.encoded import Encoded


class Part:
    """An objective that says what it was asked."""

    def __init__(self, name, *, shares_head="", weighs=0.0):
        self.name, self.shares_head, self.heard, self.made = name, shares_head, [], 0
        if weighs:
            self.weight = lambda encoded: weighs * len(encoded)
            self.advance = self.heard.append
            self.begin = lambda encoded, encoder: [len(name)]

    def prepare(self, encoded, rng):
        ids = torch.zeros(len(encoded), 1, dtype=torch.long)
        rows = tuple(item.row for item in encoded)
        return Batch(ids, ids, ("en",) * len(encoded), rows, targets=torch.tensor([len(self.name)]))

    def head(self, encoder):
        self.made += 1
        return torch.nn.Linear(1, len(self.name))

    def loss(self, model, batch):
        return model.head.out_features * batch.targets.sum().float()


def item(table):
    return Encoded(ids=[0], language="en", row=1, table=table)


@pytest.fixture
def mixed():
    return Mixed(
        {
            "ab": Part("ab", shares_head="one", weighs=3.0),
            "abc": Part("abc", shares_head="one"),
            "abcd": Part("abcd"),
        }
    )


def test_rows_go_to_the_objective_that_they_are_of(mixed):
    model = View(None, mixed.head(None))
    rng = np.random.default_rng(0)
    for name, head in (("ab", 2), ("abc", 2), ("abcd", 4)):
        batch = mixed.prepare([item(name)], rng).to("cpu")
        assert float(mixed.loss(model, batch)) == head * len(name)
        assert mixed.last == name


def test_with_a_seed_what_is_drawn_hangs_on_the_rows_alone():
    """Two processes draw differently, and each the same again."""

    class Drawing(Part):
        def prepare(self, encoded, rng):
            self.heard.append((float(rng.random()), float(torch.rand(()))))
            return super().prepare(encoded, rng)

    part = Drawing("a")
    mixed = Mixed({"a": part}, seed=7)
    for row, outer in ((1, 0), (2, 0), (1, 9)):
        torch.manual_seed(outer)
        mixed.prepare([Encoded(ids=[0], language="en", row=row, table="a")], np.random.default_rng(outer))
    first, second, again = part.heard
    assert again == first
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_objectives_may_share_a_head(mixed):
    heads = mixed.head(None)
    assert {name: head.out_features for name, head in heads.items()} == {"one": 2, "abcd": 4}
    assert [part.made for part in mixed.parts.values()] == [1, 0, 1]
    assert mixed.view(View("encoder", heads), "abc") == View("encoder", heads["one"])


def test_what_an_objective_does_not_say_is_the_usual(mixed):
    assert [mixed.weight([item(name)] * 2) for name in ("ab", "abc")] == [6.0, 2.0]
    mixed.advance(0.25)
    assert mixed.parts["ab"].heard == [0.25]
    assert mixed.begin([], None) == [2]
