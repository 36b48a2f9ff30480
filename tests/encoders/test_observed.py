import numpy as np
import pytest
import torch
from torch import nn
from transformers import AutoModel, FNetConfig, FNetModel, LongformerConfig, LongformerModel, XLNetConfig, XLNetModel

from loanword.batches.batch import Batch, collate
from loanword.encoders.encoder import Encoder
from loanword.encoders.observed import Observed
from loanword.encoders.packed import can_pack, packed
from loanword.errors import ModelError

SMALL = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64}


def one(loaded, text="two goats followed 水壶", language="ru"):
    encoded = loaded.tokenizer.encode([text], languages=[language])
    return collate(encoded, pad_id=loaded.tokenizer.pad_id)


def numbers(count=9):
    ids = torch.arange(5, 5 + count).unsqueeze(0)
    return Batch(ids, torch.ones_like(ids), ("en",), (0,))


def test_it_sees_what_transformers_tells(tiny_kinds, tiny_encoder, tiny_folder):
    """Oracle: the same weights loaded afresh, with transformers' own attention, asked for everything."""
    loaded = tiny_encoder(tiny_kinds)
    batch = one(loaded)
    stock = AutoModel.from_pretrained(tiny_folder(tiny_kinds), attn_implementation="eager").eval()
    with torch.no_grad():
        told = stock(**loaded.encoder.inputs(batch), output_attentions=True, output_hidden_states=True)
    sight = Observed(loaded.encoder).look(batch)
    assert len(sight.attentions) == 2
    assert len(sight.layers) == 3
    for ours, theirs in zip(
        (*sight.attentions, *sight.layers, sight.output.hidden),
        (*told.attentions, *told.hidden_states, told.last_hidden_state),
        strict=True,
    ):
        torch.testing.assert_close(ours.detach(), theirs, atol=2e-6, rtol=1e-5)
    torch.testing.assert_close(sight.vectors.detach(), stock.get_input_embeddings()(batch.ids).detach())


def test_scaled_vectors_are_vectors_given(tiny_encoder, tiny_folder):
    """Oracle: transformers' `inputs_embeds`."""
    for kind in ("bert", "deberta-v2", "modernbert", "xlm-roberta"):
        loaded = tiny_encoder(kind)
        batch = one(loaded)
        stock = AutoModel.from_pretrained(tiny_folder(kind)).eval()
        scale = torch.linspace(0, 1, batch.ids.shape[1]).unsqueeze(0)
        inputs = {name: value for name, value in loaded.encoder.inputs(batch).items() if name != "input_ids"}
        with torch.no_grad():
            vectors = stock.get_input_embeddings()(batch.ids) * scale.unsqueeze(-1)
            expected = stock(inputs_embeds=vectors, **inputs).last_hidden_state
        found = Observed(loaded.encoder).read(batch, scale).output.hidden
        torch.testing.assert_close(found.detach(), expected, atol=2e-6, rtol=1e-5)


