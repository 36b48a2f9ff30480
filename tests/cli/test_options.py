import json
import math
import os

import numpy as np
import pytest

from loanword.cli.options import dumped, expect_place, json_of, nested, pairs
from loanword.durable import seal
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
    expect_place(tmp_path / "a.jsonl", suffix=".jsonl", sources={"--input": str(tmp_path / "b.jsonl"), "--gold": None})
    for name, suffix, says in (
        ("a.txt", ".jsonl", "what is written is JSON lines; give a name that ends in .jsonl"),
        ("a.jsonl", ".npy", "what is written is a NumPy array; give a name that ends in .npy"),
        ("d.npy", ".npy", "is a folder"),
        ("gone/a.npy", ".npy", "its folder does not exist"),
        ("a.jsonl", ".jsonl", "is the --input; what else stands in it would be lost"),
    ):
        with pytest.raises(UsageError, match=says):
            expect_place(tmp_path / name, suffix=suffix, sources={"--input": str(tmp_path / "a.jsonl")})


def test_a_source_is_known_by_whatever_path_leads_to_it(tmp_path, monkeypatch):
    (tmp_path / "docs" / "deep").mkdir(parents=True)
    source = tmp_path / "docs" / "a.jsonl"
    source.write_text("{}")
    (tmp_path / "link.jsonl").symlink_to(source)
    os.link(source, tmp_path / "hard.jsonl")
    monkeypatch.chdir(tmp_path)
    given = {"--source": str(source)}
    for name in ("docs/a.jsonl", "docs/deep/../a.jsonl", "link.jsonl", "hard.jsonl"):
        with pytest.raises(UsageError, match="is the --source; what else stands in it would be lost"):
            expect_place(tmp_path.__class__(name), suffix=".jsonl", sources=given)
    for name in ("docs/new.jsonl", "docs/deep/new.jsonl"):
        with pytest.raises(UsageError, match="lies in the folder of --documents"):
            expect_place(tmp_path / name, suffix=".jsonl", sources={"--documents": "docs"})
    expect_place(tmp_path / "new.jsonl", suffix=".jsonl", sources={"--documents": "docs"})
    assert source.read_text() == "{}"


def test_nothing_is_written_into_a_bundle_or_an_index(tmp_path):
    folder = tmp_path / "index"
    folder.mkdir()
    (folder / "passages.jsonl").write_text("{}")
    (tmp_path / "manifest.json").write_text('{"name": "of something else"}')
    expect_place(folder / "x.jsonl", suffix=".jsonl")
    seal(folder)
    for name in ("passages.jsonl", "x.jsonl"):
        with pytest.raises(UsageError, match="is a bundle or an index, which it would damage"):
            expect_place(folder / name, suffix=".jsonl")


def test_a_folder_that_takes_no_files_is_named(tmp_path, monkeypatch):
    def refuse(dir):  # noqa: A002 - as tempfile calls it
        raise PermissionError(13, "Permission denied", f"{dir}/.x.partial")

    monkeypatch.setattr("tempfile.TemporaryFile", refuse)
    with pytest.raises(UsageError) as told:
        expect_place(tmp_path / "x.npy", suffix=".npy")
    assert f"the folder {tmp_path} cannot be written to: Permission denied" in str(told.value)
    assert "partial" not in str(told.value)


def test_json_has_no_numbers_that_json_does_not_know():
    value = {"a": [math.nan, (1.5, -math.inf)], "b": np.float64("inf"), "c": "NaN", "d": True}
    expected = {"a": [None, [1.5, None]], "b": None, "c": "NaN", "d": True}
    assert json.loads(json_of(value)) == json.loads(dumped(value)) == expected
