import json

import pytest


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("tasks", "classification"),
        ("strategies", "zero-shot"),
        ("objectives", "supervised"),
        ("datasets", "builtin:home-assistant"),
        ("metrics", "macro-f1"),
        ("models", "bundled:e5-small"),
    ],
)
def test_lists_what_is_registered(call, kind, name):
    rows = json.loads(call("ls", kind, "--json").stdout)
    assert name in {row["name"] for row in rows}
    assert all(row["about"] for row in rows)
    assert name in call("ls", kind).stdout


def test_what_it_says_is_a_sentence_for_users(call):
    for kind in ("tasks", "strategies", "objectives", "metrics"):
        lines = call("ls", kind).stdout.splitlines()
        assert lines
        assert [line for line in lines if "`" in line] == []
