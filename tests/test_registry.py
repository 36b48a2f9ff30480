from __future__ import annotations

import sys
from importlib import metadata
from types import SimpleNamespace

import pytest

from loanword.errors import UsageError
from loanword.registry import Registry


@pytest.fixture
def points(monkeypatch):
    """Pretend that other packages bring these entry points."""

    def bring(**entries):
        found = [SimpleNamespace(name=n, value=f"other:{n}", load=load) for n, load in entries.items()]
        monkeypatch.setattr(metadata, "entry_points", lambda group: found if group == "loanword.toy" else [])

    bring()
    return bring


def test_what_is_registered_is_found(points):
    registry = Registry("toy")

    @registry.register("beta")
    class Beta: ...

    registry.register("alpha")(len)

    assert registry.get("beta") is Beta
    assert registry.names() == ["alpha", "beta"]


def test_a_name_is_taken_once_but_the_same_thing_may_come_twice(points):
    registry = Registry("toy")
    registry.register("a")(len)
    registry.register("a")(len)

    with pytest.raises(UsageError, match="toy 'a' is registered already"):
        registry.register("a")(max)
    assert registry.get("a") is len


def test_unknown_names_are_told_with_the_known(points):
    registry = Registry("toy")
    with pytest.raises(UsageError, match="unknown toy 'x'; known: none"):
        registry.get("x")
    registry.register("b")(len)
    registry.register("a")(max)
    with pytest.raises(UsageError, match="unknown toy 'x'; known: a, b"):
        registry.get("x")


def test_entry_points_of_other_packages_count(points):
    points(theirs=lambda: sorted)

    assert Registry("toy").get("theirs") is sorted


def test_an_entry_point_does_not_shadow_anything(points):
    points(mine=lambda: sorted)
    registry = Registry("toy")
    registry.register("mine")(len)

    with pytest.raises(UsageError, match="registered already"):
        registry.get("mine")


def test_a_broken_entry_point_is_named_every_time(points):
    points(broken=lambda: 1 / 0)
    registry = Registry("toy")

    for _ in range(2):
        with pytest.raises(UsageError, match=r"toy 'broken' \(other:broken\) cannot be loaded: ZeroDivisionError"):
            registry.names()


def test_own_modules_are_imported_when_first_asked(points, tmp_path, monkeypatch):
    (tmp_path / "brings_gamma.py").write_text("from holder import REGISTRY\nREGISTRY.register('gamma')(abs)\n")
    registry = Registry("toy", builtin=("brings_gamma",))
    monkeypatch.setitem(sys.modules, "holder", SimpleNamespace(REGISTRY=registry))
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "brings_gamma" not in sys.modules

    assert registry.get("gamma") is abs
    sys.modules.pop("brings_gamma")


def test_a_module_that_cannot_be_imported_is_told_again_next_time(points):
    registry = Registry("toy", builtin=("loanword_no_such_module",))

    for _ in range(2):
        with pytest.raises(ModuleNotFoundError):
            registry.get("anything")
