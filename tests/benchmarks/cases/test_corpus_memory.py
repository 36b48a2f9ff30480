import pytest

case = pytest.importorskip("benchmarks.cases.corpus_memory", reason="run from the repository root")


def row(times, seed, memory):
    return {"key": {"kind": case.KIND, "times": times, "seed": seed}, "memory": memory}


@pytest.mark.parametrize(("many", "met"), [(1.04, True), (1.06, False)])
def test_the_middle_of_the_seeds_is_judged(many, met):
    rows = [row(times, seed, memory) for seed in (0, 1) for times, memory in ((1, 1.0), (100, many))]
    (goal,) = case.goals([*rows, row(1, 2, 9.0), row(100, 2, many), row(1, 3, 0.1)])
    assert goal.met == met
    assert case.goals(rows[:1]) == []
