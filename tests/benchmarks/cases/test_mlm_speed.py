from __future__ import annotations

import pytest

speed = pytest.importorskip("benchmarks.cases.mlm_speed", reason="run from the repository root")


def row(system, number, *, seconds, memory, shape="12x384"):
    key = {"kind": speed.KIND, "shape": shape, "system": system, "seed": number}
    rate = speed.arithmetic(shape) / seconds
    return {"key": key, "seconds_piece": seconds, "pieces_second": 1 / seconds, "loss": 12.0, "memory": memory} | (
        {"peak": 2 * rate, "seconds_body": seconds / 2} if system == "loanword" else {}
    )


def test_goals_compare_within_rounds():
    rows = [row("loanword", n, seconds=0.001 * (n + 1), memory=2.0) for n in range(3)]
    rows += [row("stock-tuned", n, seconds=0.003 * (n + 1), memory=11.0) for n in range(3)]
    rows += [row("stock-shipped", n, seconds=0.004 * (n + 1), memory=15.0) for n in range(3)]
    judged = {goal.name: goal for goal in speed.goals(rows)}
    assert judged["12x384: times faster than stock-tuned"].measured == "3.00 [3.00, 3.00]"
    assert judged["12x384: times faster than stock-tuned"].met
    assert not judged["12x384: times faster than stock-shipped"].met
    assert judged["12x384: times less memory than tuned"].met
    share = judged["12x384: share of the measured bf16 peak that the body's arithmetic reaches"]
    assert (share.measured, share.ceiling, share.met) == ("60%", "a whole step's 50%", False)
    assert not [name for name in judged if name.startswith("12x768")], "nothing was measured of it"


def test_the_arithmetic_of_a_piece():
    width, layers = 384, 12
    matrices = layers * (4 * width**2 + 2 * width * 4 * width)
    scores = 0.15 * 250_002 * width
    assert speed.arithmetic("12x384") == pytest.approx(3 * 2 * (matrices + scores))
    assert speed.arithmetic("12x384", scores=False) == 3 * 2 * matrices


def test_rounds_hold_every_system_side_by_side():
    keys = speed.rows()
    assert [key["system"] for key in keys[:3]] == list(speed.SYSTEMS)
    assert len({str(key) for key in keys}) == len(keys) == speed.ROUNDS * len(speed.SHAPES) * len(speed.SYSTEMS)