def test_gradients_are_those_of_finite_differences(tiny_kinds, tiny_encoder):
    loaded = tiny_encoder(tiny_kinds)
    loaded.encoder.double()
    batch = one(loaded, "two goats")
    observed = Observed(loaded.encoder)
    weights = torch.randn(loaded.encoder.width, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    scale = torch.full_like(batch.ids, 0.7, dtype=torch.float64)

    def score(at):
        sight = observed.read(batch, at)
        return (sight.output.hidden.sum(1) @ weights).sum(), sight.vectors

    value, vectors = score(scale)
    (gradient,) = torch.autograd.grad(value, vectors)
    whole = loaded.encoder.model.get_input_embeddings()(batch.ids).detach()
    for place in range(batch.ids.shape[1]):
        step = torch.zeros_like(scale)
        step[0, place] = 1e-3  # Some architectures take their softmax in fp32, whatever they are given.
        with torch.no_grad():
            measured = (score(scale + step)[0] - score(scale - step)[0]) / 2e-3
        assert float((gradient[0, place] * whole[0, place]).sum()) == pytest.approx(float(measured), rel=2e-3, abs=1e-3)


def test_the_encoder_stays_as_it_is(tiny_kinds, tiny_encoder):
    loaded = tiny_encoder(tiny_kinds)
    encoder = loaded.encoder
    batch = one(loaded)
    encoder.train()
    modes = [part.training for part in encoder.modules()]
    chosen, table = encoder.config._attn_implementation, encoder.model.get_input_embeddings()
    weights = {name: value.clone() for name, value in encoder.model.state_dict().items()}
    with torch.no_grad():
        before = encoder.eval()(batch).hidden
    encoder.train()
    observed = Observed(encoder)
    observed.look(batch)
    sight = observed.read(batch, torch.ones_like(batch.ids, dtype=torch.float32))
    torch.autograd.grad(sight.output.pooled.sum(), sight.vectors)
    assert [part.training for part in encoder.modules()] == modes
    assert not any(part.training for part in observed.model.modules())
    assert encoder.config._attn_implementation == chosen
    assert encoder.model.get_input_embeddings() is table
    assert not [part for part in encoder.model.modules() if part._forward_hooks or part._forward_pre_hooks]
    assert all(parameter.grad is None for parameter in encoder.parameters())
    assert all(torch.equal(value, weights[name]) for name, value in encoder.model.state_dict().items())
    with torch.no_grad():
        assert torch.equal(encoder.eval()(batch).hidden, before)
    ours = {value.data_ptr() for value in encoder.model.parameters()} - {table.weight.data_ptr()}
    assert {value.data_ptr() for value in observed.model.parameters()} == ours, "weights were copied"


def test_answers_in_bf16_still_come_from_the_second_form(tiny_encoder):
    loaded = tiny_encoder("bert")
    batch = one(loaded)
    Observed(loaded.encoder).look(batch)
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        if not can_pack():
            pytest.skip("torch has no packed bf16 products here")
        assert packed(loaded.encoder.eval(), batch) is not None


def test_without_attention_there_is_none():
    config = FNetConfig(**SMALL, max_position_embeddings=32, type_vocab_size=2)
    sight = Observed(Encoder(FNetModel(config), name="fnet").eval()).look(numbers())
    assert sight.attentions == ()
    assert len(sight.layers) == 3


class Blocks(nn.Module):
    """Stands for a model whose attentions are no matrix of all pieces by all pieces."""

    def __init__(self, model, attentions):
        super().__init__()
        self.inner, self.config, self.made = model, model.config, attentions

    def get_input_embeddings(self):
        return self.inner.get_input_embeddings()

    def forward(self, **inputs):
        found = self.inner(**inputs)
        found["attentions"] = self.made
        return found


@pytest.mark.parametrize(
    "made",
    [(torch.ones(1, 4, 9, 3) / 3,), (torch.ones(1, 4, 9, 9),), (torch.eye(9).expand(2, 1, 9, 9),), ((1, 2),)],
    ids=["blocks", "no shares", "other rows", "no tensor"],
)
def test_what_is_no_share_of_every_piece_is_left_out(tiny_encoder, made):
    encoder = tiny_encoder("bert").encoder
    observed = Observed(encoder)
    observed.model = Blocks(observed.model, made)
    assert observed.look(numbers()).attentions == ()
    observed.model.made = (torch.eye(9).expand(1, 4, 9, 9),)
    assert len(observed.look(numbers()).attentions) == 1


def test_a_model_that_looks_up_other_pieces_is_refused():
    sizes = {"vocab_size": 50, "d_model": 32, "n_layer": 2, "n_head": 4, "d_inner": 64}
    turned = Encoder(XLNetModel(XLNetConfig(**sizes)), name="xlnet").eval()
    config = LongformerConfig(**SMALL, num_attention_heads=4, max_position_embeddings=64, attention_window=[4, 4])
    padded = Encoder(LongformerModel(config), name="longformer").eval()
    for encoder, seen in (
        (turned, r"looks up \(9, 1\) pieces for a batch of \(1, 9\)"),
        (padded, r"looks up \(1, 12\)"),
    ):
        with pytest.raises(ModelError, match=seen):
            Observed(encoder).look(numbers())


def test_a_batch_of_scales_is_rows_of_their_own(tiny_encoder):
    loaded = tiny_encoder("bert")
    encoded = loaded.tokenizer.encode(["two goats"], languages=["en"]) * 3
    batch = collate(encoded, pad_id=loaded.tokenizer.pad_id)
    scale = torch.tensor([[0.0], [0.5], [1.0]]).expand_as(batch.ids)
    observed = Observed(loaded.encoder)
    together = observed.read(batch, scale).output.hidden.detach().numpy()
    for row in range(3):
        alone = observed.read(collate(encoded[:1], pad_id=loaded.tokenizer.pad_id), scale[row : row + 1])
        np.testing.assert_allclose(together[row], alone.output.hidden.detach().numpy()[0], atol=1e-6)
