"""Checks of rows against rows: duplicates, contradictions, and leaks from training into evaluation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from loanword.data.finding import ROLES, Finding, Role, Severity, counted, lines_of, place_of
from loanword.data.near_duplicates import bare, fold, near_duplicates
from loanword.data.records import Table

Tables = Mapping[Role, Mapping[str, Table]]

SHARE, LEAST = 0.05, 5
"""Texts that two languages share are copies, whatever they are, from this share and number of rows on."""

WORDS = 3
"""A text of so many words that two languages share is a copy, be it the only one."""

SAME_LABELS = 0.9
"""Share of equal labels from which plain numbers are believed to be ids, not row numbers."""


def check_duplicates(tables: Tables) -> Iterator[Finding]:
    """Yield tables with equal texts: all the same (LW501), or with contradicting labels (LW502)."""
    for role, languages in tables.items():
        for table in languages.values():
            rows: dict[str, list[int]] = defaultdict(list)
            for row, text in enumerate(table.inputs):
                rows[text].append(row)
            repeated = [found for found in rows.values() if len(found) > 1]
            labels = [{table.label[row] for row in found} - {None} for found in repeated]
            torn = [row for found, names in zip(repeated, labels, strict=True) if len(names) > 1 for row in found]
            extra = [row for found, names in zip(repeated, labels, strict=True) if len(names) < 2 for row in found[1:]]
            if torn:
                yield Finding(
                    "error",
                    "LW502",
                    place_of(role, table),
                    f"{counted(len(torn), len(table))} have a text that stands there with another label too",
                    "decide on one label, or drop these rows",
                    lines_of(table, torn),
                )
            if extra:
                yield Finding(
                    "warning",
                    "LW501",
                    place_of(role, table),
                    f"{counted(len(extra), len(table))} repeat an earlier row",
                    "drop them; they count twice in training and make intervals too narrow in a test",
                    lines_of(table, extra),
                )


def check_leaks(tables: Tables) -> Iterator[Finding]:
    """Yield rows of dev and test that training knows: same text, near text, id or group (LW503 to LW507)."""
    bared = {
        (role, language): [bare(text) for text in table.inputs]
        for role, languages in tables.items()
        for language, table in languages.items()
    }
    for place, earlier in enumerate(ROLES):
        for later in ROLES[place + 1 :]:
            for language, table in tables.get(later, {}).items():
                for other_language, known in tables.get(earlier, {}).items():
                    if _base(language) == _base(other_language):
                        yield from _text_leaks(later, table, earlier, known)
                        yield from _group_leaks(later, table, earlier, known)
                    else:
                        texts = set(bared[earlier, other_language])
                        same = [row for row, text in enumerate(bared[later, language]) if text in texts]
                        yield from _copies(later, table, earlier, known, same)
                    yield from _id_leaks(later, table, earlier, known)


def _text_leaks(later: Role, table: Table, earlier: Role, known: Table) -> Iterator[Finding]:
    exact, folded = set(known.inputs), {fold(text) for text in known.inputs}
    same = [row for row, text in enumerate(table.inputs) if text in exact]
    alike = [row for row, text in enumerate(table.inputs) if text not in exact and fold(text) in folded]
    taken = {*same, *alike}
    rest = [row for row in range(len(table)) if row not in taken]
    near = [rest[row] for row in near_duplicates([table.inputs[row] for row in rest], known.inputs)]
    source = place_of(earlier, known)
    kinds: tuple[tuple[Severity, str, list[int], str, str], ...] = (
        ("error", "LW503", same, "stand in", "the score would be too good; drop them from one side"),
        (
            "error",
            "LW504",
            alike,
            "differ only in case, width, spaces or invisible characters from a row of",
            "drop them from one side",
        ),
        ("warning", "LW505", near, "are nearly a row of", "split by group or document, so that variants stay together"),
    )
    for severity, code, rows, verb, advice in kinds:
        if rows:
            message = f"{counted(len(rows), len(table))} {verb} {source}"
            yield Finding(severity, code, place_of(later, table), message, advice, lines_of(table, rows))


def _copies(later: Role, table: Table, earlier: Role, known: Table, same: list[int]) -> Iterator[Finding]:
    """Texts that stand in two languages: loan words, names and numbers do, sentences or many rows do not by chance."""
    many = len(same) >= max(LEAST, SHARE * len(table))
    rows = same if many else [row for row in same if _words(table.inputs[row]) >= WORDS]
    if rows:
        yield Finding(
            "error" if many else "warning",
            "LW503",
            place_of(later, table),
            f"{counted(len(rows), len(table))} stand, but for case and punctuation, in {place_of(earlier, known)}, "
            "which is another language",
            "the score would be too good; check which language the files are in, drop the rows from one side",
            lines_of(table, rows),
        )


def _words(text: str) -> int:
    """Count the words; a number is none."""
    return sum(any(map(str.isalpha, word)) for word in text.split())


def _group_leaks(later: Role, table: Table, earlier: Role, known: Table) -> Iterator[Finding]:
    groups = set(known.group) - {""}
    rows = [row for row, group in enumerate(table.group) if group in groups]
    if rows:
        yield Finding(
            "warning",
            "LW507",
            place_of(later, table),
            f"{counted(len(rows), len(table))} belong to a group that is in {place_of(earlier, known)}",
            "split by group",
            lines_of(table, rows),
        )


def _id_leaks(later: Role, table: Table, earlier: Role, known: Table) -> Iterator[Finding]:
    """Equal ids are translations of one another: their label was seen. Mere row numbers are told by their labels."""
    labels = {name: label for name, label in zip(known.id, known.label, strict=True) if name}
    rows = [row for row, name in enumerate(table.id) if name in labels]
    if not rows:
        return
    agreeing = sum(table.label[row] == labels[table.id[row]] for row in rows)
    if all(table.id[row].isdigit() for row in rows) and (
        agreeing < SAME_LABELS * len(rows) or len(Counter(table.label)) < 2
    ):
        return
    yield Finding(
        "warning",
        "LW506",
        place_of(later, table),
        f"{counted(len(rows), len(table))} have the id of a row in {place_of(earlier, known)}",
        "keep translations of one text on one side, or give the files ids of their own if these mean nothing",
        lines_of(table, rows),
    )


def _base(tag: str) -> str:
    return tag.partition("-")[0]
