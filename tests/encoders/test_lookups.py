from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
from loanword.batches.batch import collate  # noqa: E402
from loanword.encoders.load import load  # noqa: E402
from loanword.encoders.lookups import sparse_lookups  # noqa: E402
from loanword.encoders.masked import masked_head  # noqa: E402
from loanword.objectives.linear_loss import linear_loss  # noqa: E402


def gradients(loaded, head, texts, *, bf16):
    """Gradients of everything after two passes over `texts`, padded, with scores of all pieces by the same table."""
    encoder = loaded.encoder.eval()
    encoder.zero_grad(set_to_none=True)
    for part in (texts[:2], texts[2:]):
        encoded = loaded.tokenizer.encode(part, languages=["en"] * len(part))
        batch = collate(encoded, pad_id=loaded.tokenizer.pad_id)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            states = head.transform(encoder(batch).hidden[:, 1])
            table = encoder.model.get_input_embeddings().weight
            loss = linear_loss(states, table, head.bias, batch.ids[:, 1]).sum()
        loss.backward()
    return {name: part.grad.clone() for name, part in encoder.named_parameters() if part.grad is not None}


@pytest.mark.parametrize("bf16", [False, True])
def test_gradients_are_those_of_torch(tiny_kinds, tiny_folder, sentences, bf16):
    loaded = load(str(tiny_folder(tiny_kinds)))
    head = masked_head(loaded.encoder)
    texts = [text[: 9 * (row + 1)] for row, text in enumerate(sentences["en"][:5])]
    expected = gradients(loaded, head, texts, bf16=bf16)
    with sparse_lookups(loaded.encoder):
        found = gradients(loaded, head, texts, bf16=bf16)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(found[name], value, rtol=1e-5, atol=1e-6 * float(value.abs().max())), name
    again = gradients(loaded, head, texts, bf16=bf16)
    assert all(torch.equal(again[name], value) for name, value in expected.items()), "nothing of it is left"


def test_without_gradients_it_only_looks_up(tiny_folder):
    encoder = load(str(tiny_folder("bert"))).encoder
    table = encoder.model.get_input_embeddings()
    ids = torch.tensor([[3, 5, 3]])
    with sparse_lookups(encoder):
        with torch.no_grad():
            assert not table(ids).requires_grad
        table.weight.requires_grad_(False)
        assert torch.equal(table(ids), table.weight[ids])
        assert not table(ids).requires_grad
    assert "forward" not in vars(table)
