from __future__ import annotations

import math

import pytest

extension = pytest.importorskip("benchmarks.cases.extension", reason="run from the repository root")


def row(tag, start, seed, curve):
    key = {"kind": extension.KIND, "language": tag, "start": start, "seed": seed}
    return {"key": key, "curve": curve}


def test_tokens_are_told_between_the_points():
    curve = [(0, 10.0), (100, 8.0), (200, 4.0), (300, 5.0)]
    assert extension.tokens_to(curve, 10.0) == 0
    assert extension.tokens_to(curve, 8.0) == 100
    assert extension.tokens_to(curve, 6.0) == 150
    assert extension.tokens_to(curve, 4.5) == 187.5
    assert math.isnan(extension.tokens_to(curve, 3.0))


def test_what_is_reached_sooner_meets_the_goal_and_what_never_is_does_not():
    (tag, *_) = extension.TAGS
    slow = [(0, 10.0), (400, 6.0)]
    rows = [row(tag, "similar", 0, [(0, 9.0), (100, 6.0), (400, 4.0)]), row(tag, "mean", 0, slow)]
    assert extension.goals(rows) == []
    mean, random = extension.goals([*rows, row(tag, "random", 0, [(0, 10.0), (400, 3.0)])])
    assert mean.met
    assert mean.measured == "4.0 (4.0 to 4.0)"
    assert not random.met
    assert random.ceiling.startswith("held-out nats at the end: similar 4.00, mean 6.00, random 3.00")


def test_every_language_and_start_is_measured():
    keys = extension.rows()
    assert len(keys) == len({tuple(key.items()) for key in keys}) == 27
    assert [key["start"] for key in keys[:3]] == list(extension.STARTS)
