"""Rows that are not independent of one another: what learns or knows one of a family, knows the others."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence

from loanword.data.records import Table


def families(tables: Mapping[str, Table]) -> list[str]:
    """Return, for every row of all `tables` in order, the name of what must stay together with it.

    Rows of one group, rows with one id (translations) and copies of one text belong together, in all languages.
    """
    keys = [
        [("text", row.text), *((kind, name) for kind, name in (("group", row.group), ("id", row.id)) if name)]
        for table in tables.values()
        for row in table
    ]
    return [f"family {number}" for number in linked(keys)]


def linked(rows: Iterable[Sequence[Hashable]]) -> list[int]:
    """Return a number for each of `rows`, equal where two share a key, be it by way of other rows.

    Each row is the keys that it has, at least one.
    """
    parent: dict[Hashable, Hashable] = {}

    def root(key: Hashable) -> Hashable:
        while parent.setdefault(key, key) != key:
            parent[key] = key = parent[parent[key]]
        return key

    firsts = []
    for first, *others in rows:
        firsts.append(first)
        for other in others:
            parent[root(other)] = root(first)
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(root(first), len(numbers)) for first in firsts]
