import json
from pathlib import Path

import pytest

tasks = pytest.importorskip("benchmarks.tasks", reason="run from the repository root")
from benchmarks import task_goals  # noqa: E402
from loanword.evaluation.metrics import METRICS  # noqa: E402
from loanword.tasks.task import BUILTIN, TASKS  # noqa: E402

ROOT = Path(tasks.__file__).parents[1]
FLAGS = {name: {"rate": 0.0001} for name, case in tasks.CASES.items()}


def test_every_task_that_there_is_is_measured_or_measured_elsewhere():
    measured = {case.task for case in tasks.CASES.values()} | set(task_goals.ELSEWHERE)
    assert set(BUILTIN) - measured == {"multilabel"}, "of several labels a text there is no real data"
    assert measured <= set(BUILTIN)
    assert [case.name for case in tasks.CASES.values()] == list(tasks.CASES)


@pytest.mark.parametrize("name", tasks.CASES)
def test_a_case_is_judged_by_metrics_of_its_task_where_it_says(name):
    case = tasks.CASES[name]
    known = {"span-f1", *TASKS.get(case.task)().metrics, "tag-accuracy", "macro-tag-f1"}
    assert set(case.metrics) <= known
    assert {type(METRICS.get(metric)).__module__ for metric in case.metrics} == {f"loanword.evaluation.{case.judge}"}
    assert all((ROOT / "benchmarks" / file).is_file() for file in case.files)
    assert case.tuned.epochs == case.shipped.epochs == case.training["epochs"], "all train for the same epochs"


def test_stock_recipes_are_short():
    sizes = {path.name: len(path.read_text().splitlines()) for path in (ROOT / "benchmarks" / "peers").glob("*.py")}
    assert len(sizes) > 8
    assert {name: size for name, size in sizes.items() if size > 100} == {}


def test_rows_to_be_compared_follow_one_another():
    keys = tasks.plan(FLAGS)
    assert len({json.dumps(key) for key in keys}) == len(keys)
    timed = [key for key in keys if key["kind"] == "time"]
    assert keys[-len(timed) :] == timed, "time is measured when nothing else is to be done"
    compared = {name for name, case in tasks.CASES.items() if not case.alone}
    for name in tasks.CASES:
        systems = [key["system"] for key in timed if key["task"] == name]
        assert systems == list(tasks.SYSTEMS) * tasks.ROUNDS * (name in compared)
    seeds = [key["seed"] for key in keys if key["kind"] == "quality" and key["system"] == "stock-tuned"]
    assert seeds == sorted(seeds)
    assert seeds.count(2) == len(compared) == len(tasks.CASES) - 1


def test_the_tuned_recipe_waits_for_its_flags_which_the_source_chooses():
    assert not [key for key in tasks.plan({}) if key["system"] == "stock-tuned"]
    keys, pairs, answers = tasks.choice_keys(), tasks.CASES["pairs"], tasks.CASES["answers"]
    rows = [{"key": key, "score": key["rate"] if key["task"] == "pairs" else "batch_size" in key} for key in keys]
    found = tasks.choose(rows)
    assert found["pairs"] == {"rate": max(pairs.rates)}
    assert found["answers"] == {"rate": answers.rates[0], "batch_size": answers.shipped.batch_size}
    (flags,) = {json.dumps(tasks.flags_of(key)) for key in tasks.plan(found) if key.get("rate") == max(pairs.rates)}
    assert json.loads(flags) == found["pairs"]
    assert "pairs" not in tasks.choose([row for row in rows if row["key"] != keys[0]])


def test_a_case_is_tuned_with_the_batch_size_of_the_key():
    key = {"task": "translation", "rate": 0.001, "batch_size": 8}
    case = tasks.case_of(key)
    assert (case.tuned.batch_size, case.tuned.accumulate) == (8, 1)
    assert tasks.CASES["translation"].tuned.accumulate == 4
    assert tasks.case_of({"task": "translation", "rate": 0.001}) is tasks.CASES["translation"]


def test_a_stamp_follows_what_a_row_hangs_on(monkeypatch):
    seen = {}
    monkeypatch.setattr(
        tasks.harness,
        "fingerprint",
        lambda *, code, data, settings, installed: seen.update(code=set(code), settings=settings),
    )
    for case in tasks.CASES.values():
        monkeypatch.setattr(type(case), "data", lambda self: [])
    key = {"kind": "quality", "task": "tagging-pos", "system": "loanword", "seed": 0}
    tasks.stamp(key)
    assert "src/loanword/tasks/tagging.py" in seen["code"]
    assert not [path for path in seen["code"] if "peers" in path or "translation" in path]
    default = seen["settings"]
    tasks.stamp({**key, "system": "untouched"})
    assert seen["settings"] != default
    tasks.stamp({**key, "system": "stock-tuned", "rate": 1e-4})
    assert "benchmarks/peers/trainer_tagging.py" in seen["code"]
    assert {path for path in seen["code"] if path.startswith("src")} == {
        "src/loanword/evaluation/metrics.py",
        "src/loanword/evaluation/span_metrics.py",
    }
    slow = seen["settings"]
    tasks.stamp({**key, "system": "stock-tuned", "rate": 2e-4})
    assert seen["settings"] != slow
    assert all((ROOT / path).is_file() for path in seen["code"])


def test_scores_of_another_machine_count_and_so_do_times_with_which_nothing_is_compared(tmp_path, monkeypatch):
    monkeypatch.setattr(tasks.harness, "RESULTS", tmp_path)
    monkeypatch.setattr(tasks, "stamp", lambda key, installed=None: str(installed or "ours"))
    there = {"machine": {"processor": "another"}, "versions": {"torch": "1"}, "fingerprint": "{'torch': '1'}"}
    here = {"machine": tasks.harness.here(), "versions": {"torch": "2"}, "fingerprint": "ours"}
    stale = {"versions": {"torch": "1"}, "fingerprint": "{'torch': '1'}"}
    scored, timed = [key for key in tasks.plan({}) if key["kind"] == "quality"], {"kind": "time", "task": "pairs"}
    rows = [{"key": key, **said} for key, said in zip(scored, (there, here, stale), strict=False)]
    (tmp_path / "theirs.json").write_text(json.dumps({"rows": [*rows, {"key": timed, **there}]}))
    tasks.harness.write("tasks", rows=[{"key": scored[0], **stale}, {"key": scored[3], **here}], goals=[])
    tasks.harness.take("tasks", tmp_path / "theirs.json")
    assert [row["key"] for row in tasks.current([*scored, timed])] == sorted(
        [scored[0], scored[1], scored[3], timed], key=json.dumps
    )


def test_rows_of_time_are_refused_on_a_busy_machine(monkeypatch):
    case = tasks.CASES["pairs"]
    monkeypatch.setattr(type(case), "rows", lambda self, seed: None)
    monkeypatch.setattr("loanword.hardware.busy", lambda cores: 1.0)
    with pytest.raises(SystemExit, match="others keep"):
        tasks.measure({"kind": "time", "task": "pairs", "system": "loanword", "seed": 0})
