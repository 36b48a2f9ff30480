"""Checks of the language column: rows and tables that are not in the language they are said to be in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from loanword.data.finding import Finding, Role, counted, lines_of, listed, place_of
from loanword.data.records import Table
from loanword.language.identify import foreign_rows, in_wrong_script, same_language
from loanword.language.tag import name

Tables = Mapping[Role, Mapping[str, Table]]

SAMPLE = 2000
"""Rows of a table, evenly spaced, that are compared with the other languages."""

SHARE, LEAST = 0.05, 5
"""Rows that read like another language are reported from this share and number on; fewer are within the error."""

SCRIPT_SHARE, SCRIPT_LEAST = 0.02, 3


@dataclass(frozen=True)
class _Sample:
    """Evenly spaced rows of one table, and which of them read like another language: row to tag."""

    role: Role
    table: Table
    rows: range
    foreign: dict[int, str]

    @property
    def tag(self) -> str:
        return self.table.language

    def many(self, found: Collection[int]) -> bool:
        """Whether so many rows are more than an error."""
        return len(found) >= max(LEAST, SHARE * len(self.rows))


def check_languages(tables: Tables) -> Iterator[Finding]:
    """Yield tables with rows in a wrong script (LW508) or language (LW509), or all in another's language (LW510).

    All roles are held against one another: whatever stands under a tag shows how that language reads, so a test file
    is compared with the training languages too.
    """
    for role, languages in tables.items():
        for table in languages.values():
            yield from _scripts(role, table)
    samples = _samples(tables)
    same = _same(samples)
    # Of two tables that are in one language nobody knows whose rows are the foreign ones.
    pairs = {(one, samples[other].tag) for pair in same.items() for one, other in (pair, pair[::-1])}
    for number, sample in enumerate(samples):
        yield from _foreign(sample, {row: tag for row, tag in sample.foreign.items() if (number, tag) not in pairs})
    for one, other in same.items():
        here, there = samples[one], samples[other]
        yield Finding(
            "warning",
            "LW510",
            place_of(here.role, here.table),
            f"reads like the same language as {place_of(there.role, there.table)}",
            f"check which of {name(here.tag)} and {name(there.tag)} the files are in",
        )


def _samples(tables: Tables) -> list[_Sample]:
    """Read some rows of each table, all tables of a language together."""
    samples = [
        _Sample(role, table, range(0, len(table), -(-len(table) // SAMPLE) or 1), {})
        for role, languages in tables.items()
        for table in languages.values()
    ]
    rows: dict[str, list[tuple[_Sample, int]]] = {}
    for sample in samples:
        rows.setdefault(sample.tag, []).extend((sample, row) for row in sample.rows)
    texts = {tag: [sample.table.text[row] for sample, row in found] for tag, found in rows.items()}
    for tag, found in foreign_rows(texts).items():
        for place, other in found.items():
            sample, row = rows[tag][place]
            sample.foreign[row] = other
    return samples


def _same(samples: Sequence[_Sample]) -> dict[int, int]:
    """Find tables that are in the language of another one as a whole, not for some foreign rows in one of them.

    Where the rows of two languages read like one another, neither is known to be the foreign one, and all are kept.
    """
    accused = {
        (sample.tag, tag)
        for sample in samples
        for tag in set(sample.foreign.values())
        if sample.many([row for row, other in sample.foreign.items() if other == tag])
    }
    texts = [
        (
            sample.tag,
            [
                sample.table.text[row]
                for row in sample.rows
                if row not in sample.foreign or (sample.foreign[row], sample.tag) in accused
            ],
        )
        for sample in samples
    ]
    return same_language(texts)


def _scripts(role: Role, table: Table) -> Iterator[Finding]:
    rows = [row for row, text in enumerate(table.text) if in_wrong_script(text, table.language)]
    if len(rows) >= max(SCRIPT_LEAST, SCRIPT_SHARE * len(table)):
        yield Finding(
            "error" if 2 * len(rows) >= len(table) else "warning",
            "LW508",
            place_of(role, table),
            f"{counted(len(rows), len(table))} are not in a script of {name(table.language)}",
            f"check the language; text in another script wants a tag that says so, such as {table.language}-Latn",
            lines_of(table, rows),
        )


def _foreign(sample: _Sample, found: Mapping[int, str]) -> Iterator[Finding]:
    if sample.many(found):
        others = [f"{name(other)} ({count})" for other, count in Counter(found.values()).most_common(3)]
        yield Finding(
            "warning",
            "LW509",
            place_of(sample.role, sample.table),
            f"{counted(len(found), len(sample.rows))} read like another language of this data: {listed(others)}",
            "check the language of these rows",
            lines_of(sample.table, found),
        )
