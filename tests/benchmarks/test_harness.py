import json

import pytest

harness = pytest.importorskip("benchmarks.harness", reason="run from the repository root")


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "RESULTS", tmp_path)
    return tmp_path


def test_rows_resume_and_are_measured_again_when_their_code_changes(results, monkeypatch):
    calls = []

    def row(name, key, *, jobs, limit):
        calls.append(key["n"])
        return None if key["n"] == 2 else {"accuracy": key["n"] / 10, "seconds": 0}

    monkeypatch.setattr(harness, "_row", row)
    wanted = [({"n": number}, "first") for number in range(3)]
    harness.measure("toy", wanted, jobs=2)
    assert sorted(calls) == [0, 1, 2]
    calls.clear()
    harness.measure("toy", wanted, jobs=1)
    assert calls == [2], "what is there is not measured again; what failed is"
    calls.clear()
    harness.measure("toy", [({"n": 0}, "second"), *wanted[1:2]], jobs=1)
    assert calls == [0]
    stored = json.loads((results / "toy.json").read_text(encoding="utf-8"))
    assert [found["key"]["n"] for found in stored["rows"]] == [0, 1]
    assert {"name", "command", "machine", "rows", "goals"} <= set(stored)


def test_a_fingerprint_follows_code_and_data(tmp_path, monkeypatch):
    monkeypatch.setattr(harness, "ROOT", tmp_path)
    (tmp_path / "code.py").write_text("a = 1\n")
    (tmp_path / "rows.jsonl").write_text("{}\n")
    seen = {harness.fingerprint(code=["code.py"], data=[tmp_path / "rows.jsonl"])}
    assert harness.fingerprint(code=["code.py"], data=[tmp_path / "rows.jsonl"]) in seen
    (tmp_path / "code.py").write_text('"""Explained."""\n\na = 1  # one\n')
    assert harness.fingerprint(code=["code.py"], data=[tmp_path / "rows.jsonl"]) in seen
    (tmp_path / "code.py").write_text('a = 1\n\n\ndef goals(rows):\n    """Judge."""\n    return rows\n')
    assert harness.fingerprint(code=["code.py"], data=[tmp_path / "rows.jsonl"]) in seen, "how rows are judged"
    (tmp_path / "code.py").write_text("a = 2\n")
    seen.add(harness.fingerprint(code=["code.py"], data=[tmp_path / "rows.jsonl"]))
    (tmp_path / "rows.jsonl").write_text('{"x": 1}\n')
    seen.add(harness.fingerprint(code=["code.py"], data=[tmp_path / "rows.jsonl"]))
    assert len(seen) == 3


def test_goals_print_missed_ones_first(results, capsys, monkeypatch):
    from benchmarks import goals

    monkeypatch.setattr(goals, "RESULTS", results)
    harness.write(
        "toy",
        rows=[],
        goals=[
            harness.Goal("fast", ">= 2x", "3x", "", True),
            harness.Goal("good", ">= 90 %", "80 %", "95 % at most", False),
        ],
    )
    goals.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("MISSED toy: good")
    assert any(line.startswith("met") for line in lines)
