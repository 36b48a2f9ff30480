"""A trimmed model reads covered texts as the whole one does, in the same process and out of its folder."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from tests.corpus import SENTENCES, TOPICS
from tests.deploy.test_extend import headed, scores
from tests.encoders import sentences as others

from loanword.config import build
from loanword.data.records import Table
from loanword.deploy import manifest, trim
from loanword.deploy.bundle import Bundle
from loanword.deploy.embedding import embedder
from loanword.deploy.info import read
from loanword.deploy.trim import trimmed
from loanword.encoders.load import load
from loanword.encoders.masked import masked_head
from loanword.errors import LoanwordError, ModelError, UsageError
from loanword.run import run
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.vocabulary import Vocabulary

MACHINE = {"device": "cpu", "precision": "fp32", "threads": 1}
WORDS = [word for words in TOPICS.values() for word in words]


def table(tag):
    """Each sentence of a language with each of the toy task's words, and some with a word of Thai."""
    lines = [f"{line} {word}" for line in SENTENCES[tag] for word in WORDS]
    return Table(tag, [*lines, *(f"{line} กาน้ำ" for line in SENTENCES[tag][:3])], [None] * (len(lines) + 3))


@pytest.fixture(scope="module")
def texts():
    return {tag: table(tag) for tag in ("en", "ru")}


def embedded(folder, lines):
    return embedder(folder, **MACHINE).embed(lines, language="ru")


def test_what_fills_masks_says_the_same_of_the_pieces_that_stay(tiny_kinds, tiny_folder, texts, tmp_path):
    whole = headed(tiny_folder(tiny_kinds), tmp_path)
    trimmed(str(whole), texts).save(tmp_path / "small")
    before, after = load(str(whole)), load(str(tmp_path / "small"))
    head = masked_head(after.encoder)
    assert head.pretrained
    lines = [*texts["en"].text[:8], *texts["ru"].text[:8]]
    (expected, mask), (found, _) = scores(before, masked_head(before.encoder), lines), scores(after, head, lines)
    old = [before.tokenizer.fast.convert_tokens_to_ids(after.tokenizer.token(n)) for n in range(len(after.tokenizer))]
    assert len(old) < found.shape[-1] + 1 < expected.shape[-1]
    assert torch.allclose(found[mask], expected[mask][:, old], atol=1e-5)


