from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from loanword.encoders.rows import compact, expand
from loanword.errors import UsageError
from loanword.objectives.detection import ReplacedTokenDetection, drawn
from loanword.objectives.pretraining import PRETRAINING
from loanword.tasks.model import Model


@pytest.fixture
def made(tiny_kinds, tiny_encoder, sentences):
    loaded = tiny_encoder(tiny_kinds)
    encoded = loaded.tokenizer.encode(list(sentences["en"]), languages=["en"] * 10)
    objective = PRETRAINING.get("detection")(loaded.tokenizer, ratio=0.4, weight=3.0)
    torch.manual_seed(0)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).eval()
    return loaded, encoded, objective, model


def test_guesses_come_by_their_probability():
    """Chi-squared of 20,000 draws against the softmax, in chunks of the vocabulary."""
    from scipy.stats import chisquare

    torch.manual_seed(0)
    state, table = torch.randn(1, 8), torch.randn(300, 8) * 0.4
    found = drawn(state.expand(20_000, 8), table)
    counts = torch.bincount(found, minlength=300).numpy()
    expected = (state @ table.T).softmax(-1)[0].double().numpy()
    assert chisquare(counts, 20_000 * expected / expected.sum()).pvalue > 0.001


def test_the_loss_is_that_of_a_dense_one(made):
    """The generator's cross-entropy and the detector's, written out, with the same guesses."""
    loaded, encoded, objective, model = made
    batch = objective.prepare(encoded, np.random.default_rng(0))
    torch.manual_seed(7)
    loss = objective.loss(model, batch)
    loss.backward()
    ours = {name: value.grad.clone() for name, value in model.named_parameters() if value.grad is not None}
    model.zero_grad()

    torch.manual_seed(7)
    hidden, head = batch.targets, model.head
    table = loaded.encoder.model.get_input_embeddings().weight
    states = head.guess.transform(head.generator(batch).hidden.flatten(0, 1)[hidden.places])
    logits = states @ table.T
    guesses = drawn(states.detach(), table.detach())
    guessing = nn.functional.cross_entropy(logits, hidden.pieces, reduction="sum") / hidden.expected
    original, shown = batch.ids.flatten().clone(), batch.ids.flatten().clone()
    original[hidden.places], shown[hidden.places] = hidden.pieces, guesses
    found = loaded.encoder(replace(batch, ids=shown.view_as(batch.ids))).hidden
    losses = []
    for row in range(len(encoded)):
        for place in range(batch.ids.shape[1]):
            flat = row * batch.ids.shape[1] + place
            if batch.mask[row, place] and int(original[flat]) not in loaded.tokenizer.control_ids:
                score = head.steps(found[row, place])[0]
                wrong = float(shown[flat] != original[flat])
                losses.append(nn.functional.binary_cross_entropy_with_logits(score, torch.tensor(wrong)))
    expected = guessing + 3.0 * torch.stack(losses).mean()
    expected.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), abs=1e-4)
    for name, value in model.named_parameters():
        if value.grad is not None:
            torch.testing.assert_close(ours[name], value.grad, atol=1e-4, rtol=1e-3, msg=name)


def test_the_generator_is_smaller_and_reads_by_the_same_table(made):
    loaded, _, _, model = made
    table = loaded.encoder.model.get_input_embeddings().weight
    names = [name for name, value in model.named_parameters() if value is table]
    assert len(names) == 1
    assert not [name for name, value in model.head.named_parameters() if value.shape == table.shape]
    layers = [
        getattr(one.config, "n_layers", None) or one.config.num_hidden_layers
        for one in (model.head.generator, loaded.encoder)
    ]
    assert layers[0] == 1 < layers[1]


def test_it_works_on_the_rows_that_are_trained_alone(tiny_encoder, sentences):
    loaded = tiny_encoder("bert")
    encoded = loaded.tokenizer.encode(list(sentences["en"]), languages=["en"] * 10)
    objective = ReplacedTokenDetection(loaded.tokenizer, ratio=0.4)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).eval()
    kept = sorted({n for item in encoded for n in item.ids} | {*loaded.tokenizer.control_ids})
    compact(loaded.encoder, torch.tensor(kept))
    loss = objective.loss(model, objective.prepare(encoded, np.random.default_rng(0)))
    loss.backward()
    assert loss.isfinite()
    assert loaded.encoder.model.get_input_embeddings().weight.grad is not None
    expand(loaded.encoder)


def test_it_is_learned(tiny_encoder, sentences):
    """The encoder comes to tell guesses from pieces: better than by their frequency."""
    loaded = tiny_encoder("bert")
    lines = [line for tag in ("en", "ru") for line in sentences[tag]]
    encoded = loaded.tokenizer.encode(lines, languages=["en"] * len(lines))
    objective = ReplacedTokenDetection(loaded.tokenizer, ratio=0.2, weight=10.0)
    torch.manual_seed(0)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).train()
    optimizer, rng, losses = torch.optim.AdamW(model.parameters(), lr=3e-3), np.random.default_rng(0), []
    for _ in range(120):
        optimizer.zero_grad()
        loss = objective.loss(model, objective.prepare(encoded, rng))
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:10])


def test_what_cannot_be_is_refused(tiny_encoder):
    tokenizer = tiny_encoder("bert").tokenizer
    with pytest.raises(UsageError, match=r"the ratio 1.5 and the share 0.25 of detection must lie between 0 and 1"):
        ReplacedTokenDetection(tokenizer, ratio=1.5)
