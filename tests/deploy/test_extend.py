"""A model with new pieces reads old texts as before, and transformers loads it, head and all."""

from __future__ import annotations

import pytest
import torch
from tests.corpus import SENTENCES
from tests.tokens.test_extend import NEW

from loanword.batches.batch import collate
from loanword.data.records import Table
from loanword.deploy.extend import extend, extended_model
from loanword.encoders.load import load
from loanword.encoders.masked import masked_head
from loanword.errors import ModelError, UsageError
from loanword.run import run
from loanword.tokens.tokenizer import Tokenizer
from loanword.tokens.train import train


def table(tag, lines):
    return Table(tag, list(lines), [None] * len(lines))


@pytest.fixture
def texts():
    return {"zgh": table("zgh", [f"{line} {n}" for n, line in enumerate(NEW)])}


def scores(loaded, head, lines):
    """Return what a model says stands at every place, (batch, seq, pieces)."""
    items = loaded.tokenizer.encode(lines, languages=["en"] * len(lines))
    batch = collate(items, pad_id=loaded.tokenizer.pad_id)
    loaded.encoder.eval()
    with torch.inference_mode():
        found = head.eval()(loaded.encoder.output(loaded.encoder.hidden(batch), batch))
    return found, batch.mask.bool()


def headed(folder, tmp_path):
    """Save a tiny model with the head that guesses hidden pieces, whose bias is not nought."""
    from loanword.deploy.folder import save_folder

    loaded = load(str(folder))
    head = masked_head(loaded.encoder)
    torch.manual_seed(0)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    (tmp_path / "headed").mkdir()
    save_folder(loaded, tmp_path / "headed", head=head)
    return tmp_path / "headed"


@pytest.mark.parametrize("start", ["similar", "script", "mean"])
def test_old_texts_are_read_as_before_and_new_ones_whole(tiny_kinds, tiny_folder, texts, tmp_path, start):
    source = headed(tiny_folder(tiny_kinds), tmp_path)
    before = load(str(source))
    done = extended_model(str(source), texts, size=40, start=start)
    done.save(tmp_path / "wider")
    after = load(str(tmp_path / "wider"))
    had, has = done.pieces
    assert (len(before.tokenizer), len(after.tokenizer)) == (had, has)
    assert has == had + done.new
    assert after.encoder.config.vocab_size == has
    lines = list(SENTENCES["en"])
    expected, mask = scores(before, masked_head(before.encoder), lines)
    head = masked_head(after.encoder)
    assert head.pretrained
    found, _ = scores(after, head, lines)
    assert torch.equal(found[mask][:, :had], expected[mask][:, :had])
    unknown = after.tokenizer.unknown_id
    assert not any(unknown in one.ids for one in after.tokenizer.plain(texts["zgh"].text))
    costs = done.describe()["languages"]["zgh"]
    assert costs["after"]["unknown"] == 0
    assert costs["after"]["pieces"] < costs["before"]["pieces"] or costs["before"]["unknown"] > 0.3


@pytest.mark.parametrize("kind", ["xlm-roberta", "bert"])
def test_other_pieces_in_the_place_of_all(kind, tiny_folder, tmp_path):
    """Those that both have keep their rows, whatever their numbers."""
    source = headed(tiny_folder(kind), tmp_path)
    before = load(str(source))
    lines = list(SENTENCES["en"])
    made = Tokenizer(train({"en": lines * 3}, kind="unigram" if kind == "xlm-roberta" else "wordpiece", size=80))
    done = extended_model(str(source), {"en": table("en", lines)}, replace=made, start="pieces")
    done.save(tmp_path / "other")
    after = load(str(tmp_path / "other"))
    assert len(after.tokenizer) == len(made) == done.pieces[1]
    assert 0 < done.new < len(made)
    old, new = (one.encoder.model.get_input_embeddings().weight for one in (before, after))
    places = {before.tokenizer.token(n): n for n in range(len(before.tokenizer))}
    same = [n for n in range(len(made)) if made.token(n) in places]
    assert len(same) >= len(made) - done.new
    assert torch.equal(new[same], old[[places[made.token(n)] for n in same]])
    assert after.tokenizer.pad_id == after.encoder.config.pad_token_id
    head = masked_head(after.encoder)
    found, mask = scores(after, head, lines)
    assert found[mask].isfinite().all()


def test_where_positions_hang_on_the_padding_it_must_stay(tiny_folder, tmp_path):
    lines = list(SENTENCES["en"])
    made = Tokenizer(train({"en": lines * 3}, kind="wordpiece", size=80))
    with pytest.raises(ModelError, match="from the number of its padding, 1; that of the tokenizer is 0"):
        extended_model(str(tiny_folder("xlm-roberta")), {"en": table("en", lines)}, replace=made)


def test_a_bundle_is_refused(toy_recipe, texts, tmp_path):
    run(toy_recipe("bert", out=str(tmp_path / "run")))
    with pytest.raises(ModelError, match="is a bundle, trained on the pieces that it has; extend the model"):
        extended_model(str(tmp_path / "run"), texts)


def test_prompts_and_the_limit_are_those_of_the_model(tiny_folder, tmp_path):
    """Whatever tokenizer takes the place of its own; and whatever was counted with it before."""
    lines = list(SENTENCES["en"])
    before = load(str(tiny_folder("bert")), max_length=24, prefix="query: ")
    made = Tokenizer(train({"en": lines * 3}, kind="wordpiece", size=80), max_length=512)
    found = extend(before, {"en": table("en", lines)}, size=9, least=1, replace=made, start="pieces").loaded.tokenizer
    assert (found.prefix, found.max_length, found.fast.model_max_length) == ("query: ", 24, 24)
    assert len(found.encode([" ".join(lines)], languages=["en"])[0].ids) == 24


def test_one_text_is_too_little(tiny_folder):
    with pytest.raises(UsageError, match="zgh: one text is too little"):
        extended_model(str(tiny_folder("bert")), {"zgh": table("zgh", NEW[:1])})
