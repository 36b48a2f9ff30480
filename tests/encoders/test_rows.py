from __future__ import annotations

import pytest
import torch

from loanword.batches.batch import collate
from loanword.encoders.rows import CompactEmbedding, compact, expand, reached
from loanword.errors import ModelError
from loanword.tokens.encoded import Encoded
from loanword.training.trainer import train


def tensors(model):
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def trained(toy_run, kind, embeddings, **options):
    """Train and return the tensors before and after, and the ids that were kept."""
    run, encoded = toy_run(kind, embeddings=embeddings, max_steps=12, weight_decay=0.1, piece_exchange=0.1, **options)
    before = tensors(run.model)
    done = train(run, encoded)
    return before, tensors(run.model), done


def table_of(kind, state):
    (name,) = [
        n for n in state if n.endswith(("word_embeddings.weight", "tok_embeddings.weight", ".embeddings.weight"))
    ]
    return state[name]


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_without_active_clipping_compact_training_is_dense_training_bit_for_bit(toy_run, tiny_kinds, dropout):
    """Every operation gets the same numbers in the same order, so one thread gives the same bits."""
    before, dense, _ = trained(toy_run, tiny_kinds, "full", clip=0.0, dropout=dropout)
    start, small, done = trained(toy_run, tiny_kinds, "compact", clip=0.0, dropout=dropout)

    assert all(torch.equal(value, start[name]) for name, value in before.items())
    assert len(dense) >= 14
    assert [name for name, value in dense.items() if not torch.equal(value, small[name])] == []
    moved = (table_of(tiny_kinds, small) != table_of(tiny_kinds, before)).any(1)
    assert 10 < moved.sum() <= len(done.kept) < 0.5 * len(moved)


@pytest.mark.parametrize("dropout", [0.0, 0.1])
def test_with_clipping_they_agree_to_rounding(toy_run, tiny_kinds, dropout):
    """The norm of the gradient is summed over fewer zeros, in another order: it may differ in its last bit."""
    _, dense, _ = trained(toy_run, tiny_kinds, "full", clip=0.05, dropout=dropout)
    _, small, _ = trained(toy_run, tiny_kinds, "compact", clip=0.05, dropout=dropout)
    _, free, _ = trained(toy_run, tiny_kinds, "compact", clip=0.0, dropout=dropout)

    for name, value in dense.items():
        torch.testing.assert_close(small[name], value, atol=2e-6, rtol=0, msg=name)
    assert any(not torch.equal(free[name], value) for name, value in small.items())  # The clipping did something.


def test_rows_that_no_text_reaches_stay_as_they_were(toy_run, tiny_kinds):
    before, after, done = trained(toy_run, tiny_kinds, "compact")

    outside = torch.ones(len(table_of(tiny_kinds, after)), dtype=torch.bool)
    outside[done.kept] = False
    assert outside.sum() > 100
    assert torch.equal(table_of(tiny_kinds, after)[outside], table_of(tiny_kinds, before)[outside])
    assert done.rows == len(done.kept)


def test_the_padding_row_stays_as_it_was(toy_run, tiny_kinds):
    run, encoded = toy_run(tiny_kinds, max_steps=4)
    pad = run.tokenizer.pad_id
    before = run.model.encoder.model.get_input_embeddings().weight[pad].clone()
    train(run, encoded)

    assert torch.equal(run.model.encoder.model.get_input_embeddings().weight[pad], before)


def test_a_piece_outside_the_kept_rows_is_refused(tiny_kinds, tiny_encoder):
    loaded = tiny_encoder(tiny_kinds)
    known, other = loaded.tokenizer.encode(["warm soup", "水壶"], languages=["en", "zh"])
    compact(loaded.encoder, reached([known], always=[loaded.tokenizer.pad_id]))
    loaded.encoder(collate([known], pad_id=loaded.tokenizer.pad_id))

    with pytest.raises(ModelError, match=r"pieces outside the rows that training kept; expand\(\) the table"):
        loaded.encoder(collate([known, other], pad_id=loaded.tokenizer.pad_id))


def test_compact_gives_the_same_output_and_expand_puts_everything_back(tiny_kinds, tiny_encoder):
    loaded = tiny_encoder(tiny_kinds)
    encoder = loaded.encoder.eval()
    encoded = loaded.tokenizer.encode(["warm soup", "a"], languages=["en", "en"])
    batch = collate(encoded, pad_id=loaded.tokenizer.pad_id)
    table = encoder.model.get_input_embeddings()
    before, names = tensors(encoder), [name for name, _ in encoder.named_parameters()]
    expected = encoder(batch).hidden

    compact(encoder, reached(encoded, always=[loaded.tokenizer.pad_id]))
    assert isinstance(encoder.model.get_input_embeddings(), CompactEmbedding)
    assert torch.equal(encoder(batch).hidden, expected)
    assert [name for name, _ in encoder.named_parameters()] == names
    assert sum(p.numel() for p in encoder.parameters()) < sum(value.numel() for value in before.values())
    with pytest.raises(ModelError, match="compact already"):
        compact(encoder, torch.tensor([0]))
    with torch.no_grad():
        encoder.model.get_input_embeddings().weight[0] += 1

    expand(encoder)
    expand(encoder)  # A second time changes nothing.

    assert encoder.model.get_input_embeddings() is table
    after = tensors(encoder)
    assert after.keys() == before.keys()
    changed = (table.weight != table_of(tiny_kinds, before)).any(1).nonzero().flatten().tolist()
    assert changed == [min({piece for item in encoded for piece in item.ids} | {loaded.tokenizer.pad_id})]


def test_frozen_tables_stay_frozen(tiny_encoder):
    encoder = tiny_encoder("bert").encoder
    encoder.model.get_input_embeddings().weight.requires_grad_(False)

    compact(encoder, torch.tensor([1, 4]))

    assert not encoder.model.get_input_embeddings().weight.requires_grad


def test_reached_is_sorted_unique_and_includes_what_is_always_needed():
    items = [Encoded(ids=[7, 3, 7], language="en", row=0), Encoded(ids=[9, 3], language="en", row=1)]

    assert reached(items, always=[1, 9]).tolist() == [1, 3, 7, 9]
    assert reached([]).tolist() == []
