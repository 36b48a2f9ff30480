from __future__ import annotations

import numpy as np
import pytest

weak = pytest.importorskip("benchmarks.cases.weak", reason="run from the repository root")


def row(tag, seed, *, before, after, verdict="helped", english=("1" * 40, "1" * 40)):
    right = {tag: {"before": before, "after": after}, "en": {"before": english[0], "after": english[1]}}
    return {"key": {"kind": "weak", "language": tag, "seed": seed}, "right": right, "verdict": verdict}


def test_ids_are_labelled_or_text_and_never_both():
    ids = [f"sib-{n}" for n in range(701)]
    for seed in (0, 1):
        labelled, text = weak.halves(ids, seed)
        assert (len(labelled), len(text)) == (351, 350)
        assert not {*labelled} & {*text}
    assert weak.halves(ids, 0) == weak.halves(ids[::-1], 0) != weak.halves(ids, 1)


def test_a_gain_in_every_language_meets_the_goal():
    rows = [row(tag, 0, before="0101" * 10, after="1101" * 10) for tag in weak.TAGS]
    gained, english, said = weak.goals(rows)
    assert gained.met
    assert gained.measured.startswith("+25.0 [")
    assert english.met
    assert said.met
    assert said.ceiling == "it helped in 9 of 9; not in none"


def test_losses_and_false_reports_are_found():
    rows = [row(tag, 0, before="0101" * 10, after="0101" * 10, english=("1" * 40, "01" * 20)) for tag in weak.TAGS]
    gained, english, said = weak.goals(rows)
    assert not gained.met
    assert not english.met
    assert not said.met
    assert said.measured == "9"
    quiet = [{**one, "verdict": "not certain"} for one in rows]
    assert weak.goals(quiet)[2].met


def test_seeds_that_differ_widen_the_interval():
    ids = np.tile([0, 1], 200)
    alike, apart = (weak.drawn([[seed] * 9 for seed in seeds])[1:] for seeds in ([ids] * 3, [ids, 0 * ids, 2 * ids]))
    assert alike.mean() == pytest.approx(50, abs=1)
    assert np.ptp(np.quantile(alike, [0.025, 0.975])) < 12
    assert np.ptp(np.quantile(apart, [0.025, 0.975])) > 60


def test_seeds_that_are_not_whole_are_left_out():
    rows = [row(tag, 0, before="0" * 40, after="1" * 40) for tag in weak.TAGS]
    assert weak.goals(rows[1:]) == []
    assert "(1 seeds)" in weak.goals([*rows, row("ee", 1, before="1" * 40, after="0" * 40)])[0].name
