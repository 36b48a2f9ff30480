import pytest

case = pytest.importorskip("benchmarks.cases.time_to_quality", reason="run from the repository root")


def row(system, minutes, seed, score):
    return {"key": {"kind": case.KIND, "system": system, "minutes": minutes, "seed": seed}, "score": score}


def test_the_fewest_minutes_count_in_which_every_seed_is_there():
    rows = [row("stock-tuned", case.STOCK, seed, 0.1) for seed in (0, 1)]
    assert case.goals([]) == []
    assert case.goals(rows)[0].measured == "not reached"
    ours = [row("loanword", 1.0, 0, 0.2), row("loanword", 1.0, 1, 0.05)]
    ours += [row("loanword", 2.0, seed, 0.1) for seed in (0, 1)]
    (goal,) = case.goals([*rows, *ours])
    assert goal.met
    assert goal.measured == "15 times, in 2 minutes (2 seeds)"
    assert goal.ceiling == "loanword 1 min 12.5, loanword 2 min 10.0, stock-tuned 30 min 10.0"
    (late,) = case.goals([*rows, *[row("loanword", 6.0, seed, 0.1) for seed in (0, 1)]])
    assert not late.met
