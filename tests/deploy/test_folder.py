from __future__ import annotations

import torch

from loanword.deploy.folder import save_folder
from loanword.encoders.load import load
from loanword.encoders.masked import brings_head, masked_head


def test_transformers_and_sentence_transformers_find_what_they_need(tiny_kinds, tiny_encoder, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    loaded = tiny_encoder(tiny_kinds)
    save_folder(loaded, tmp_path)
    assert len(AutoTokenizer.from_pretrained(tmp_path)) == len(loaded.tokenizer)
    table = AutoModel.from_pretrained(tmp_path).get_input_embeddings().weight
    assert torch.equal(table, loaded.encoder.model.get_input_embeddings().weight)
    assert (tmp_path / "modules.json").exists() == (tiny_kinds != "xlm")
    again = load(str(tmp_path))
    assert again.encoder.pooling == loaded.encoder.pooling
    assert not brings_head(again.encoder)


def test_a_head_goes_with_it(tiny_encoder, tmp_path):
    loaded = tiny_encoder("bert")
    save_folder(loaded, tmp_path, head=masked_head(loaded.encoder))
    assert brings_head(load(str(tmp_path)).encoder)
