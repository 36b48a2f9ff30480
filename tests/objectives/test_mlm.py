from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from loanword.encoders.rows import compact, expand, reached
from loanword.objectives.mlm import MaskedLanguageModel
from loanword.tasks.model import Model


@pytest.fixture
def made(tiny_kinds, tiny_encoder, sentences):
    loaded = tiny_encoder(tiny_kinds)
    objective = MaskedLanguageModel(loaded.tokenizer, schedule=((0.0, 0.3),))
    model = Model(loaded.encoder, objective.head(loaded.encoder)).eval()
    with torch.no_grad():
        model.head.bias.normal_()
    texts = [*sentences["en"], *sentences["ru"][:5]]
    encoded = loaded.tokenizer.encode(texts, languages=["en"] * 10 + ["ru"] * 5)
    return loaded, objective, model, encoded


def dense(model, batch):
    """The whole scores of transformers' own model, then its loss: what stock training computes."""
    with model.head.assembled() as whole:
        found = whole.eval()(**model.encoder.inputs(batch))
        scores = found[0] if isinstance(found, tuple) else found.logits
    hidden = batch.targets
    return torch.nn.functional.cross_entropy(scores.flatten(0, 1)[hidden.places], hidden.pieces, reduction="none")


def test_losses_and_gradients_are_those_of_transformers(made):
    _, objective, model, encoded = made
    batch = objective.prepare(encoded, np.random.default_rng(1))
    assert len(batch.targets.places) > 10
    ours = objective.losses(model, batch)
    ours.mean().backward()
    gradients = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    model.zero_grad()
    theirs = dense(model, batch)
    torch.testing.assert_close(ours, theirs, atol=1e-5, rtol=1e-5)
    theirs.mean().backward()
    for name, value in model.named_parameters():
        if value.grad is not None:
            torch.testing.assert_close(gradients[name], value.grad, atol=1e-5, rtol=1e-4, msg=name)
    assert "head.bias" in gradients


def test_what_is_hidden_stood_there(made):
    loaded, objective, _, encoded = made
    batch = objective.prepare(encoded, np.random.default_rng(2))
    before = torch.full(batch.ids.shape, loaded.tokenizer.pad_id)
    for row, item in enumerate(encoded):
        before[row, : len(item.ids)] = torch.tensor(item.ids)
    places = batch.targets.places
    assert torch.equal(before.flatten()[places], batch.targets.pieces)
    changed = (before != batch.ids).flatten()
    changed[places] = False
    assert not changed.any()
    assert not {*batch.targets.pieces.tolist()} & {*loaded.tokenizer.control_ids}


def test_the_gradient_does_not_hang_on_the_passes(made):
    _, objective, model, encoded = made

    def gradient(cuts):
        model.zero_grad()
        rng, whole = np.random.default_rng(3), objective.weight(encoded)
        for start, end in cuts:
            items = encoded[start:end]
            batch = objective.prepare(items, rng)
            (objective.loss(model, batch) * objective.weight(items) / whole).backward()
        return model.head.bias.grad.clone()

    torch.testing.assert_close(gradient([(0, 15)]), gradient([(0, 4), (4, 5), (5, 15)]), atol=1e-6, rtol=1e-5)


def test_on_compact_rows_only_those_are_guessed(made):
    """The same loss as over all rows where the others are impossible: their bias is minus infinity."""
    loaded, objective, model, encoded = made
    kept = reached(encoded, always=loaded.tokenizer.control_ids)
    objective.masking = replace(MaskedLanguageModel(loaded.tokenizer).masking, others=kept.numpy())
    batch = objective.prepare(encoded, np.random.default_rng(4))
    compact(model.encoder, kept)
    ours = objective.losses(model, batch)
    expand(model.encoder)
    with torch.no_grad():
        left_out = torch.ones(len(model.head.bias), dtype=torch.bool)
        left_out[kept] = False
        model.head.bias[left_out] = -1e9
    torch.testing.assert_close(ours, dense(model, batch), atol=1e-5, rtol=1e-5)
