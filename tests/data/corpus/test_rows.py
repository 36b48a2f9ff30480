"""Texts of rows: checked one by one, with their place, and null told from wrong."""

import json
from types import SimpleNamespace

import pytest

from loanword.data.codes import Findings
from loanword.data.corpus import rows
from loanword.data.corpus.rows import of_hub, of_json, of_parquet
from loanword.errors import DataError


@pytest.fixture
def file(tmp_path):
    def make(content, name="a.jsonl"):
        (tmp_path / name).write_text(content, encoding="utf-8")
        return tmp_path / name

    return make


def test_lines_of_json(file):
    path = file('{"text": "one\\ntwo", "n": 1}\n\n  {"n": 2, "text": null}\r\n{"text": ""}')
    found = of_json(path, "text", Findings("a"))
    assert list(found.rows) == [(1, "one\ntwo"), (3, ""), (4, "")]
    assert found.findings.problems == []


def test_all_that_is_wrong_is_noted_and_the_rest_read(file):
    content = (
        '{"text": "a"}\n{"txt": "b"}\n{"text": 3}\n[1]\n{"text": "\\ud83d"}\n{"text"\n{"text": ["c"]}\n{"text": "d"}\n'
    )
    found = of_json(file(content), "text", Findings("a"))
    assert list(found.rows) == [(1, "a"), (8, "d")]
    assert sorted((problem.line, problem.code) for problem in found.findings.problems) == [
        (2, "LW112"), (3, "LW211"), (4, "LW206"), (5, "LW213"), (6, "LW205"), (7, "LW211")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "code", "said"),
    [
        ('{"body": "a"}\n{"body": "b"}', "LW112", "there are: 'body'"),
        ('{"Text": "a"}', "LW112", "did you mean 'Text'?"),
        ('[{"text": "a"}]', "LW116", "one JSON array"),
        ('{\n "text": "a"\n}', "LW116", "spread over several lines"),
        ("\n \n", "LW111", "no rows"),
    ],
)
def test_what_ends_the_reading_at_once(file, content, code, said):
    with pytest.raises(DataError) as caught:
        list(of_json(file(content), "text", Findings("a")).rows)
    (problem,) = caught.value.problems
    assert (problem.code, said in problem.cause) == (code, True)


def test_reading_ends_with_the_last_problem_that_is_asked_for(file):
    found = of_json(file('{"text": "a"}\n' + '{"text": 1}\n' * 50), "text", Findings("a", most=10))
    with pytest.raises(DataError, match="reading ended with problem number 10; there may be more") as caught:
        list(found.rows)
    assert [problem.line for problem in caught.value.problems] == list(range(2, 12))


def test_parquet_goes_the_same_way(tmp_path):
    pyarrow = pytest.importorskip("pyarrow", reason="needs the extra 'parquet'")
    parquet = pytest.importorskip("pyarrow.parquet")
    texts = [None, *(f"text {number}" for number in range(700))]
    parquet.write_table(
        pyarrow.table({"text": texts, "n": list(range(701))}), tmp_path / "a.parquet", row_group_size=300
    )
    found = of_parquet(tmp_path / "a.parquet", "text", Findings("a", unit="row"))
    assert list(found.rows) == [(1, ""), *((number + 2, f"text {number}") for number in range(700))]
    found = of_parquet(tmp_path / "a.parquet", "n", Findings("a", unit="row", most=3))
    with pytest.raises(DataError, match="row 1: this is an integer where a string is needed"):
        list(found.rows)


def test_the_hub_goes_the_same_way(monkeypatch):
    asked = []

    def stream(reference, column, findings):
        asked.append((reference, column))
        yield from enumerate(["one", None, 3], start=1)

    monkeypatch.setattr(rows, "hub", SimpleNamespace(stream=stream))
    found = of_hub("org/name@train", "body", Findings("hub:org/name@train", unit="row"))
    assert list(found.rows) == [(1, "one"), (2, "")]
    assert asked == [("org/name@train", "body")]
    assert [json.dumps(problem.cause) for problem in found.findings.problems] == [
        '"row 3: this is an integer where a string is needed"'
    ]
