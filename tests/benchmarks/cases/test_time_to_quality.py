import pytest

case = pytest.importorskip("benchmarks.cases.time_to_quality", reason="run from the repository root")


def row(system, minutes, seed, score, *, took=1.0):
    key = {"kind": case.KIND, "system": system, "minutes": minutes, "seed": seed}
    return {"key": key, "score": score, "seconds": 60 * took * minutes}


def test_the_fewest_minutes_count_in_which_every_seed_is_there():
    rows = [row("stock-tuned", case.STOCK, seed, 0.1) for seed in (0, 1)]
    assert case.goals([]) == []
    assert case.goals(rows)[0].measured == "not reached"
    ours = [row("loanword", 1.0, 0, 0.2), row("loanword", 1.0, 1, 0.05)]
    ours += [row("loanword", 2.0, seed, 0.1) for seed in (0, 1)]
    (goal,) = case.goals([*rows, *ours])
    assert goal.met
    assert goal.measured == "15.00 [15.00, 15.00] times, in 2.0 minutes of 30.0 (2 seeds)"
    assert goal.ceiling == "loanword 1.0 min 12.5, loanword 2.0 min 10.0, stock-tuned 30.0 min 10.0"
    (late,) = case.goals([*rows, *[row("loanword", 6.0, seed, 0.1) for seed in (0, 1)]])
    assert not late.met


def test_minutes_are_those_that_were_taken():
    theirs = [row("stock-tuned", case.STOCK, seed, 0.1, took=0.9) for seed in (0, 1)]
    (goal,) = case.goals([*theirs, *[row("loanword", 2.0, seed, 0.1, took=1.5) for seed in (0, 1)]])
    assert goal.measured.startswith("9.00 [")
    assert not goal.met