def test_an_encoder_of_any_kind(tiny_kinds, tiny_folder, texts, tmp_path):
    whole = tiny_folder(tiny_kinds)
    done = trimmed(str(whole), texts)
    done.save(tmp_path / "small")
    told = done.describe()
    pieces = load(str(whole)).tokenizer
    assert told["pieces"] == {"before": len(pieces), "after": len(done.model.tokenizer)}
    assert told["pieces"]["after"] < 0.8 * len(pieces)
    assert told["bytes"]["before"] - told["bytes"]["after"] == 4 * 32 * (len(pieces) - told["pieces"]["after"])
    assert told["compared"] == 2 * trim.PROVED
    assert told["languages"]["en"]["held_out"] + told["languages"]["en"]["texts"] == len(texts["en"])
    lines = [*texts["en"].text[:40], *texts["ru"].text[:40]]
    assert np.array_equal(embedded(tmp_path / "small", lines), embedded(whole, lines))
    files = {file.name for file in (tmp_path / "small").iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= files
    assert ("modules.json" in files) == (tiny_kinds != "xlm")


def test_the_share_is_that_of_texts_that_chose_nothing(tiny_folder, texts, monkeypatch):
    """Held-out texts are counted one by one, against the pieces of the trimmed tokenizer."""
    split = {}
    monkeypatch.setattr(trim, "held_out", lambda lines, tag: split.setdefault(tag, (lines[:-9], lines[-9:])))
    done = trimmed(str(tiny_folder("xlm-roberta")), texts, share=0.6)
    small = {done.model.tokenizer.token(n) for n in range(len(done.model.tokenizer))}
    whole = load(str(tiny_folder("xlm-roberta"))).tokenizer
    for tag, kept in done.languages.items():
        known, held = split[tag]
        found = [{whole.token(n) for n in pieces.ids} <= small for pieces in whole.plain(held)]
        assert (kept.texts, kept.held_out, kept.covered) == (len(known), 9, sum(found))
    assert done.share == sum(kept.covered for kept in done.languages.values()) / 18


def test_prompts_pooling_and_length_of_a_folder_of_sentence_transformers(tiny_folder, texts, tmp_path):
    folder = others.write(tiny_folder("bert"), tmp_path / "st", pooling="cls", limit=18, prompts={"query": "☃ find: "})
    trimmed(str(folder), texts).save(tmp_path / "small")
    before, after = (load(str(place)).tokenizer for place in (folder, tmp_path / "small"))
    assert after.prompts == before.prompts
    assert after.max_length == before.max_length == 18
    lines = texts["en"].text[:20]
    for prompt in (None, "query"):
        found, expected = (
            others.stock(place).encode(lines, prompt_name=prompt, normalize_embeddings=True)
            for place in (tmp_path / "small", folder)
        )
        np.testing.assert_allclose(found, expected, atol=1e-6)


@pytest.fixture(scope="module")
def trained(toy_recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("trim") / "run"
    run(toy_recipe("bert", out=str(out)))
    return out


@pytest.mark.parametrize("place", ["", "model"])
def test_a_bundle_predicts_the_same(trained, texts, tmp_path, place):
    whole = Bundle.load(trained, **MACHINE)
    done = trimmed(str(trained / place), texts)
    done.save(tmp_path / "small")
    again = Bundle.load(tmp_path / "small", **MACHINE)
    kept = {again.tokenizer.token(n) for n in range(len(again.tokenizer))}
    lines = [*texts["en"].text, *texts["ru"].text]
    pieces = whole.tokenizer.plain(lines)
    covered = [
        line for line, one in zip(lines, pieces, strict=True) if {whole.tokenizer.token(n) for n in one.ids} <= kept
    ]
    assert len(covered) > 0.95 * len(lines)
    assert len(again.tokenizer) < 0.8 * len(whole.tokenizer)
    before = whole.predict(covered)
    assert done.model.predict(covered) == again.predict(covered) == before
    assert {one.label for one in before} == set(TOPICS)
    manifest.verify(tmp_path / "small")
    assert read(tmp_path / "small").lineage == read(trained / "model").lineage
    card = (tmp_path / "small" / "README.md").read_text(encoding="utf-8")
    assert card.startswith((trained / "model" / "README.md").read_text(encoding="utf-8").rstrip())
    sizes = f"from {len(whole.tokenizer):,} pieces to {len(again.tokenizer):,}, by texts of en, ru"
    assert f"## Vocabulary\n\nTrimmed {sizes}" in card
    assert (tmp_path / "small" / "report.json").read_bytes() == (trained / "model" / "report.json").read_bytes()


@pytest.mark.parametrize("task", ["pairs", "answers", "retrieval"])
def test_bundles_of_tasks_on_two_texts(tiny_bundle, texts, task):
    bundle, folder = tiny_bundle(task)
    lines, seconds = [*SENTENCES["en"]], [*SENTENCES["ru"]]
    if task == "retrieval":
        before = bundle.embed(lines)
        assert np.array_equal(trimmed(str(folder), texts).model.embed(lines), before)
    else:
        before = bundle.predict(lines, pairs=seconds, language="en")
        assert trimmed(str(folder), texts).model.predict(lines, pairs=seconds, language="en") == before


def test_a_task_that_writes_is_refused_before_any_work(tiny_folder, tiny_seq2seq, texts, tmp_path, monkeypatch):
    """Its decoder knows pieces by their numbers: one of ours, or one that the model brought."""
    rows = Table("en", [*SENTENCES["en"]], [None] * 10, pair=[*SENTENCES["ru"]], pair_language="ru")
    recipe = {
        "task": "translation",
        "model": str(tiny_folder("bert")),
        "out": str(tmp_path / "run"),
        "data": {"train": {"en:ru": "in memory"}},
        "training": {"max_steps": 1},
        "hardware": MACHINE,
    }
    run(build(recipe), tables={"train": {"en:ru": rows}})
    monkeypatch.setattr(Bundle, "load", lambda *_, **__: pytest.fail("it was loaded"))
    with pytest.raises(ModelError, match="does translation: its decoder knows pieces by their numbers") as told:
        trimmed(str(tmp_path / "run"), texts)
    assert "\n" not in str(told.value)
    with pytest.raises(ModelError, match="brings a decoder that shares its pieces"):
        trimmed(str(tiny_seq2seq("t5")), texts)


def test_too_few_texts_are_refused(tiny_folder, texts):
    """Copies are none; every language that has too few is told at once."""
    few = {tag: Table(tag, [*texts[tag].text[:19]] * 3, [None] * 57) for tag in texts}
    with pytest.raises(UsageError, match=r"needs 20 different texts, better thousands; en has 19, ru has 19"):
        trimmed(str(tiny_folder("bert")), few)


def test_a_model_that_looks_at_numbers_of_pieces_is_found_out(tiny_folder, texts, monkeypatch):
    from loanword.encoders.encoder import Encoder

    real = Encoder.hidden

    def odd(self, batch, model=None):
        return real(self, batch, model) + 1e-3 * (batch.ids % 7)[:, :, None]

    monkeypatch.setattr(Encoder, "hidden", odd)
    with pytest.raises(LoanwordError, match="reads texts otherwise once it is trimmed"):
        trimmed(str(tiny_folder("bert")), texts)


def test_nothing_is_written_over(tiny_folder, texts, tmp_path):
    done = trimmed(str(tiny_folder("bert")), texts)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "letter.txt").write_text("mine")
    with pytest.raises(UsageError, match="exists; choose another folder"):
        done.save(tmp_path / "kept")
    assert [path.name for path in (tmp_path / "kept").iterdir()] == ["letter.txt"]
    done.save(tmp_path / "new" / "small")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["small"]
    assert json.loads((tmp_path / "new" / "small" / "config.json").read_text())["vocab_size"] == done.pieces[1]
    assert torch.float32 == done.model.encoder.model.get_input_embeddings().weight.dtype


def test_a_word_that_is_cut_only_once_a_longer_piece_is_gone_is_not_covered(tmp_path):
    """WordPiece fails at "abc" after "ab"; without that it finds "a" and "##bc"."""
    from tokenizers import Tokenizer as Backend
    from tokenizers import models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "ab", "a", "##bc", "##b", "x"]
    backend = Backend(models.WordPiece({piece: n for n, piece in enumerate(pieces)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    special = {f"{role}_token": f"[{role.upper()}]" for role in ("pad", "unk", "cls", "sep", "mask")}
    whole = Tokenizer(PreTrainedTokenizerFast(tokenizer_object=backend, **special))
    fewer, _ = Vocabulary(whole).trimmed({1, 6, 7, 9})
    assert [fewer.token(n) for n in fewer.plain(["abc x"])[0].ids] == ["a", "##bc", "x"]
    assert trim._cut_alike(whole, fewer, ["abc x", "a x", "abd x"]) == ["a x", "abd x"]
