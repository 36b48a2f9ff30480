"""Folders that are there whole or not at all, and know when they were touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from loanword.durable import MANIFEST, beside, damage, listed, put, seal, sealed_around, written
from loanword.errors import LoanwordError


@pytest.fixture
def sealed(tmp_path):
    folder = tmp_path / "it"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.txt").write_text("one")
    (folder / "deep" / "b.bin").write_bytes(bytes(range(256)))
    seal(folder)
    return folder


def test_what_was_sealed_is_sound(sealed):
    assert damage(sealed) == []
    assert damage(sealed, whole=True) == []
    assert listed(sealed) == {"a.txt", "deep/b.bin"}


def test_what_is_left_out_of_the_manifest_may_change(tmp_path):
    (tmp_path / "card").write_text("old")
    (tmp_path / "data").write_text("same")
    seal(tmp_path, leave=["card"])
    (tmp_path / "card").write_text("new")
    assert damage(tmp_path) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (f / "a.txt").write_text("One"), "a.txt was changed"),
        (lambda f: (f / "a.txt").unlink(), "a.txt is missing"),
        (lambda f: (f / "deep" / "b.bin").write_bytes(bytes(range(255))), "deep/b.bin was changed"),
        (lambda f: (f / MANIFEST).unlink(), "no readable manifest.json"),
        (lambda f: (f / MANIFEST).write_text("[1]"), "no readable manifest.json"),
        (lambda f: (f / MANIFEST).write_text((f / MANIFEST).read_text() + " "), "manifest.json was changed"),
    ],
)
def test_every_change_is_named(sealed, change, said):
    change(sealed)
    (found,) = damage(sealed)
    assert said in found


def test_what_was_added_is_named_where_the_whole_folder_counts(sealed):
    (sealed / "c.txt").write_text("three")
    (sealed / ".DS_Store").write_bytes(b"x")
    assert damage(sealed) == []
    assert damage(sealed, whole=True) == ["c.txt was added"]


def test_put_replaces_and_leaves_nothing_beside(tmp_path):
    target = tmp_path / "place" / "it"
    for content in ("old", "new"):
        with beside(target) as staging:
            new = staging / "made"
            new.mkdir()
            (new / "file").write_text(content)
            put(new, target)
    assert (target / "file").read_text() == "new"
    assert [path.name for path in target.parent.iterdir()] == ["it"]


def test_a_put_that_fails_leaves_the_old_one(tmp_path, monkeypatch):
    target = tmp_path / "it"
    target.mkdir()
    (target / "file").write_text("old")
    real = os.rename

    def broken(source, goal, **options):
        if str(goal) == str(target) and "-old" not in str(source):
            raise KeyboardInterrupt
        return real(source, goal, **options)

    monkeypatch.setattr(os, "rename", broken)
    with beside(target) as staging:
        new = staging / "made"
        new.mkdir()
        with pytest.raises(KeyboardInterrupt):
            put(new, target)
    assert (target / "file").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["it"]


def test_everything_is_flushed_before_it_appears_and_its_name_after(tmp_path, monkeypatch):
    target, events = tmp_path / "it", []
    real_sync, real_rename = os.fsync, os.rename
    monkeypatch.setattr(
        os, "fsync", lambda handle: (events.append(str(Path(f"/proc/self/fd/{handle}").readlink())), real_sync(handle))
    )
    monkeypatch.setattr(os, "rename", lambda *two, **options: (events.append("rename"), real_rename(*two, **options)))
    with beside(target) as staging:
        new = staging / "made"
        (new / "deep").mkdir(parents=True)
        (new / "deep" / "file").write_text("x")
        put(new, target)
    at = events.index("rename")
    assert {path.rsplit("/", 1)[1] for path in events[:at]} == {"made", "deep", "file"}
    assert events[at + 1 :] == [str(tmp_path)]


def test_what_lies_in_a_sealed_folder(sealed):
    assert sealed_around(sealed / "deep" / "new") == sealed
    assert sealed_around(sealed) is None
    (sealed / MANIFEST).write_text('{"name": "of a web page"}')
    assert sealed_around(sealed / "a.txt") is None


def test_what_cannot_be_written_is_told_with_its_folder(tmp_path):
    target = tmp_path / "gone" / "x.npy"
    with pytest.raises(LoanwordError) as told, written(target) as partial:
        partial.write_text("half")
    assert str(told.value) == f"x.npy cannot be written to the folder {tmp_path / 'gone'}: No such file or directory"


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")

    def spoil():
        with written(target) as partial:
            partial.write_text("ne")
            raise OSError("full")

    with pytest.raises(LoanwordError, match="full"):
        spoil()
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "old"
    with written(target) as partial:
        partial.write_text("new")
        assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text() == "new"
