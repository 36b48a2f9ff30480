from __future__ import annotations

import pytest

speed = pytest.importorskip("benchmarks.cases.ranking_speed", reason="run from the repository root")


def row(system, number, *, seconds, memory):
    key = {"kind": speed.KIND, "system": system, "seed": number}
    return {"key": key, "seconds_pair": seconds, "pairs_second": 1 / seconds, "loss": 2.0, "memory": memory}


def test_goals_compare_within_rounds():
    rows = [row("loanword", n, seconds=0.01 * (n + 1), memory=2.0) for n in range(3)]
    rows += [row("stock-tuned", n, seconds=0.02 * (n + 1), memory=3.0) for n in range(3)]
    rows += [row("stock-shipped", n, seconds=0.025 * (n + 1), memory=3.0) for n in range(3)]
    judged = {goal.name: goal for goal in speed.goals(rows)}
    assert judged["ranking: times faster than stock-tuned"].met
    assert judged["ranking: times faster than stock-shipped"].measured == "2.50 [2.50, 2.50]"
    assert not judged["ranking: times faster than stock-shipped"].met
    assert not judged["ranking: times less memory than tuned"].met
    assert speed.goals([]) == []


def test_rounds_hold_every_system_side_by_side():
    keys = speed.rows()
    assert [key["system"] for key in keys[:3]] == list(speed.SYSTEMS)
    assert len({str(key) for key in keys}) == len(keys) == speed.ROUNDS * len(speed.SYSTEMS)
