"""From the cells of a source to a `Table`, every cell checked.

Nothing is converted or tidied: a string stays the string it is ("NA", "007", " x "). The one exception is the
label: an integer becomes its decimal digits, or its class name where the source carries class names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells, Foreign, expect_columns, name_columns
from loanword.data.records import Shape, Table
from loanword.errors import UsageError
from loanword.language.tag import canonical, script

LANGUAGE_COLUMNS = ("language", "lang")
"""Column names that are taken to hold language tags without being mapped, if most of their values are tags."""

UNUSABLE = re.compile("[\0\ud800-\udfff]")
KINDS = {bool: "true or false", int: "an integer", float: "a decimal number", dict: "an object", list: "a list"}


def assemble(
    cells: Cells, *, language: str, shape: Shape, columns: Mapping[str, str] | None, findings: Findings
) -> Table:
    """Check every cell and return the table; raise `DataError` with all `findings` if there are any."""
    names = name_columns(shape, columns)
    expect_columns(cells, shape=shape, columns=columns, findings=findings)
    if not cells.lines and not findings.problems:
        findings.add("LW111", cause="there are no rows", fix="check how the file was written")
    text = _strings(cells, names["text"], findings)
    for row, value in enumerate(cells.values.get(names["text"], [])):
        if value is None or (isinstance(value, str) and not value.strip()):
            findings.add(
                "LW210",
                cause="the text is empty" if value is not None else "the text is missing",
                fix="remove the row or fill it in",
                line=cells.lines[row],
                column=names["text"],
            )
    label = _labels(cells, names.get("label", ""), findings, required="label" in shape.required)
    ids, groups = (_strings(cells, names.get(name, ""), findings, integers=True) for name in ("id", "group"))
    _check_language(cells, language, names, columns or {}, findings)
    findings.raise_any()
    return Table(
        language=language,
        text=[value or "" for value in text],
        label=label or [None] * len(text),
        id=[value or "" for value in ids],
        group=[value or "" for value in groups],
        line=cells.lines,
        origin=findings.path,
    )


def _strings(cells: Cells, column: str, findings: Findings, *, integers: bool = False) -> list[str | None]:
    """Return a column as strings, absent cells as None; note what is not a string or holds what no text may."""
    values: list[str | None] = []
    refused: list[tuple[int, str]] = []
    for line, value in zip(cells.lines, cells.values.get(column, []), strict=False):
        if isinstance(value, str):
            _check_characters(value, line, column, findings)
            values.append(value)
        elif value is None or (integers and _integer(value)):
            values.append(None if value is None else str(value))
        else:
            refused.append((line, _kind(value)))
            values.append(None)
    _note_kinds("LW211", refused, len(values), column, findings, expected="a string")
    return values


def _labels(cells: Cells, column: str, findings: Findings, *, required: bool) -> list[str | None]:
    """Return the labels as strings; note missing, unusable and mixed ones."""
    class_names = cells.class_names.get(column)
    values: list[str | None] = []
    refused: list[tuple[int, str]] = []
    lines: dict[type, list[int]] = {str: [], int: []}
    for line, value in zip(cells.lines, cells.values.get(column, []), strict=False):
        label: str | None = None
        if isinstance(value, str) and value.strip():
            _check_characters(value, line, column, findings)
            lines[str].append(line)
            label = value
        elif class_names is not None and _integer(value) and value != -1:
            label = _class_name(value, class_names, line, column, findings)
        elif class_names is None and _integer(value):
            lines[int].append(line)
            label = str(value)
        elif value is None or isinstance(value, str) or (class_names is not None and value == -1):
            if required:
                findings.add(
                    "LW301", cause="the row has no label", fix="add one or remove the row", line=line, column=column
                )
        else:
            refused.append((line, _kind(value)))
        values.append(label)
    _note_kinds("LW302", refused, len(values), column, findings, expected="a string or an integer")
    if lines[str] and lines[int]:
        rarer, common = sorted(lines, key=lambda kind: len(lines[kind]))
        findings.add(
            "LW303",
            cause=f"{len(lines[rarer])} labels are {KINDS.get(rarer, 'a string')}, {len(lines[common])} are "
            f"{KINDS.get(common, 'a string')}",
            fix="write all labels as strings",
            line=lines[rarer][0],
            column=column,
        )
    return values


def _class_name(value: object, class_names: Sequence[str], line: int, column: str, findings: Findings) -> str | None:
    if isinstance(value, int) and 0 <= value < len(class_names):
        return class_names[value]
    findings.add(
        "LW304",
        cause=f"class {value} has no name; names are there for 0 to {len(class_names) - 1}",
        fix="correct the class or write labels as strings",
        line=line,
        column=column,
    )
    return None


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
        (line, value, _known(value) if isinstance(value, str) else None)
        for line, value in zip(cells.lines, cells.values.get(column, []), strict=False)
        if value is not None and value != ""
    ]
    wrong = [row for row in stated if row[2] is None or not _agree(row[2], language)]
    alike = len(stated) > 1 and len({tag for _, _, tag in stated}) == 1
    for line, value, tag in wrong[:1] if alike else wrong:
        if tag is None:
            seen = shown(value) if isinstance(value, str) else _kind(value)
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
    tags = [value for value in stated if isinstance(value, str) and _known(value)]
    return bool(tags) and 2 * len(tags) >= len(stated)


@cache
def _known(tag: str) -> str | None:
    try:
        return canonical(tag)
    except UsageError:
        return None


@cache
def _agree(one: str, other: str) -> bool:
    """Whether two tags can name one language: equal, one less specific, or of one script."""
    if f"{one}-".startswith(f"{other}-") or f"{other}-".startswith(f"{one}-"):
        return True
    parts = [tag.split("-") for tag in (one, other)]
    regions = {part for first, *rest in parts for part in rest if len(part) == 2 or part.isdigit()}
    return parts[0][0] == parts[1][0] and len(regions) < 2 and script(one) == script(other)


def _check_characters(value: str, line: int, column: str, findings: Findings) -> None:
    found = UNUSABLE.search(value)
    if found is None:
        return
    place = f"at character {found.start() + 1}"
    if found.group() == "\0":
        findings.add(
            "LW212", cause=f"a NUL character stands {place}", fix="remove it from the text", line=line, column=column
        )
    else:
        findings.add(
            "LW213",
            cause=f"half of a surrogate pair ({ascii(found.group())[1:-1]}) stands {place}",
            fix="write the text again from its source; a cut went through a character",
            line=line,
            column=column,
        )


def _note_kinds(
    code: str, refused: list[tuple[int, str]], count: int, column: str, findings: Findings, *, expected: str
) -> None:
    """Note every refused cell, or the column once where no cell of it will do."""
    fix = f"write {expected} in every row, or map another column"
    if len(refused) == count and count > 1:
        kinds = ", ".join(sorted({kind for _, kind in refused}))
        cause = f"all {count} rows hold {kinds} where {expected} is needed"
        findings.add(code, cause=cause, fix=fix, line=refused[0][0], column=column)
        return
    for line, kind in refused:
        findings.add(code, cause=f"this is {kind} where {expected} is needed", fix=fix, line=line, column=column)


def _integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _kind(value: object) -> str:
    if isinstance(value, Foreign):
        return f"of the type {value.kind}"
    return KINDS.get(type(value), f"of the type {type(value).__name__}")
