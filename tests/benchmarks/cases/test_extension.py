from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from loanword.data.corpus.corpus import Corpus
from loanword.data.corpus.settings import CorpusSettings

extension = pytest.importorskip("benchmarks.cases.extension", reason="run from the repository root")


def row(tag, start, seed, curve):
    key = {"kind": extension.KIND, "language": tag, "start": start, "seed": seed}
    return {"key": key, "curve": curve, "learned": extension.STEPS * extension.ROWS // 20}


def through(*places):
    """Return a curve of a point for ten tokens, on straight lines through `places`."""
    tokens = [10 * point for point in range(extension.POINTS + 1)]
    return [*zip(tokens, np.interp(tokens, *zip(*places, strict=True)).tolist(), strict=True)]


def test_tokens_are_told_between_the_points():
    curve = [(0, 10.0), (100, 8.0), (200, 4.0), (300, 5.0)]
    assert extension.tokens_to(curve, 10.0) == 0
    assert extension.tokens_to(curve, 8.0) == 100
    assert extension.tokens_to(curve, 6.0) == 150
    assert extension.tokens_to(curve, 4.5) == 187.5
    assert math.isnan(extension.tokens_to(curve, 3.0))


def test_what_is_reached_sooner_meets_the_goal_and_what_never_is_does_not():
    (tag, *_) = extension.TAGS
    similar = row(tag, "similar", 0, through((0, 9.0), (110, 6.0), (440, 6.0)))
    rows = [similar, row(tag, "mean", 0, through((0, 10.0), (440, 6.0)))]
    assert extension.goals(rows) == []
    found = extension.goals([*rows, row(tag, "random", 0, through((0, 10.0), (440, 3.0)))])
    of = {tuple(goal.name.partition("than from ")[2].split(", ")): goal for goal in found}
    whole, first = of["mean rows", "20 passes (1 seeds)"], of["mean rows", "10 passes (1 seeds)"]
    assert (whole.met, whole.measured) == (True, "4.0 (4.0 to 4.0)")
    assert (first.met, first.measured) == (True, "6.0 (6.0 to 6.0)"), "half of the curves, where the mean has come to 8"
    assert first.ceiling == "held-out nats at the end: similar 6.00, mean 8.00, random 6.50"
    whole, first = of["random rows", "20 passes (1 seeds)"], of["random rows", "10 passes (1 seeds)"]
    assert (whole.met, whole.measured) == (False, "0.0 (0.0 to 0.0)"), "never as good"
    assert (first.met, first.measured) == (False, "2.4 (2.4 to 2.4)")


def test_a_peer_that_gets_worse_counts_by_where_it_was_at_its_best():
    theirs = [(0, 10.0), (200, 6.0), (400, 7.0)]
    assert extension.times_fewer([(0, 9.0), (100, 6.0), (400, 4.0)], theirs) == 2.0
    assert extension.times_fewer([(0, 5.0), (100, 4.0)], theirs) == math.inf
    assert extension.times_fewer([(0, 9.0), (400, 8.0)], theirs) == 0


def test_what_is_held_out_is_seen_by_nothing(monkeypatch):
    tag = "sat"
    ids = [f"sib-{n}" for n in range(100)]
    own = {one: f"ᱱᱚᱣᱟ ᱫᱚ ᱟᱹᱭᱟᱹᱛ ᱠᱟᱱᱟ {one}" for one in ids}
    english = {one: f"This is sentence {one}" for one in ids}
    monkeypatch.setattr(extension, "taught", lambda: "taught")
    monkeypatch.setattr(extension, "sentences", lambda file: english if "eng" in file.name else own)
    seen = {}

    def extended(model, texts, *, parallel, **_):
        seen.update(texts=texts[tag].text, parallel=parallel)
        return SimpleNamespace(save=lambda folder: None, new=1)

    def pretrained(recipe):
        said = {name: value for name, value in recipe["corpus"].items() if name != "text"}
        documents = [*Corpus(recipe["corpus"]["text"], CorpusSettings(**said)).documents()]
        seen["held out"] = {document.text for document in documents if document.held_out}
        seen["trained"] = {document.text for document in documents if not document.held_out}
        assert recipe["evaluation"]["rows"] >= len(seen["held out"])
        return SimpleNamespace(report={"held_out": [{"tokens": 0, "languages": {tag: {"nats": 1.0}}}]})

    monkeypatch.setattr("loanword.deploy.extend.extended_model", extended)
    monkeypatch.setattr(extension, "pretrained", pretrained)
    row = extension.measure({"language": tag, "start": "similar", "seed": 0})
    assert len(seen["held out"]) > 1
    assert {*seen["texts"]} == seen["trained"]
    assert row["learned"] == len(seen["trained"]) == 100 - len(seen["held out"])
    assert {text for _, text in seen["parallel"]} == seen["trained"]
    assert all(one.split()[-1] == other.split()[-1] for one, other in seen["parallel"])


def test_what_all_starts_go_on_from_is_taught_once_and_not_in_their_languages(tmp_path, monkeypatch):
    said = []

    def pretrained(recipe):
        said.append(recipe)
        Path(recipe["out"], "model").mkdir(parents=True)

    monkeypatch.setattr(extension, "pretrained", pretrained)
    monkeypatch.setattr(extension.bundled, "cache_root", lambda: tmp_path / "cache")
    (tmp_path / "de.txt").write_text("Guten Tag.\n", "utf-8")
    monkeypatch.setattr(extension.scratch, "mono", lambda: {"de": tmp_path / "de.txt"})
    assert extension.taught() == extension.taught()
    assert extension.taught().is_dir()
    assert [recipe["corpus"]["text"] for recipe in said] == [{"de": str(tmp_path / "de.txt")}]
    assert not {*extension.TAGS} & {*said[0]["corpus"]["text"]}


def test_every_language_and_start_is_measured():
    keys = extension.rows()
    assert len(keys) == len({tuple(key.items()) for key in keys}) == 27
    assert [key["start"] for key in keys[:3]] == list(extension.STARTS)
