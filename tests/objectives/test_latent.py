from __future__ import annotations

import pytest
import torch

from loanword.encoders.latent_rows import LOUD
from loanword.objectives.latent import start_latent
from loanword.objectives.streams import Corpus
from loanword.tokens import shards


@pytest.fixture
def made(tiny_encoder, tmp_path, sentences):
    from loanword.data.corpus.documents import Document

    loaded = tiny_encoder("xlm-roberta")
    sides = []
    for tag in ("en", "ru"):
        shards.write((Document(text, tag) for text in sentences[tag]), loaded.tokenizer, tmp_path / tag)
        sides.append(shards.read(tmp_path / tag, loaded.tokenizer)[tag])
    return loaded, Corpus(loaded.tokenizer, {}, {"en:ru": (sides[0], sides[1])})


def test_rows_of_translations_change_and_the_others_stay(made, tmp_path, sentences):
    loaded, corpus = made
    table = loaded.encoder.model.get_input_embeddings().weight
    before = table.detach().clone()
    start_latent(loaded, corpus, tmp_path / "rows.safetensors")
    read = {n for tag in ("en", "ru") for one in loaded.tokenizer.plain(list(sentences[tag])) for n in one.ids}
    moved = {*torch.nonzero((table != before).any(1)).flatten().tolist()}
    assert moved == read - {*loaded.tokenizer.control_ids}
    lengths = table[sorted(moved)].norm(dim=1)
    assert torch.allclose(lengths, LOUD * before.norm(dim=1).mean().expand_as(lengths), rtol=1e-4)


def test_what_is_kept_is_used_again_and_nothing_of_another_corpus(made, tmp_path):
    loaded, corpus = made
    table, file = loaded.encoder.model.get_input_embeddings().weight, tmp_path / "rows.safetensors"
    before = table.detach().clone()
    start_latent(loaded, corpus, file)
    first, kept = table.detach().clone(), file.read_bytes()
    table.data.copy_(before)
    start_latent(loaded, corpus, file)
    assert torch.equal(table, first)
    start_latent(loaded, Corpus(corpus.tokenizer, {}, corpus.parallel, seed=1), file)
    assert file.read_bytes() != kept
    file.write_bytes(b"broken")
    table.data.copy_(before)
    start_latent(loaded, corpus, file)
    pieces = (table != before).any(1)
    assert torch.allclose((table @ table.T)[pieces], (first @ first.T)[pieces], atol=1e-3)  # Signs are free.
