import shutil

import numpy as np
import pytest

from loanword.deploy.embedding import embedder
from loanword.durable import MANIFEST
from loanword.errors import DataError, UsageError
from loanword.progress import Silent
from loanword.search import build as module
from loanword.search import index
from loanword.search.index import Index


def test_where_an_index_may_be_put(built, documents, tiny_folder, tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine").write_text("letters")
    for out, says in ((tmp_path / "x", "exists and is no index"), (documents / "deep" / "i", "among its documents")):
        with pytest.raises(UsageError, match=says):
            Index.build(documents, out=out, model=tiny_folder("bert"))
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["mine"]
    assert not (documents / "deep").exists()


def test_an_older_one_is_replaced_whole_and_bad_documents_replace_nothing(built, tmp_path, tiny_folder):
    copy = shutil.copytree(built.folder, tmp_path / "copy")
    source = tmp_path / "new"
    source.mkdir()
    (source / "bad.txt").write_bytes(b"\xff")
    (source / "worse.txt").write_bytes(b"")
    before = (copy / MANIFEST).read_bytes()
    with pytest.raises(DataError, match=r"LW109(.|\n)*LW110"):
        Index.build(source, out=copy, model=tiny_folder("bert"))
    assert (copy / MANIFEST).read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"copy", "new"}
    (source / "bad.txt").write_text("a kettle")
    (source / "worse.txt").unlink()
    assert len(Index.build(source, out=copy, model=tiny_folder("bert"))) == 1
    assert Index.load(copy).passages[0].text == "a kettle"


def test_an_empty_folder_will_do_and_a_file_has_room_beside_it(documents, tiny_folder, tmp_path):
    (tmp_path / "empty").mkdir()
    Index.build(documents / "en.txt", out=tmp_path / "empty", model=tiny_folder("bert"))
    only = tmp_path / "only"
    only.mkdir()
    (only / "a.txt").write_text("a kettle")
    with pytest.raises(UsageError, match="among its documents"):
        Index.build(only, out=only / "index", model=tiny_folder("bert"))
    beside = shutil.copy(documents / "en.txt", tmp_path)
    Index.build(beside, out=tmp_path / "beside", model=tiny_folder("bert"))


def test_passages_have_room_for_special_pieces_and_the_models_prompt(documents, tiny_folder, monkeypatch):
    """Read by the encoder with its prompt for documents, no passage is longer than was asked for, and none is cut."""
    plain = embedder(tiny_folder("bert"))
    prompted = embedder(tiny_folder("bert"))
    prompted.tokenizer.prompts = {"document": "say this: ", "query": "ask: "}
    for encoder in (plain, prompted):
        monkeypatch.setattr(index, "embedder", lambda *_, encoder=encoder, **__: encoder)
        made = Index.build(documents, length=24, overlap=0, model="tiny")
        texts = [one.text for one in made.passages]
        encoded = encoder.tokenizer.encode(texts, languages=["und"] * len(texts), role="document")
        assert 20 < max(map(len, encoded)) <= 24
        np.testing.assert_allclose(made.vectors, encoder.embed(texts, role="document"), atol=5e-3)
        asked = encoder.embed(["the kettle"], role="query")
        (hits,) = made.search(["the kettle"], top=1)
        assert hits[0].score == pytest.approx(float((made.vectors.astype(np.float32) @ asked[0]).max()), abs=5e-3)


def test_a_long_text_is_tokenized_in_parts(tiny_folder, monkeypatch):
    tokenizer = embedder(tiny_folder("bert")).tokenizer
    text = "the kettle is still warm. " * 40
    (whole,) = tokenizer.plain([text])
    expected = [start for start, _ in whole.offsets]
    assert module._starts(text, tokenizer) == expected
    monkeypatch.setattr(module, "PART", 26 * 3)
    assert module._starts(text, tokenizer) == expected


def test_the_language_may_be_said(documents, tiny_folder):
    index = Index.build(documents / "zh.txt", model=tiny_folder("bert"), language="zh_Hant")
    assert {one.language for one in index.passages} == {"zh-Hant"}


def test_documents_are_not_replaced_by_their_own_index(built, tiny_folder, tmp_path):
    copy = shutil.copytree(built.folder, tmp_path / "copy")
    with pytest.raises(UsageError, match="which would be replaced; choose another folder"):
        Index.build(copy / "passages.jsonl", out=copy, model=tiny_folder("bert"))
    assert (copy / "passages.jsonl").is_file()


def test_the_sizes_that_were_taken_are_said_and_recorded(documents, tiny_folder, tmp_path):
    class Listening(Silent):
        said = ()

        def say(self, text):
            self.said += (text,)

    def made(**sizes):
        watch = Listening()
        index = Index.build(documents / "en.txt", model=tiny_folder("bert"), language="en", progress=watch, **sizes)
        return index.info.length, index.info.overlap, watch.said

    most = embedder(tiny_folder("bert")).tokenizer.max_length
    assert made(length=24, overlap=8) == (24, 8, ())
    length, overlap, (said,) = made(length=10**9, overlap=8)
    assert (length, overlap) == (most, 8)
    assert said == f"passages have at most {most} pieces, not 1000000000: the model reads no more"
    length, overlap, (said,) = made(length=8, overlap=100)
    assert (length, overlap) == (8, 3)
    assert said == "neighbouring passages share at most 3 pieces, not 100: half of a passage's text"
