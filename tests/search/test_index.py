import json
import shutil
import sys

import numpy as np
import pytest

from loanword.deploy.embedding import embedder
from loanword.durable import MANIFEST, seal
from loanword.encoders.load import load
from loanword.errors import LoanwordError, MissingExtra, ModelError, UsageError
from loanword.language import outputs
from loanword.search import index as module
from loanword.search.index import Index
from loanword.search.store import GRAPH, INFO, PASSAGES, VECTORS, read_info

QUERIES = ["the kettle is warm", "两只山羊", "библиотека"]


@pytest.fixture
def copy(built, tmp_path):
    return shutil.copytree(built.folder, tmp_path / "copy")


def by_hand(built, queries, tiny_folder):
    """Cosines of transformers' own encoder, mean pooling, one text at a time."""
    import torch

    loaded = load(str(tiny_folder("bert")))
    model, fast = loaded.encoder.model.eval(), loaded.tokenizer.fast

    def vector(text):
        inputs = fast(text, return_tensors="pt", truncation=True, max_length=loaded.tokenizer.max_length)
        with torch.no_grad():
            found = model(**inputs).last_hidden_state[0].mean(0).double().numpy()
        return found / np.linalg.norm(found)

    passages = np.stack([vector(one.text) for one in built.passages])
    return np.stack([vector(query) for query in queries]) @ passages.T


def test_what_is_found_is_what_brute_force_finds(built, tiny_folder):
    every = by_hand(built, QUERIES, tiny_folder)
    assert len(built) == every.shape[1] > 20
    found = built.search(QUERIES, top=5)
    texts = [one.text for one in built.passages]
    for hits, scores in zip(found, every, strict=True):
        best = np.sort(scores)[::-1]
        assert best[0] - best[10] > 0.02
        np.testing.assert_allclose([hit.score for hit in hits], best[:5], atol=5e-3)
        np.testing.assert_allclose([scores[texts.index(hit.passage.text)] for hit in hits], best[:5], atol=1e-2)


def test_passages_know_where_they_stand_and_their_language(built, documents):
    tags = {}
    for one in built.passages:
        if one.line:
            assert one.document == "rows.csv"
        else:
            content = (documents / one.document).read_text(encoding="utf-8")
            assert one.document == "page.html" or content[one.start : one.end] == one.text
        tags.setdefault(one.document, set()).add(one.language)
    assert tags["zh.txt"] == {"zh"}
    assert tags["th.txt"] == {"th"}
    (page,) = (one for one in built.passages if one.document == "page.html")
    start = page.text.index("&")
    first, last = page.place(start, start + 1)
    assert (documents / "page.html").read_text(encoding="utf-8")[first:last] == "&amp;"


def test_loaded_finds_what_built_found(built):
    again = Index.load(built.folder)
    assert [hits[0].to_dict() for hits in again.search(QUERIES)] == [
        hits[0].to_dict() for hits in built.search(QUERIES)
    ]
    assert again.vectors.dtype == np.float16
    assert Index.is_at(built.folder)
    assert not Index.is_at(built.folder.parent)


def test_it_holds_what_it_should(built):
    assert {path.name for path in built.folder.iterdir()} == {INFO, PASSAGES, VECTORS, MANIFEST}
    assert list(built.folder.parent.iterdir()) == [built.folder]
    assert json.loads((built.folder / INFO).read_text())["passages"] == len(built)


def test_without_a_place_it_lasts_as_long_as_the_object(documents, tiny_folder):
    index = Index.build(documents, model=tiny_folder("bert"), language="und")
    assert index.search(["kettle"], top=1)[0][0].passage.language == "und"
    folder = index.folder
    del index
    assert not folder.exists()


def test_more_than_there_are(built):
    assert len(built.search(["kettle"], top=10_000)[0]) == len(built)
    assert built.search([]) == []


def test_an_approximate_index_gives_exact_scores(documents, tiny_folder, tmp_path, built):
    pytest.importorskip("faiss")
    made = Index.build(documents, out=tmp_path / "a", model=tiny_folder("bert"), length=32, overlap=8, approximate=True)
    assert (made.folder / GRAPH).is_file()
    for one, other in zip(made.search(QUERIES), built.search(QUERIES), strict=True):
        assert [hit.passage for hit in one] == [hit.passage for hit in other]
        np.testing.assert_allclose([hit.score for hit in one], [hit.score for hit in other], atol=1e-6)


@pytest.mark.parametrize("name", [VECTORS, PASSAGES, INFO])
def test_damage_is_noticed(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[-5] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(LoanwordError, match=f"copy is damaged: {name} was changed. Make it again"):
        Index.load(copy)


def test_a_later_version_is_refused(copy):
    info = json.loads((copy / INFO).read_text())
    (copy / INFO).write_text(json.dumps(info | {"format_version": 2, "loanword_version": "9.9"}))
    seal(copy)
    with pytest.raises(LoanwordError, match=r"made by loanword 9\.9, this is .* upgrade loanword"):
        Index.load(copy)


def test_what_is_no_index(tmp_path):
    with pytest.raises(UsageError, match=r"is no index; make one with: loanword index DOCUMENTS --out"):
        Index.load(tmp_path)


@pytest.mark.parametrize("kind", ["xlm-roberta", "modernbert"])
def test_an_index_of_another_model(copy, tiny_folder, kind):
    with pytest.raises(ModelError, match=r"was not made by .* as it is now"):
        Index.load(copy, model=tiny_folder(kind))


def test_an_index_of_a_model_that_was_trained_since(copy):
    encoder = embedder(json.loads((copy / INFO).read_text())["model"])
    for parameter in encoder.model.encoder.layers[1].parameters():
        parameter.data.mul_(-1)
    with pytest.raises(ModelError, match="says something else of the first passage"):
        Index(copy, read_info(copy), encoder)


def test_what_is_missing_is_said_before_a_model_is_loaded(documents, monkeypatch):
    monkeypatch.setattr(module, "embedder", lambda *_, **__: pytest.fail("loaded"))
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingExtra, match=r"loanword\[index\]"):
        Index.build(documents, approximate=True)
    monkeypatch.setitem(sys.modules, "py3langid", None)
    outputs._identifier.cache_clear()
    with pytest.raises(MissingExtra, match=r"loanword\[generation\]"):
        Index.build(documents)
    with pytest.raises(MissingExtra, match=r"loanword\[index\]"):
        Index.build(documents, approximate=True, language="en")


def test_an_empty_query(built):
    with pytest.raises(UsageError, match="top is 0; expected 1 or more"):
        built.search(["kettle"], top=0)
    with pytest.raises(UsageError, match="query number 2 is empty"):
        built.search(["kettle", " \n"])


def test_what_is_no_document_is_named(documents, tiny_folder, tmp_path, caplog):
    source = shutil.copytree(documents, tmp_path / "docs")
    for name in ("a.png", "b.png", "LICENSE"):
        (source / name).write_bytes(b"x")
    Index.build(source, model=tiny_folder("bert"))
    assert "not read, for they are no documents of a known kind: .png (2), LICENSE (1)" in caplog.text


def test_a_trained_encoder_is_one_too(tiny_bundle, documents):
    """A bundle's vectors are those that its own task compares."""
    bundle, folder = tiny_bundle("retrieval")
    index = Index.build(documents, model=folder)
    (hits,) = index.search(["the kettle is still warm"], top=1)
    (pair,) = bundle.predict(["the kettle is still warm"], pairs=[hits[0].passage.text])
    assert hits[0].score == pytest.approx(pair.score, abs=5e-3)
