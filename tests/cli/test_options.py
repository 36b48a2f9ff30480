import pytest

from loanword.cli.options import expect_place, nested, pairs
from loanword.errors import ConfigError, UsageError


def test_pairs_keep_what_follows_the_first_sign():
    assert pairs(["en=a=b.csv", "de=c"], option="--test", what="LANG=FILE") == {"en": "a=b.csv", "de": "c"}
    assert pairs(["label= label"], option="--column", what="OURS=THEIRS") == {"label": " label"}
    with pytest.raises(ConfigError, match="2 problems"):
        pairs(["en", "=x"], option="--test", what="LANG=FILE")


def test_nested_drops_what_was_not_given():
    assert nested(a=None, b={}, c=0, d="x", e="") == {"c": 0, "d": "x", "e": ""}


def test_a_file_to_write_needs_an_ending_and_a_place(tmp_path):
    (tmp_path / "a.jsonl").write_text("")
    (tmp_path / "d.npy").mkdir()
    expect_place(tmp_path / "a.jsonl", suffix=".jsonl", source=tmp_path / "b.jsonl")
    for name, suffix, says in (
        ("a.txt", ".jsonl", "what is written is JSON lines; give a name that ends in .jsonl"),
        ("a.jsonl", ".npy", "what is written is a NumPy array; give a name that ends in .npy"),
        ("d.npy", ".npy", "is a folder"),
        ("gone/a.npy", ".npy", "its folder does not exist"),
        ("a.jsonl", ".jsonl", "is the --input; what else stands in it would be lost"),
    ):
        with pytest.raises(UsageError, match=says):
            expect_place(tmp_path / name, suffix=suffix, source=tmp_path / "a.jsonl")
