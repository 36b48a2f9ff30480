"""One registry for what can be extended: objectives, tasks, strategies, metrics.

A decorator gives the name; other packages bring theirs through the entry-point group ``loanword.<kind>``.
A second thing under a name is refused, so that nobody is shadowed by accident.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module, metadata
from typing import Generic, TypeVar

from loanword.errors import UsageError

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to factories of one kind; the modules in `builtin` register themselves when first asked for."""

    def __init__(self, kind: str, *, builtin: tuple[str, ...] = ()) -> None:
        """Create an empty registry of `kind` whose own entries live in the modules `builtin`."""
        self.kind = kind
        self._builtin = builtin
        self._entries: dict[str, T] = {}
        self._loaded = False

    def register(self, name: str) -> Callable[[T], T]:
        """Decorate a class or function to make it known as `name`."""

        def keep(entry: T) -> T:
            if name in self._entries and self._entries[name] is not entry:
                raise UsageError(f"{self.kind} '{name}' is registered already; choose another name")
            self._entries[name] = entry
            return entry

        return keep

    def get(self, name: str) -> T:
        """Return the entry called `name`; an unknown name raises `UsageError` with the known ones."""
        self._load()
        if name not in self._entries:
            raise UsageError(f"unknown {self.kind} '{name}'; known: {', '.join(self.names()) or 'none'}")
        return self._entries[name]

    def names(self) -> list[str]:
        """All known names, sorted."""
        self._load()
        return sorted(self._entries)

    def _load(self) -> None:
        if self._loaded:
            return
        for module in self._builtin:
            import_module(module)
        for point in metadata.entry_points(group=f"loanword.{self.kind}"):
            try:
                entry = point.load()
            except Exception as error:
                raise UsageError(
                    f"{self.kind} '{point.name}' ({point.value}) cannot be loaded: {type(error).__name__}: {error}; "
                    "mend or uninstall the package that brings it"
                ) from error
            self.register(point.name)(entry)
        self._loaded = True
