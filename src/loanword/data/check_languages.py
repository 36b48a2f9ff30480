"""Checks of the language column: rows and tables that are not in the language they are said to be in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

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


def check_languages(tables: Tables) -> Iterator[Finding]:
    """Yield tables with rows in a wrong script (LW508) or language (LW509), or all in another's language (LW510)."""
    for role, languages in tables.items():
        for table in languages.values():
            yield from _scripts(role, table)
        texts = {language: table.text[:: -(-len(table) // SAMPLE) or 1] for language, table in languages.items()}
        for language, found in foreign_rows(texts).items():
            yield from _foreign(role, languages[language], found, len(texts[language]))
        for one, other in same_language(texts):
            yield Finding(
                "warning",
                "LW510",
                place_of(role, languages[one]),
                f"reads like the same language as {place_of(role, languages[other])}",
                f"check which of {name(one)} and {name(other)} the files are in",
            )


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


def _foreign(role: Role, table: Table, found: Mapping[int, str], read: int) -> Iterator[Finding]:
    if len(found) >= max(LEAST, SHARE * read):
        step = -(-len(table) // SAMPLE) or 1
        like = [f"{name(tag)} ({count})" for tag, count in Counter(found.values()).most_common(3)]
        yield Finding(
            "warning",
            "LW509",
            place_of(role, table),
            f"{counted(len(found), read)} read like another language of this data: {listed(like)}",
            "check the language of these rows",
            lines_of(table, [row * step for row in found]),
        )
