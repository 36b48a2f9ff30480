from __future__ import annotations

import pytest
from benchmarks.cases.machine import expect_idle

from benchmarks import speed

PEAKS = {"bf16": 1e12, "fp32": 2e11, "copy": 1e11}


def rows(case, values):
    """Rows of every method and three rounds, our values multiplied by those of `values`."""
    found = []
    for who, factor in values.items():
        for number in range(3):
            key = {"case": case, "who": who, "round": number}
            found.append({"key": key, "peaks": PEAKS, **{name: value * factor for name, value in OURS.items()}})
            found[-1]["languages"] = {"de": 0.7, "ru": 0.6}
            found[-1]["seconds_step"] *= 1 + 0.1 * number  # The machine slows down for all alike.
    return found


OURS = {"seconds_step": 0.1, "memory": 1.0, "tokens": 300.0, "weights": 2e7, "seconds_all": 10.0}


def by_name(goals):
    return {goal.name: goal for goal in goals}


def test_ratios_are_taken_within_a_round_and_shares_at_the_measured_peak():
    found = by_name(speed.goals(rows("train-short", {"loanword": 1, "stock-tuned": 2.5, "stock-shipped": 30})))

    assert found["train-short: times faster than stock-tuned"].measured == "2.50 [2.50, 2.50]"
    assert found["train-short: times faster than stock-tuned"].met
    assert found["train-short: times less memory than stock-tuned"].met
    floor = 6 * 300 * 12 * 12 * 384**2 / 1e12 + 28 * 2e7 / 1e11
    assert found["train-short: share of the ceiling"].measured == f"{100 * floor / 0.11:.0f} %"
    assert not found["train-short: share of the ceiling"].met
    assert "+0.0 points [+0.0, +0.0]" in found["train-short: times faster than stock-tuned"].ceiling


def test_what_is_not_complete_is_not_judged():
    assert speed.goals([]) == []
    assert speed.goals(rows("evaluate", {"loanword": 1, "stock-tuned": 2})) == []


@pytest.mark.parametrize(("fast", "met"), [(0.19, True), (0.2, False)])
def test_a_sweep_counts_what_is_worked_out_once(fast, met):
    key = {"case": "frozen-12-sib200", "who": "loanword", "round": 0}
    row = {"key": key, "slow": 10.0, "fast": fast, "once": 0.1, "steps": 100, "runs": 20}

    (goal,) = speed.goals([row])

    assert goal.met == met
    assert goal.measured.startswith(f"{200 / (20 * fast + 0.1):.2f}")


def test_rows_to_be_compared_follow_one_another():
    keys = speed.plan()

    assert len({str(key) for key in keys}) == len(keys)
    for case in (*speed.TRAIN, "evaluate"):
        methods = [key["who"] for key in keys if key["case"] == case]
        assert methods == list(speed.WHO) * (len(methods) // 3)


def test_a_busy_machine_is_refused(monkeypatch):
    monkeypatch.setattr("loanword.hardware.busy", lambda cores: 0.31)

    with pytest.raises(SystemExit, match=r"others keep 0\.3 of"):
        expect_idle()
