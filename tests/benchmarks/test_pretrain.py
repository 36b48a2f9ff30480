import json
import re

import pytest

bench = pytest.importorskip("benchmarks.pretrain", reason="run from the repository root")


def test_every_kind_says_what_it_measures():
    keys = bench.keys()
    assert {key["kind"] for key in keys} == {*bench.KINDS}
    assert {*bench.TIMED} < {*bench.KINDS}
    assert len({json.dumps(key) for key in keys}) == len(keys)
    for kind in bench.KINDS.values():
        assert all((bench.harness.ROOT / file).is_file() for file in kind.code())
        assert kind.goals([]) == []


def test_times_of_two_machines_are_not_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(bench.harness, "RESULTS", tmp_path)
    monkeypatch.setattr(bench, "stamp", lambda key, installed=None: str(installed or "ours"))
    there = {"machine": {"processor": "another"}, "versions": {"torch": "1"}, "fingerprint": "{'torch': '1'}"}
    here = {"machine": bench.harness.here(), "versions": {"torch": "2"}, "fingerprint": "ours"}
    every = bench.keys()
    keys = {key["kind"]: key for key in every}
    (first, second, third), other = (
        [key for key in every if {"kind": "mlm-speed", "shape": "12x384", "seed": seed}.items() <= key.items()]
        for seed in (0, 1)
    )
    mixed = [{"key": first, **here}, {"key": second, **there}, {"key": third, **there}]
    rows = [*mixed, {"key": keys["weak"], **there}, *({"key": key, **here} for key in other)]
    bench.harness.write("pretrain", rows=rows, goals=[])
    counted = [row["key"] for row in bench.current()]
    assert keys["weak"] in counted, "scores count wherever they were measured"
    assert first not in counted, "of what is compared the machine counts that measured most"
    assert all(key in counted for key in (second, third, *other)), "other rounds may be another machine's"


def test_time_to_quality_is_drawn_from_where_both_begin(tmp_path, monkeypatch):
    pytest.importorskip("vl_convert", reason="pip install 'loanword[report]'")
    monkeypatch.setattr(bench, "PICTURE", tmp_path / "curve.svg")
    curve = [[9, 0.0], [30, 0.1]]
    rows = [
        {"key": {"system": "start", "minutes": 0.0}, "score": 0.03, "seconds": 60.5},
        {"key": {"system": "loanword", "minutes": 1.0}, "score": 0.08, "seconds": 66.0},
        {"key": {"system": "stock-tuned", "minutes": 30.0}, "score": 0.1, "seconds": 1800.0, "curve": curve},
    ]
    bench.draw([{**row, "key": {"kind": "time-to-quality", "seed": 0, **row["key"]}} for row in rows])
    drawn = (tmp_path / "curve.svg").read_text("utf-8")
    assert drawn.count('aria-roledescription="point"') == 5
    assert len({*re.findall('minutes of training: 0;[^"]*', drawn)}) == 2  # Both begin where nothing is trained.
