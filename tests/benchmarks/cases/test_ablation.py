from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

ablation = pytest.importorskip("benchmarks.cases.ablation", reason="run from the repository root")
from benchmarks.packed import pack  # noqa: E402


def row(arm, seed, right):
    found = np.stack([2 * (np.arange(40) < right), np.full(40, 2)], axis=1)
    return {
        "key": {"kind": ablation.KIND, "arm": arm, "seed": seed},
        "tokens": 2_000_000,
        "rows": {"tatoeba/de": pack(found)},
        "probe": {"sib200/de": pack(np.stack([np.arange(40) < 10 + right, np.ones(40)], axis=1))},
    }


@pytest.fixture(autouse=True)
def asked(monkeypatch):
    table = SimpleNamespace(group=[f"sentence {n}" for n in range(40)])
    monkeypatch.setattr(ablation.scratch, "tatoeba", lambda: {"tatoeba/de": table})
    monkeypatch.setattr(ablation.transfer, "tables", lambda name, seed: (None, None, {"de": table}))


def rows(**right):
    return [row(arm, seed, right.get(arm.split("+")[-1], 4)) for arm in ablation.ARMS for seed in ablation.SEEDS]


def test_ranking_ahead_of_masking_meets_the_goal():
    (goal,) = ablation.goals(rows(ranking=30))
    assert goal.met
    assert goal.measured.startswith("65.0 [")
    assert "mlm Tatoeba 10.0" in goal.ceiling
    assert "sib200 35.0 [" in goal.ceiling
    assert "sib200 100.0 [" in goal.ceiling
    assert "mlm+tlm+ranking Tatoeba 75.0" in goal.ceiling
    assert goal.ceiling.endswith(", 2.0 M tokens")


def test_ranking_behind_or_the_same_does_not():
    assert not ablation.goals(rows(ranking=4))[0].met
    assert not ablation.goals(rows(ranking=1))[0].met


def test_nothing_is_judged_before_all_mixtures_are_there():
    assert ablation.goals(rows(ranking=30)[1:]) == []


def test_every_mixture_has_every_seed():
    keys = ablation.rows()
    assert len(keys) == 15
    assert [key["arm"] for key in keys[:5]] == [*ablation.ARMS]
