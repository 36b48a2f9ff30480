from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from loanword.errors import UsageError
from loanword.tokens import shards
from loanword.tokens.tokenizer import Tokenizer


@dataclass(frozen=True)
class Document:
    text: str
    language: str
    line: int
    held_out: bool = False


@pytest.fixture
def tokenizer(tokenizer_kind, fresh_tokenizer):
    return Tokenizer(fresh_tokenizer(tokenizer_kind), max_length=64)


@pytest.fixture
def documents(sentences):
    """Documents of one to ten sentences in six languages, languages mixed."""
    found = []
    for size in range(1, 11):
        for tag, lines in sentences.items():
            end = "。" if tag == "zh" else "."
            found.append(Document("\n\n".join(f"{line}{end}" for line in lines[:size]), tag, 10 * size))
    return found


def test_documents_come_back_as_they_were_tokenized(tokenizer, documents, tmp_path):
    sizes = shards.write(iter(documents), tokenizer, tmp_path / "shards")
    found = shards.read(tmp_path / "shards", tokenizer)
    assert {tag: shard.size for tag, shard in found.items()} == sizes["train"]
    for tag, shard in found.items():
        own = [document for document in documents if document.language == tag]
        assert len(shard) == len(own) == 10
        for number, document in enumerate(own):
            start, end = shard.span(number)
            ids = shard.pieces[start:end].tolist()
            parts = [part.tolist() for part in shard.sentences(number)]
            assert [n for part in parts for n in part] == ids
            lines = document.text.split("\n\n")
            assert len(parts) == len(lines)
            whole = tokenizer.plain(lines)
            for place, (part, line) in enumerate(zip(parts, whole, strict=True)):
                blank = place and tag in ("zh", "th") and tokenizer.is_blank(line.ids[0])
                assert part == line.ids[bool(blank) :]
            assert shard.documents[number, 2] == document.line
        assert shard.size.characters == sum(len(document.text) for document in own)


@pytest.mark.parametrize("limit", [1, 7, 50, 1000])
def test_rows_cover_every_piece_once_and_no_two_documents(tokenizer, documents, tmp_path, limit, monkeypatch):
    monkeypatch.setattr(shards, "BLOCK", 4)  # So that ten documents are three blocks.
    shards.write(documents, tokenizer, tmp_path / "shards")
    for shard in shards.read(tmp_path / "shards", tokenizer).values():
        rows = shard.rows(limit)
        assert rows[:, 1].min() >= 1
        assert rows[:, 1].max() <= limit
        assert np.array_equal(rows[:, 0], np.concatenate([[0], np.cumsum(rows[:, 1])[:-1]]))
        starts = {*rows[:, 0].tolist()}
        assert {shard.span(number)[0] for number in range(len(shard))} <= starts
        if limit == 50:  # Parts of a document differ by one piece at most.
            for number in range(len(shard)):
                start, end = shard.span(number)
                inside = rows[(rows[:, 0] >= start) & (rows[:, 0] < end), 1]
                assert inside.max() - inside.min() <= 1
                assert len(inside) == -(-(end - start) // limit)
        again = shard.rows(limit)
        assert np.array_equal(rows, again)


def test_documents_laid_aside_are_apart(tokenizer, documents, tmp_path):
    marked = [replace(document, held_out=number % 3 == 0) for number, document in enumerate(documents)]
    sizes = shards.write(marked, tokenizer, tmp_path / "shards")
    for part, aside in (("train", False), ("held-out", True)):
        found = shards.read(tmp_path / "shards", tokenizer, part=part)
        for tag in {document.language for document in documents}:
            own = [document for document in marked if document.language == tag and document.held_out is aside]
            assert len(own) == sizes[part].get(tag, shards.Size(0, 0, 0, 0)).documents
            if own:
                assert len(found[tag].sentences(0)) == own[0].text.count("\n\n") + 1


def test_pieces_are_counted(tokenizer, documents, tmp_path):
    shards.write(documents, tokenizer, tmp_path / "shards")
    for shard in shards.read(tmp_path / "shards", tokenizer).values():
        counts = shards.counted(shard, len(tokenizer))
        assert np.array_equal(counts, np.bincount(np.asarray(shard.pieces), minlength=len(tokenizer)))


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="the system does not say what is in memory")
def test_looking_at_all_pieces_leaves_none_in_memory(tokenizer, documents, tmp_path):
    shards.write(documents, tokenizer, tmp_path / "shards")
    for shard in shards.read(tmp_path / "shards", tokenizer).values():
        shards.counted(shard, len(tokenizer))
        shard.rows(20)
        assert [resident(shard.folder / name) for name in (shards.PIECES, shards.DOCUMENTS)] == [0, 0]
        assert shard.pieces[0] >= 0
        assert resident(shard.folder / shards.PIECES) > 0


def resident(file):
    """Return the kB of a mapped file that are in this process's memory."""
    found, inside = [], False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if "-" in line.split(" ", 1)[0]:
            inside = line.endswith(str(file))
        elif inside and line.startswith("Rss:"):
            found.append(int(line.split()[1]))
    assert found, f"{file} is not mapped"
    return sum(found)


def test_another_vocabulary_is_refused(fresh_tokenizer, documents, tmp_path):
    one, other = (Tokenizer(fresh_tokenizer(kind), max_length=64) for kind in ("bpe", "unigram"))
    shards.write(documents, one, tmp_path / "shards")
    with pytest.raises(UsageError, match="was tokenized with another vocabulary"):
        shards.read(tmp_path / "shards", other)
    with pytest.raises(UsageError, match=r"holds no tokenized corpus: shards\.json cannot be read"):
        shards.read(tmp_path, one)
    assert json.loads((tmp_path / "shards" / "shards.json").read_text())["integers"] == "uint16"


def test_an_error_in_the_middle_leaves_nothing(fresh_tokenizer, documents, tmp_path):
    def broken():
        yield from documents
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError):
        shards.write(broken(), Tokenizer(fresh_tokenizer("bpe"), max_length=64), tmp_path / "shards")
    assert [*tmp_path.iterdir()] == []
