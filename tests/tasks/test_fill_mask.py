from __future__ import annotations

import json

import pytest
import torch

from loanword.data.records import Record
from loanword.deploy.bundle import Bundle
from loanword.encoders.load import load
from loanword.encoders.masked import masked_head
from loanword.encoders.save import save_model
from loanword.errors import ModelError, UsageError
from loanword.hardware import Hardware


@pytest.fixture
def folder(tiny_kinds, tiny_folder, tmp_path):
    """A tiny checkpoint with a masked-language-model head of random weights."""
    loaded = load(str(tiny_folder(tiny_kinds)))
    head = masked_head(loaded.encoder)
    with torch.no_grad():
        for parameter in head.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    with head.assembled() as whole:
        save_model(whole, tmp_path)
    loaded.tokenizer.save(tmp_path)
    return tmp_path


def untrained(folder):
    hardware = Hardware(device="cpu", precision="fp32", threads=1)
    return Bundle.untrained(folder, task="fill-mask", hardware=hardware)


def expected(folder, text):
    """What transformers alone says of the masks of a text: pieces and probabilities, the likeliest first."""
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    fast, model = AutoTokenizer.from_pretrained(folder), AutoModelForMaskedLM.from_pretrained(folder).eval()
    inputs = fast(text, return_tensors="pt")
    inputs.pop("token_type_ids", None) if "XLM" in type(model).__name__ else None
    if model.config.model_type == "xlm":
        inputs["langs"] = torch.zeros_like(inputs["input_ids"])
    with torch.no_grad():
        found = model(**inputs)
    scores = (found[0] if isinstance(found, tuple) else found.logits)[0]
    shares = scores[inputs["input_ids"][0] == fast.mask_token_id].softmax(-1)
    best = shares.topk(3)
    pieces = [fast.convert_ids_to_tokens(row) for row in best.indices.tolist()]
    return [list(zip(*row, strict=True)) for row in zip(pieces, best.values.tolist(), strict=True)]


def test_it_says_what_transformers_says(folder):
    bundle = untrained(folder)
    mask = bundle.tokenizer.fast.mask_token
    texts = [f"the kettle is {mask} warm", f"{mask} missed the last {mask} home.", f"close the window {mask}"]
    for text, said in zip(texts, bundle.predict(texts, language="en"), strict=True):
        for mine, theirs in zip(said.masks, expected(folder, text), strict=True):
            assert [piece for piece, _ in mine[:3]] == [piece for piece, _ in theirs]
            assert [score for _, score in mine[:3]] == pytest.approx([score for _, score in theirs], abs=1e-5)


def test_masks_are_known_by_any_name_and_filled_in(folder):
    bundle = untrained(folder)
    one, other = bundle.predict(["the [MASK] is warm", "the <mask> is warm"], language="en")
    for (piece, score), (same, again) in zip(one.masks[0][:5], other.masks[0][:5], strict=True):
        assert piece == same
        assert score == pytest.approx(again, abs=1e-6)
    shown = bundle.task.shown(one, Record(text="the [MASK] is warm", language="en"), top=2)
    assert len(shown["masks"][0]) == 2
    assert "[MASK]" not in shown["filled"]


def test_a_text_without_a_mask_is_refused(folder):
    bundle = untrained(folder)
    with pytest.raises(UsageError, match="text number 2 has no"):
        bundle.predict(["the [MASK] is warm", "the kettle is warm"])
    with pytest.raises(UsageError, match="has a mask beyond the 64 pieces"):
        bundle.predict(["warm kettle " * 60 + "[MASK]"])


def test_a_model_without_such_a_head_is_refused(tiny_folder):
    with pytest.raises(ModelError, match="brings no head that fills masks"):
        Bundle.untrained(tiny_folder("bert"), task="fill-mask")


def test_on_the_command_line(folder, capsys):
    from typer.testing import CliRunner

    from loanword.cli.main import app

    done = CliRunner().invoke(
        app, ["predict", str(folder), "--task", "fill-mask", "--top", "3", "--json", "a [MASK] kite"]
    )
    assert done.exit_code == 0, done.output
    row = json.loads(done.stdout.splitlines()[-1])
    row = row[0] if isinstance(row, list) else row
    assert len(row["masks"][0]) == 3


def test_it_is_neither_measured_nor_trained(folder, tmp_path):
    import loanword
    from loanword.config import build
    from loanword.errors import ConfigError
    from loanword.preflight import expect_sound

    texts = tmp_path / "en.txt"
    texts.write_text("a <mask> kite\n", encoding="utf-8")
    with pytest.raises(UsageError, match="fill-mask has nothing to be measured by"):
        loanword.evaluate(untrained(folder), test={"en": texts})
    with pytest.raises(ConfigError, match="not trained: loanword predict MODEL --task fill-mask"):
        expect_sound(build({"task": "fill-mask", "data": {"train": {"en": str(texts)}}}))
