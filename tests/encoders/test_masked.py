from __future__ import annotations

import pytest
import torch
from torch import nn

from loanword.batches.batch import collate
from loanword.encoders.load import load
from loanword.encoders.masked import masked_head
from loanword.encoders.rows import compact
from loanword.encoders.save import save_model
from loanword.errors import ModelError


@pytest.fixture
def made(tiny_kinds, tiny_encoder):
    loaded = tiny_encoder(tiny_kinds)
    head = masked_head(loaded.encoder)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return loaded, head


def test_scores_are_those_of_transformers(made, sentences):
    loaded, head = made
    encoded = loaded.tokenizer.encode(list(sentences["ru"]), languages=["ru"] * 10)
    batch = collate(encoded, pad_id=loaded.tokenizer.pad_id)
    loaded.encoder.eval()
    with torch.no_grad():
        ours = head(loaded.encoder.output(loaded.encoder.hidden(batch), batch))
        with head.assembled() as whole:
            found = whole.eval()(**loaded.encoder.inputs(batch))
    theirs = found[0] if isinstance(found, tuple) else found.logits
    here = batch.mask.bool()
    torch.testing.assert_close(ours[here], theirs[here], atol=1e-5, rtol=1e-5)


def test_a_head_that_was_saved_comes_back_and_a_fresh_one_is_none(made, tmp_path):
    loaded, head = made
    assert not head.pretrained
    with head.assembled() as whole:
        save_model(whole, tmp_path)
    loaded.tokenizer.save(tmp_path)
    again = masked_head(load(str(tmp_path)).encoder)
    assert again.pretrained
    for (name, value), (other, same) in zip(head.named_parameters(), again.named_parameters(), strict=True):
        assert name == other
        assert torch.equal(value, same)


def test_the_table_is_the_encoders_and_no_part_of_the_head(made):
    loaded, head = made
    table = loaded.encoder.model.get_input_embeddings().weight
    assert all(value is not table for value in head.parameters())
    with head.assembled() as whole:
        assert whole.get_output_embeddings().weight is table
    assert isinstance(head.places[0][0]._modules[head.places[0][1]], nn.Identity)


def test_it_is_not_saved_while_the_table_is_compact(made):
    loaded, head = made
    compact(loaded.encoder, torch.arange(20))
    with pytest.raises(ModelError, match="the embedding table is compact"), head.assembled():
        pass


def test_a_model_without_such_a_head_is_refused(tiny_dual):
    encoder = load(str(tiny_dual("clip")), training=False).encoder
    with pytest.raises(ModelError, match="has no masked-language-model head"):
        masked_head(encoder)


def of_kind(name, folder, tokenizer):
    """Write a small encoder of another kind than those of the other tests."""
    import transformers

    small = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
        "embedding_size": 16,
        "intra_bottleneck_size": 16,
        "input_embedding_size": 16,
        "output_embedding_size": 24,
    }
    shape = {"dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 64} if name == "distilbert" else small
    config = transformers.AutoConfig.for_model(name, **shape, vocab_size=len(tokenizer), pad_token_id=tokenizer.pad_id)
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save(folder)
    return load(str(folder), training=False).encoder


def test_steps_that_are_no_children_in_their_order(tiny_encoder, tmp_path):
    encoder = of_kind("distilbert", tmp_path, tiny_encoder("bert").tokenizer)
    head = masked_head(encoder)  # It compares the scores with transformers'.
    assert [type(step).__name__ for step in head.steps] == ["Linear", "GELUActivation", "LayerNorm"]


@pytest.mark.parametrize("name", ["rembert", "mobilebert"])
def test_a_head_with_a_table_of_its_own_is_refused_in_a_sentence(name, tiny_encoder, tmp_path):
    encoder = of_kind(name, tmp_path, tiny_encoder("bert").tokenizer)
    with pytest.raises(ModelError, match="is of a make not known here"):
        masked_head(encoder)
