import numpy as np
import torch
from torch.nn.functional import cross_entropy

from loanword.batches.batch import collate
from loanword.data.records import Record
from loanword.encoders.encoder import EncoderOutput
from loanword.hardware import Hardware
from loanword.tasks import vectors as module
from loanword.tasks.vectors import VectorHead, embed, two_texts
from loanword.tokens.tokenizer import Tokenizer


def output(pooled):
    return EncoderOutput(hidden=pooled.unsqueeze(1), mask=torch.ones(len(pooled), 1), pooled=pooled)


def test_vectors_have_length_one():
    head = VectorHead(learn="ranking")
    found = head(output(torch.randn(3, 4)), output(torch.randn(3, 4) * 9))
    assert found.shape == (3, 2, 4)
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(3, 2))
    assert head(output(torch.randn(3, 4))).shape == (3, 1, 4)


def test_ranking_is_cross_entropy_both_ways():
    torch.manual_seed(0)
    head = VectorHead(learn="ranking", temperature=0.1)
    vectors = torch.nn.functional.normalize(torch.randn(5, 2, 8), dim=-1)
    scores = vectors[:, 0] @ vectors[:, 1].T / 0.1
    expected = (cross_entropy(scores, torch.arange(5)) + cross_entropy(scores.T, torch.arange(5))) / 2
    torch.testing.assert_close(head.loss(vectors, torch.zeros(5)), expected)


def test_order_sums_over_all_pairs_that_are_the_wrong_way_round():
    torch.manual_seed(0)
    head = VectorHead(learn="order", temperature=0.2)
    vectors = torch.nn.functional.normalize(torch.randn(6, 2, 8), dim=-1)
    targets = [0.0, 1.0, 1.0, 3.0, 5.0, 2.0]
    cosine = (vectors[:, 0] * vectors[:, 1]).sum(-1).numpy()
    total = sum(np.exp((cosine[j] - cosine[i]) / 0.2) for i in range(6) for j in range(6) if targets[i] > targets[j])
    assert abs(float(head.loss(vectors, torch.tensor(targets))) - np.log(1 + total)) < 1e-5
    assert float(head.loss(vectors, torch.ones(6))) == 0


def test_two_texts_are_read_apart(fresh_tokenizer):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=12)
    rows = [Record("the kettle", "en", pair="чайник " * 30, pair_language="ru"), Record("warm", "en")]
    one, two = two_texts(rows, tokenizer)
    assert (one.language, one.other.language, two.other) == ("en", "ru", None)
    assert (one.truncated, two.truncated) == (True, False)
    assert len(one) == len(one.ids) + len(one.other.ids)


def test_embedding_is_the_pooled_vector_of_each_text_alone(tiny_encoder, sentences, monkeypatch):
    monkeypatch.setattr(module, "CHUNK", 7)
    loaded = tiny_encoder("xlm", max_length=12)
    texts = [line for lines in sentences.values() for line in lines[:3]]
    tags = [tag for tag in sentences for _ in range(3)]
    machine = Hardware(device="cpu", precision="fp32", threads=1)
    loaded.encoder.train()
    found = embed(loaded.encoder, loaded.tokenizer, texts, languages=tags, hardware=machine)
    assert (found.shape, found.dtype) == ((18, 32), np.float32)
    for row, (text, tag) in enumerate(zip(texts, tags, strict=True)):
        (item,) = loaded.tokenizer.encode([text], languages=[tag])
        with torch.inference_mode():
            pooled = loaded.encoder(collate([item], pad_id=loaded.tokenizer.pad_id)).pooled[0].numpy()
        np.testing.assert_allclose(found[row], pooled / np.linalg.norm(pooled), atol=1e-6)
    assert embed(loaded.encoder, loaded.tokenizer, [], languages=[], hardware=machine).shape == (0, 32)
    done = []
    embed(loaded.encoder, loaded.tokenizer, texts, languages=tags, hardware=machine, progress=done.append)
    assert sum(done) == len(texts)


def test_embedding_has_prompts_by_role(tiny_encoder):
    loaded = tiny_encoder("bert", prompts={"query": "find: "}, max_length=40)
    machine = Hardware(device="cpu", precision="fp32", threads=1)

    def vector(text, role=""):
        return embed(loaded.encoder, loaded.tokenizer, [text], languages=["en"], role=role, hardware=machine)[0]

    np.testing.assert_allclose(vector("tea", "query"), vector("find: tea"), atol=1e-6)
    np.testing.assert_allclose(vector("tea", "document"), vector("tea"), atol=1e-6)
    assert np.abs(vector("tea") - vector("find: tea")).max() > 0.01
