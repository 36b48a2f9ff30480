from __future__ import annotations

import numpy as np
import pytest
import torch

from loanword.batches.batch import collate
from loanword.objectives.ranking import TranslationRanking, ranking_loss, unit
from loanword.tasks.model import Model
from loanword.tokens.encoded import Encoded


@pytest.fixture
def made(tiny_kinds, tiny_encoder, sentences):
    loaded = tiny_encoder(tiny_kinds)
    one, other = (loaded.tokenizer.encode(list(sentences[tag]), languages=[tag] * 10) for tag in ("en", "ru"))
    for left, right in zip(one, other, strict=True):
        left.other = right
    return loaded, one


def naive(model, encoded, *, scale, margin, pad_id):
    """The loss in one pass with the whole graph kept, row by row."""
    one = unit(model.encoder(collate([Encoded(item.ids, item.language, 0) for item in encoded], pad_id=pad_id)).pooled)
    other = unit(model.encoder(collate([item.other for item in encoded], pad_id=pad_id)).pooled)
    total = 0.0
    for a, b in ((one, other), (other, one)):
        for row in range(len(a)):
            scores = torch.stack([scale * (a[row] @ b[n] - (margin if n == row else 0.0)) for n in range(len(b))])
            total = total - torch.log_softmax(scores, 0)[row] / (2 * len(a))
    return total


@pytest.mark.parametrize("micro_tokens", [16, 60, 10_000])
def test_the_same_loss_and_gradient_whatever_the_passes(made, micro_tokens):
    loaded, encoded = made
    objective = TranslationRanking(loaded.tokenizer, micro_tokens=micro_tokens)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).eval()
    batch = objective.prepare(encoded, np.random.default_rng(0))
    if micro_tokens == 16:
        assert len(batch.targets.sides[0]) > 4
    loss = objective.loss(model, batch)
    (loss * 0.5).backward()
    ours = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    model.zero_grad()
    expected = naive(model, encoded, scale=20.0, margin=0.3, pad_id=loaded.tokenizer.pad_id)
    (expected * 0.5).backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), abs=1e-5)
    for name, value in model.named_parameters():
        if value.grad is not None:
            torch.testing.assert_close(ours[name], value.grad, atol=1e-5, rtol=1e-3, msg=name)


@pytest.mark.parametrize(("device", "size"), [("cpu", 1536), ("meta", 16_384)])
def test_passes_suit_the_device_of_the_encoder(tiny_encoder, device, size):
    loaded = tiny_encoder("bert")
    loaded.encoder.to(device)
    objective, told = TranslationRanking(loaded.tokenizer), TranslationRanking(loaded.tokenizer, micro_tokens=60)
    assert [*objective.begin([], loaded.encoder), *told.begin([], loaded.encoder)] == []
    assert (objective.micro_tokens, told.micro_tokens) == (size, 60)


def test_dropout_falls_the_same_both_times(tiny_encoder, sentences):
    """With dropout the two runs of the encoder must agree, or the gradient is of another function."""
    loaded = tiny_encoder("bert")
    one, other = (loaded.tokenizer.encode(list(sentences[tag]), languages=[tag] * 10) for tag in ("en", "ru"))
    for left, right in zip(one, other, strict=True):
        left.other = right
    objective = TranslationRanking(loaded.tokenizer, micro_tokens=60)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).train()
    batch = objective.prepare(one, np.random.default_rng(0))
    weight = model.encoder.model.embeddings.word_embeddings.weight

    def value():
        torch.manual_seed(1)
        return objective.loss(model, batch)

    value().backward()
    slope, step = weight.grad.clone(), 1e-3
    direction = slope / slope.norm()
    with torch.no_grad():
        weight += step * direction
        above = float(value().detach())
        weight -= 2 * step * direction
        below = float(value().detach())
    assert (above - below) / (2 * step) == pytest.approx(float(slope.norm()), rel=0.05)


def test_equal_texts_are_no_wrong_answers():
    """One source text with two translations: neither is held against the other."""
    torch.manual_seed(0)
    one, other = unit(torch.randn(4, 8)), unit(torch.randn(4, 8))
    one[1] = one[0]
    same = torch.tensor([[1, 1, 2, 3], [4, 5, 6, 7]])
    found = ranking_loss(one, other, same=same, scale=20.0, margin=0.3)
    expected = 0.0
    for a, b in ((one, other), (other, one)):
        for row in range(4):
            rivals = [n for n in range(4) if n == row or {n, row} != {0, 1}]
            scores = torch.stack([20 * (a[row] @ b[n] - (0.3 if n == row else 0.0)) for n in rivals])
            expected -= float(torch.log_softmax(scores, 0)[rivals.index(row)]) / 8
    assert float(found) == pytest.approx(expected, abs=1e-5)


def test_margin_and_scale_are_those_of_the_paper():
    one = other = torch.eye(2)
    found = ranking_loss(one, other, same=torch.tensor([[1, 2], [3, 4]]), scale=10.0, margin=0.3)
    assert float(found) == pytest.approx(float(np.log(1 + np.exp(0 - 7))), abs=1e-6)
