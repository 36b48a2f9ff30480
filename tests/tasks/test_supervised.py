from __future__ import annotations

import pytest
import torch

from loanword.batches.batch import collate
from loanword.randomness import generator
from loanword.tasks.heads import ClassHead
from loanword.tasks.supervised import Supervised


def test_prepare_brings_the_targets_of_the_same_rows(toy_run):
    run, encoded = toy_run("bert")

    batch = run.objective.prepare(encoded[5:9], generator(0))

    assert batch.targets.tolist() == [item.target for item in encoded[5:9]]
    assert batch.rows == tuple(item.row for item in encoded[5:9])


def test_the_loss_is_the_heads_loss_on_the_models_outputs(toy_run):
    run, encoded = toy_run("bert", smoothing=0.1)
    batch = run.objective.prepare(encoded[:8], generator(0))
    run.model.eval()

    with torch.no_grad():
        expected = torch.nn.functional.cross_entropy(run.model(batch), batch.targets, label_smoothing=0.1)
        torch.testing.assert_close(run.objective.loss(run.model, batch), expected)


def test_the_head_is_the_tasks(toy_run):
    run, _ = toy_run("bert", dropout=0.0)

    head = run.objective.head(run.model.encoder)

    assert isinstance(head, ClassHead)
    assert (head.linear.in_features, head.linear.out_features, head.dropout.p) == (32, 2, 0.0)


@pytest.fixture
def exchanging(toy_run):
    """A run whose table has a twin for every other piece: what lies beside a piece is known."""
    run, encoded = toy_run("xlm-roberta", piece_exchange=0.3)
    table = run.model.encoder.model.get_input_embeddings().weight
    with torch.no_grad():
        table[: len(table) // 2 * 2 : 2] = table[1::2] + 0.01
    return run, encoded


def test_pieces_are_exchanged_at_their_rate_and_control_pieces_never(exchanging):
    run, encoded = exchanging
    tokenizer, rng = run.tokenizer, generator(0)
    plain = collate(encoded, pad_id=tokenizer.pad_id)

    possible = run.objective.begin(encoded, run.model.encoder)
    batches = [run.objective.prepare(encoded, rng) for _ in range(20)]

    control = torch.isin(plain.ids, torch.tensor(tokenizer.control_ids))
    changed = torch.stack([batch.ids != plain.ids for batch in batches])
    assert not (changed & control).any()
    assert float(changed[:, ~control].float().mean()) == pytest.approx(0.3, abs=0.02)
    new = torch.stack([batch.ids for batch in batches])[changed]
    assert set(new.tolist()) <= set(possible)
    assert not set(new.tolist()) & set(tokenizer.control_ids)
    old = plain.ids.expand(20, -1, -1)[changed]
    assert ((new ^ 1) == old).float().mean() > 0.5  # The twin is the nearest, though not the only neighbour.
    assert not torch.equal(batches[0].ids, batches[1].ids)
    assert torch.equal(batches[0].mask, plain.mask)


def test_how_a_step_is_cut_does_not_change_what_is_exchanged(exchanging):
    run, encoded = exchanging
    run.objective.begin(encoded, run.model.encoder)

    whole = run.objective.prepare(encoded[:8], generator(5))
    rng = generator(5)
    parts = [run.objective.prepare(encoded[at : at + 2], rng) for at in range(0, 8, 2)]

    rows = [row[mask.bool()].tolist() for part in parts for row, mask in zip(part.ids, part.mask, strict=True)]
    assert rows == [row[mask.bool()].tolist() for row, mask in zip(whole.ids, whole.mask, strict=True)]
    assert rows != [item.ids for item in encoded[:8]]


def test_nothing_is_exchanged_where_nothing_is_asked_for(toy_run):
    run, encoded = toy_run("bert")
    objective = Supervised(run.task, tokenizer=run.tokenizer, piece_exchange=0.0)

    assert objective.begin(encoded, run.model.encoder) == []
    batch = objective.prepare(encoded[:4], generator(0))
    assert torch.equal(batch.ids, collate(encoded[:4], pad_id=run.tokenizer.pad_id).ids)
