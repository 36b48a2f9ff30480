from __future__ import annotations

import gzip

import pytest
import torch

vocabulary = pytest.importorskip("benchmarks.vocabulary", reason="run from the repository root")


def row(languages, *, share, difference=0.0, coverage=0.995):
    return {
        "key": {"languages": languages, "coverage": coverage},
        "score": share,
        "difference": difference,
        "compared": 40,
        "languages": {"en": {"held_out": 600}, "de": {"held_out": 400}},
        "pieces": {"before": 250_002, "after": 90_000},
        "disk": {"before": 487e6, "after": 220e6},
        "trim_seconds": 17.3,
    }


def test_goals_are_the_share_that_was_asked_for_and_no_difference():
    goals = vocabulary.goals([row(1, share=0.9949), row(5, share=0.951, coverage=0.95, difference=1e-6)])
    assert [goal.met for goal in goals] == [False, True, True, False]
    assert goals[0].measured == "99.49% of 1,000"
    assert goals[3].measured == "1e-06 over 40"
    assert goals[2].name == "held-out sentences covered, 5 languages, 95.0% asked for"


def test_the_table():
    lines = vocabulary.shown([row(1, share=0.9951)]).splitlines()
    assert lines[2:] == ["| all | | 250,002 | 487 MB | | |", "| 1 | 99.5% | 90,000 | 220 MB | 99.51% | 17 |"]


def test_the_largest_files_by_what_they_hold(tmp_path, monkeypatch):
    monkeypatch.setattr(vocabulary, "DATA", tmp_path)
    (tmp_path / "mono").mkdir()
    (tmp_path / "mono" / "de.txt").write_bytes(b"d" * 50)
    (tmp_path / "mono" / "fr.txt.gz").write_bytes(gzip.compress(b"f" * 900))
    (tmp_path / "mono" / "en.txt").write_bytes(b"e" * 60)
    (tmp_path / "mono" / "README.md").write_bytes(b"r" * 999)
    assert vocabulary.languages(1) == ["en"]
    assert vocabulary.languages(5) == ["fr", "en", "de"]


def test_models_that_differ_are_found_out(tiny_encoder, tiny_folder, tmp_path):
    """Both are read by transformers alone."""
    loaded = tiny_encoder("bert")
    texts = {"en": ["the kettle is still warm", "☃ two goats"]}
    assert vocabulary.compared(tiny_folder("bert"), tiny_folder("bert"), texts) == [0.0, 0.0]
    with torch.no_grad():
        loaded.encoder.model.get_input_embeddings().weight.mul_(torch.linspace(0.9, 1.1, 32))
    loaded.encoder.model.save_pretrained(tmp_path)
    loaded.tokenizer.save(tmp_path)
    assert min(vocabulary.compared(tiny_folder("bert"), tmp_path, texts)) > 1e-3
