import io
import json
import sys

import pytest

from loanword.cli import lines
from loanword.errors import DataError, UsageError


@pytest.fixture
def stdin(monkeypatch):
    def put(content, *, terminal=False):
        stream = io.TextIOWrapper(io.BytesIO(content))
        stream.isatty = lambda: terminal
        monkeypatch.setattr(sys, "stdin", stream)

    return put


def test_what_was_typed_or_the_lines_of_stdin(stdin):
    stdin("\ufeffeins\r\nzwei\n".encode())
    assert lines.given(["a", "b"], noun="query", verb="search") == ["a", "b"]
    assert lines.given([], noun="query", verb="search") == ["eins", "zwei"]


@pytest.mark.parametrize(
    ("texts", "content", "says"),
    [
        (["a", " "], b"", "query number 2: there is no query (1 of 2 such)"),
        (None, b"a\n\nb\n\n", "stdin, line 2: there is no query (2 of 4 such)"),
        (None, b"", "there is no query to search: stdin was empty"),
    ],
)
def test_nothing_is_said(stdin, texts, content, says):
    stdin(content)
    with pytest.raises(UsageError) as caught:
        lines.given(texts, noun="query", verb="search")
    assert says in str(caught.value)


def test_nobody_is_made_to_wait(stdin):
    stdin(b"", terminal=True)
    with pytest.raises(UsageError, match=r'there is no query to search; give it, or lines on stdin: echo "..." \|'):
        lines.given(None, noun="query", verb="search")


def test_stdin_in_another_encoding(stdin):
    stdin(b"a\n\xff\n")
    with pytest.raises(DataError, match="stdin:2: LW109"):
        lines.given(None, noun="query", verb="search")


NOUN = ("row", "rows")
ROWS = [{"text": "a\n\u202eb"}, {"text": "水壶"}]


def test_rows_as_a_file_as_json_and_for_people(tmp_path, capsys):
    briefly = [["one\ntwo\u202e", "three"], ["four"]]
    lines.deliver(ROWS, target=tmp_path / "o.jsonl", as_json=False, briefly=briefly, noun=NOUN)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"2 rows in {tmp_path / 'o.jsonl'}\n")
    assert [json.loads(line) for line in (tmp_path / "o.jsonl").read_text(encoding="utf-8").splitlines()] == ROWS
    assert [path.name for path in tmp_path.iterdir()] == ["o.jsonl"]
    lines.deliver(ROWS[:1], target=tmp_path / "o.jsonl", as_json=False, briefly=briefly, noun=NOUN)
    assert capsys.readouterr().err == f"1 row in {tmp_path / 'o.jsonl'}\n"
    lines.deliver(ROWS, target=None, as_json=True, briefly=briefly, noun=NOUN)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ROWS
    lines.deliver(ROWS, target=None, as_json=False, briefly=briefly, noun=NOUN)
    assert capsys.readouterr().out.splitlines() == ["one two⟦U+202E⟧", "three", "four"]


def test_where_something_was_found():
    assert lines.where({"document": "a/b.txt", "start": 3, "end": 9}) == "a/b.txt:3-9"
    assert lines.where({"document": "t.csv", "line": 4, "start": 0, "end": 9}) == "t.csv:4:0-9"
