import json

import pytest


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("tasks", "classification"),
        ("strategies", "zero-shot"),
        ("metrics", "macro-f1"),
        ("models", "bundled:e5-small"),
    ],
)
def test_lists_what_is_registered(call, kind, name):
    rows = json.loads(call("ls", kind, "--json").stdout)
    assert name in {row["name"] for row in rows}
    assert all(row["about"] for row in rows)
    assert name in call("ls", kind).stdout


def test_objectives_may_be_empty(call):
    assert call("ls", "objectives").exit_code == 0
