from __future__ import annotations

import numpy as np
import pytest
import torch

from loanword.objectives.alignment import Alignment
from loanword.objectives.pretraining import PRETRAINING
from loanword.tasks.model import Model


@pytest.fixture
def made(tiny_kinds, tiny_encoder, sentences):
    loaded = tiny_encoder(tiny_kinds)
    one, other = (loaded.tokenizer.encode(list(sentences[tag]), languages=[tag] * 10) for tag in ("en", "ru"))
    for left, right in zip(one, other, strict=True):
        left.other = right
    return loaded, one


def vectors(encoder, loaded, items):
    """Each text by itself."""
    from loanword.batches.batch import collate

    return torch.cat([encoder(collate([item], pad_id=loaded.tokenizer.pad_id)).pooled for item in items])


def test_it_is_the_distance_to_what_was_said_of_the_first_text(made):
    loaded, encoded = made
    objective = Alignment(loaded.tokenizer)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).eval()
    first, second = encoded, [item.other for item in encoded]
    with torch.no_grad():
        wanted = vectors(loaded.encoder, loaded, first)
        for parameter in loaded.encoder.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.05)
    loss = objective.loss(model, objective.prepare(encoded, np.random.default_rng(0)))
    loss.backward()
    ours = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    model.zero_grad()
    spread = (wanted - wanted.mean(0)).square().sum(-1).mean()
    expected = 0.0
    for found in (vectors(loaded.encoder, loaded, first), vectors(loaded.encoder, loaded, second)):
        for row in range(len(encoded)):
            expected = expected + (found[row] - wanted[row]).square().sum() / 20 / spread
    expected.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)
    for name, value in model.named_parameters():
        if value.grad is not None:
            torch.testing.assert_close(ours[name], value.grad, atol=1e-5, rtol=1e-3, msg=name)


def test_the_teacher_stays_as_it_was_and_is_no_part_of_the_model(made):
    loaded, encoded = made
    objective = PRETRAINING.get("alignment")(loaded.tokenizer)
    model = Model(loaded.encoder, objective.head(loaded.encoder))
    assert len(list(model.parameters())) == len(list(loaded.encoder.parameters()))
    before = [value.clone() for value in objective.teacher.parameters()]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    objective.loss(model, objective.prepare(encoded, np.random.default_rng(0))).backward()
    optimizer.step()
    assert all(torch.equal(one, other) for one, other in zip(before, objective.teacher.parameters(), strict=True))


def test_translations_come_to_the_texts_and_the_texts_stay(tiny_encoder, sentences):
    loaded = tiny_encoder("bert")
    one, other = (loaded.tokenizer.encode(list(sentences[tag]), languages=[tag] * 10) for tag in ("en", "ru"))
    for left, right in zip(one, other, strict=True):
        left.other = right
    objective = Alignment(loaded.tokenizer)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).eval()
    batch = objective.prepare(one, np.random.default_rng(0))
    with torch.no_grad():
        wanted = loaded.encoder(batch).pooled
        apart = float((loaded.encoder(batch.other).pooled - wanted).norm(dim=1).mean())
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        objective.loss(model, batch).backward()
        optimizer.step()
    with torch.no_grad():
        assert float((loaded.encoder(batch.other).pooled - wanted).norm(dim=1).mean()) < 0.5 * apart
        assert float((loaded.encoder(batch).pooled - wanted).norm(dim=1).mean()) < 0.5 * apart
