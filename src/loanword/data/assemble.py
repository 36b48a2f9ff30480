"""From the cells of a source to a `Table`, every cell checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loanword.data.cells import kind, strings
from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells, Source, expect_columns, name_columns
from loanword.data.records import Shape, Table, told
from loanword.language.tag import agree, sides, understood

LANGUAGE_COLUMNS = ("language", "lang")
"""Column names that are taken to hold language tags without being mapped, if most of their values are tags."""


def assemble(
    cells: Cells, *, language: str, shape: Shape, columns: Mapping[str, str] | None, findings: Findings
) -> Table:
    """Check every cell and return the table; raise `DataError` with all `findings` if there are any."""
    names = name_columns(shape, columns, there=cells.columns)
    expect_columns(cells, shape=shape, columns=columns, findings=findings)
    if not cells.lines and not findings.problems:
        cause = "; ".join(filter(None, ("there are no rows", told(cells.left_out))))
        findings.add("LW111", cause=cause, fix="check how the file was written")
    first, second = sides(language)
    source = Source(cells, names, findings, language=first, labelled=shape.labelled)
    filled = shape.fill(source)
    ids, groups = (strings(source, name, integers=True) for name in ("id", "group"))
    _check_language(cells, first, names, columns or {}, findings)
    findings.raise_any()
    return Table(
        language=first,
        text=filled.text,
        label=filled.label or [None] * len(filled.text),
        pair=filled.pair,
        id=[value or "" for value in ids],
        group=[value or "" for value in groups or filled.group],
        line=cells.lines,
        origin=findings.path,
        pair_language=second if second != first else "",
        left_out=cells.left_out,
    )


def _check_language(
    cells: Cells, language: str, names: Mapping[str, str], columns: Mapping[str, str], findings: Findings
) -> None:
    """Note the rows that say to be in another language; the column once where all of them say the same.

    Any language agrees with ``und``: the caller does not know.
    """
    if language == "und":
        return
    mapped = names["language"] if "language" in columns else ""
    column = mapped or next((name for name in LANGUAGE_COLUMNS if _states_languages(cells.values.get(name, []))), "")
    stated = [
        (line, value, understood(value) if isinstance(value, str) else None)
        for line, value in zip(cells.lines, cells.values.get(column, []), strict=False)
        if value is not None and value != ""
    ]
    wrong = [row for row in stated if row[2] is None or not agree(row[2], language)]
    alike = len(stated) > 1 and len({tag for _, _, tag in stated}) == 1
    for line, value, tag in wrong[:1] if alike else wrong:
        if tag is None:
            seen = shown(value) if isinstance(value, str) else kind(value)
            cause = f"{seen} is not a known language tag"
            if alike:
                cause = f"none of {len(stated)} rows has a known language tag, the first has {seen}"
            fix = "write a BCP-47 tag such as en, pt-BR or zh-Hans, or rename the column if it is about something else"
        else:
            cause = f"{f'all {len(stated)} rows are' if alike else 'the row is'} in {tag}, {language} was asked for"
            fix = f"give the file as {tag}" if alike else f"keep only the rows in {language}"
            fix += ", or correct the tags" if alike else ", or correct the tag"
        findings.add("LW402" if tag is None else "LW401", cause=cause, fix=fix, line=line, column=column)


def _states_languages(values: Sequence[object]) -> bool:
    """Whether a column that nobody mapped is about the language of the text, not a programming language or a name.

    At least half of its values must be tags: "Lua" and "CSS" happen to be some, "Python" and "C++" are none.
    """
    stated = [value for value in values if value is not None and value != ""]
    tags = [value for value in stated if isinstance(value, str) and understood(value)]
    return bool(tags) and 2 * len(tags) >= len(stated)
