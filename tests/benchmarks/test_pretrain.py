import json

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


def test_scores_of_another_machine_count_and_its_times_do_not(tmp_path, monkeypatch):
    monkeypatch.setattr(bench.harness, "RESULTS", tmp_path)
    monkeypatch.setattr(bench, "stamp", lambda key, installed=None: str(installed or "ours"))
    there = {"machine": {"processor": "another"}, "versions": {"torch": "1"}, "fingerprint": "{'torch': '1'}"}
    here = {"machine": bench.harness.here(), "versions": {"torch": "2"}, "fingerprint": "ours"}
    every = bench.keys()
    keys = {key["kind"]: key for key in every}
    rows = [{"key": keys["weak"], **there}, {"key": keys["mlm-speed"], **there}, {"key": keys["ranking-speed"], **here}]
    bench.harness.write("pretrain", rows=rows, goals=[])
    assert {row["key"]["kind"] for row in bench.current()} == {"weak", "ranking-speed"}


def test_time_to_quality_is_drawn_from_where_both_begin(tmp_path, monkeypatch):
    pytest.importorskip("vl_convert", reason="pip install 'loanword[plots]'")
    monkeypatch.setattr(bench, "PICTURE", tmp_path / "curve.svg")
    kind = {"kind": "time-to-quality", "seed": 0}
    bench.draw(
        [
            {"key": {**kind, "system": "start", "minutes": 0.0}, "score": 0.03},
            {"key": {**kind, "system": "loanword", "minutes": 1.0}, "score": 0.08, "seconds": 66.0},
            {"key": {**kind, "system": "stock-tuned", "minutes": 30.0}, "score": 0.05, "curve": [[9, 0.0], [30, 0.1]]},
        ]
    )
    drawn = (tmp_path / "curve.svg").read_text("utf-8")
    assert drawn.count('aria-roledescription="point"') == 5
