from __future__ import annotations

import numpy as np
import pytest

case = pytest.importorskip("benchmarks.cases.mlm_loss", reason="run from the repository root")
pytest.importorskip("transformers")


def rows(*, worse, pieces=1000):
    found = []
    for seed in case.SEEDS:
        for system, loss, seen in (("loanword", 6.0 + seed + worse, pieces), ("stock-tuned", 6.0 + seed, 1000)):
            key = {"kind": case.KIND, "system": system, "seed": seed}
            found.append({"key": key, "loss": loss, "losses": {"apart": loss, "packed": loss + 1}, "pieces": seen})
    return found


def test_a_loss_that_is_as_low_after_as_many_pieces_meets_the_goal():
    (goal,) = case.goals(rows(worse=0.01))
    assert goal.met
    assert goal.measured == "+0.010 (+0.010 to +0.010), pieces +0.0%"
    assert "stock-tuned 7.000 in its own rows, apart 7.000, packed 8.000" in goal.ceiling


def test_a_higher_loss_or_more_pieces_do_not():
    assert not case.goals(rows(worse=0.1))[0].met
    assert not case.goals(rows(worse=-1.0, pieces=1100))[0].met
    assert case.goals(rows(worse=0.0)[1:]) == [], "a seed is missing"


def test_what_is_hidden_is_the_same_in_both_kinds_of_rows(tiny_folder, sentences, tmp_path, monkeypatch):
    from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer

    source = tiny_folder("xlm-roberta")
    for file in source.glob("*token*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    model = AutoModelForMaskedLM.from_config(AutoConfig.from_pretrained(source))
    for weight in model.parameters():
        weight.data.zero_()  # All pieces are as likely.
    model.save_pretrained(tmp_path)
    fast = AutoTokenizer.from_pretrained(tmp_path)
    texts = [fast(text)["input_ids"] for some in sentences.values() for text in some]
    monkeypatch.setattr(case, "LENGTH", 32)
    found = case.losses(tmp_path, texts, fast)
    assert found["apart"] == found["packed"] == pytest.approx(np.log(len(fast)), abs=1e-3)
