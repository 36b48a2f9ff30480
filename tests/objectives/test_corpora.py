from __future__ import annotations

import json

import pytest

from loanword.data.corpus.settings import CorpusSettings
from loanword.errors import DataError
from loanword.objectives.corpora import Sources, held_out, tokenized
from loanword.progress import Silent
from loanword.tokens.tokenizer import Tokenizer


@pytest.fixture
def made(fresh_tokenizer, sentences, tmp_path):
    tokenizer = Tokenizer(fresh_tokenizer("unigram"), max_length=64)
    for tag in ("en", "ru"):
        lines = [f"{one} {other}" for one in sentences[tag] for other in sentences[tag] if one != other]
        (tmp_path / f"{tag}.txt").write_text("\n".join(lines), encoding="utf-8")
    rows = [{"en": a, "ru": b} for a, b in zip(sentences["en"], sentences["ru"], strict=True)]
    (tmp_path / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

    def make(**settings):
        sources = Sources(
            {tag: str(tmp_path / f"{tag}.txt") for tag in ("en", "ru")},
            {"en:ru": str(tmp_path / "pairs.jsonl")},
            {"text": "en", "translation": "ru"},
            CorpusSettings(identify=False, boundary="line", held_out=0.2, **settings),
        )
        folder = tmp_path / "corpus"
        return tokenized(sources, tokenizer, folder, length=32, seed=1, progress=Silent()), folder

    return make, tokenizer, tmp_path


def test_text_and_translations_are_tokenized_and_some_laid_aside(made, sentences):
    make, tokenizer, _ = made
    (corpus, counts), folder = make()
    assert {*corpus.texts} == {"en", "ru"}
    aside = held_out(folder, corpus, rows=5)
    for tag in ("en", "ru"):
        kept = counts[tag]["kept"]["documents"]
        assert kept == 90
        assert len(corpus.texts[tag]) + counts[tag]["held_out"]["documents"] == kept
        assert 5 <= counts[tag]["held_out"]["documents"] <= 40
        assert len(aside[tag]) == 5
    one, other = corpus.parallel["en:ru"]
    for number in range(10):
        for shard, tag in ((one, "en"), (other, "ru")):
            start, end = shard.span(number)
            assert shard.pieces[start:end].tolist() == tokenizer.plain([sentences[tag][number]])[0].ids


def test_what_is_there_is_not_made_again(made):
    make, _, folder = made
    make()
    before = (folder / "corpus" / "text" / "shards.json").stat().st_mtime_ns
    make()
    assert (folder / "corpus" / "text" / "shards.json").stat().st_mtime_ns == before
    make(min_characters=20)
    assert (folder / "corpus" / "text" / "shards.json").stat().st_mtime_ns > before


def test_a_file_that_changed_is_tokenized_again(made):
    make, _, folder = made
    (before, _), _ = make()
    with (folder / "en.txt").open("a", encoding="utf-8") as file:
        file.write("\nthe goats came back before the rain\n")
    (after, _), _ = make()
    assert len(after.texts["en"]) + 1 >= len(before.texts["en"])
    assert after.digest != before.digest


def test_problems_are_told_with_file_and_line(made):
    make, _, folder = made
    (folder / "pairs.jsonl").write_text('{"en": "a"}\n{"en": "b", "ru": "b"}\n', encoding="utf-8")
    with pytest.raises(DataError, match=r"pairs\.jsonl:1"):
        make()
