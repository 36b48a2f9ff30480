from __future__ import annotations

import numpy as np
import pytest
import torch

from loanword.encoders.decoder import NOTHING
from loanword.encoders.load import load
from loanword.errors import ModelError
from loanword.objectives.pretraining import PRETRAINING
from loanword.tasks.denoising import Denoising
from loanword.tasks.model import Model

FAST = ("nllb", "mbart", "mbart50", "t5", "mt5", "bart", "encoder-decoder")
"""Kinds with a fast tokenizer, which pieces can be cut out of."""


@pytest.fixture(params=FAST)
def made(request, tiny_seq2seq):
    loaded = load(str(tiny_seq2seq(request.param)))
    objective = PRETRAINING.get("denoising")(loaded.tokenizer, ratio=0.4)
    return loaded, objective


def encoded(loaded, sentences, tag="en"):
    return loaded.tokenizer.encode(list(sentences[tag]), languages=[tag] * 10)


def test_what_is_seen_and_what_is_written_are_the_text(made, sentences):
    """Put together again, they give every piece back in its place."""
    loaded, objective = made
    items = encoded(loaded, sentences)
    batch = objective.prepare(items, np.random.default_rng(0))
    hidden = 0
    for row, item in enumerate(items):
        seen = batch.ids[row][batch.mask[row].bool()].tolist()
        said = [n for n in batch.targets.pieces[row].tolist() if n != NOTHING]
        if objective.sentinels:
            parts = {}
            for n in said:
                if n in objective.sentinels:
                    parts[n] = []
                elif parts:
                    [*parts.values()][-1].append(n)
            last = [*parts][-1]
            assert [n for n in parts[last] if n not in loaded.tokenizer.control_ids] == []
            again = [n for one in seen for n in parts.get(one, [one])]
            hidden += sum(map(len, parts.values()))
        else:
            mask = loaded.tokenizer.fast.mask_token_id
            assert mask in seen or len(seen) == len(item.ids)
            kept = [n for n in seen if n != mask]
            order = iter(item.ids)
            assert all(any(n == other for other in order) for n in kept)  # What is left stands in its order.
            expected = loaded.tokenizer.written([sentences["en"][row]], languages=["en"], longest=10**6)[0]
            assert said == expected
            hidden += len(item.ids) - len(kept)
            again = item.ids
        assert again == item.ids
    assert 0.2 < hidden / sum(len(item.ids) for item in items) < 0.6


@pytest.mark.filterwarnings("ignore:Version v4.12.0 introduces:FutureWarning")
def test_the_loss_is_that_of_transformers(made, sentences):
    loaded, objective = made
    model = Model(loaded.encoder, objective.head(loaded.encoder)).eval()
    batch = objective.prepare(encoded(loaded, sentences), np.random.default_rng(0))
    with torch.no_grad():
        ours = float(objective.loss(model, batch))
        pieces = batch.targets.pieces
        labels = pieces.masked_fill(pieces == NOTHING, -100)
        theirs = float(loaded.encoder.whole(input_ids=batch.ids, attention_mask=batch.mask, labels=labels).loss)
    count = float((pieces != NOTHING).sum())
    assert ours * batch.targets.expected / count == pytest.approx(theirs, abs=1e-5)
    assert 0.5 < count / batch.targets.expected < 2


def test_a_step_in_passes_is_the_step(made, sentences):
    loaded, objective = made
    model = Model(loaded.encoder, objective.head(loaded.encoder)).eval()
    items = encoded(loaded, sentences)
    losses = []
    for passes in ([items], [items[:3], items[3:4], items[4:]]):
        rng, weights = np.random.default_rng(0), [objective.weight(rows) for rows in passes]
        with torch.no_grad():
            shares = [float(objective.loss(model, objective.prepare(rows, rng))) for rows in passes]
        losses.append(sum(share * weight for share, weight in zip(shares, weights, strict=True)) / sum(weights))
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)


def test_it_is_learned(tiny_seq2seq, sentences):
    loaded = load(str(tiny_seq2seq("t5")))
    objective = Denoising(loaded.tokenizer)
    model = Model(loaded.encoder, objective.head(loaded.encoder)).train()
    items, rng = encoded(loaded, sentences), np.random.default_rng(0)
    optimizer, losses = torch.optim.AdamW({*model.parameters()}, lr=1e-2), []
    for _ in range(80):
        optimizer.zero_grad()
        loss = objective.loss(model, objective.prepare(items, rng))
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:5])


def test_encoders_alone_are_refused(tiny_encoder):
    loaded = tiny_encoder("bert")
    with pytest.raises(ModelError, match="writes nothing; denoising is for models that bring a decoder"):
        Denoising(loaded.tokenizer).head(loaded.encoder)
