"""Cells checked one by one: what they hold, and what no text may hold.

Nothing is converted or tidied: a string stays the string it is ("NA", "007", " x ").
"""

from __future__ import annotations

import re

from loanword.data.codes import shown
from loanword.data.columns import Foreign, Source

UNUSABLE = re.compile("[\0\ud800-\udfff]")
KINDS = {bool: "true or false", int: "an integer", float: "a decimal number", dict: "an object", list: "a list"}


def texts(source: Source, name: str, *, what: str = "text") -> list[str]:
    """Return a column of texts as they are; note what is no string, and rows where there is none."""
    found = strings(source, name)
    for line, value in source.column(name):
        if value is None or (isinstance(value, str) and not value.strip()):
            cause = f"the {what} is {'missing' if value is None else 'empty'}"
            source.note("LW210", name, line, cause=cause, fix="remove the row or fill it in")
    return [value or "" for value in found]


def strings(source: Source, name: str, *, integers: bool = False) -> list[str | None]:
    """Return a column as strings, absent cells as None; note what is not a string or holds what no text may."""
    values: list[str | None] = []
    refused: list[tuple[int, str]] = []
    for line, value in source.column(name):
        if isinstance(value, str):
            check_characters(source, name, line, value)
            values.append(value)
        elif value is None or (integers and is_integer(value)):
            values.append(None if value is None else str(value))
        else:
            refused.append((line, kind(value)))
            values.append(None)
    note_kinds(source, name, "LW211", refused, expected="a string")
    return values


def check_characters(source: Source, name: str, line: int, value: str) -> None:
    """Note a character that no text may hold."""
    found = UNUSABLE.search(value)
    if found is None:
        return
    place = f"at character {found.start() + 1}"
    if found.group() == "\0":
        cause, fix = f"a NUL character stands {place}", "remove it from the text"
        source.note("LW212", name, line, cause=cause, fix=fix)
    else:
        cause = f"half of a surrogate pair ({ascii(found.group())[1:-1]}) stands {place}"
        fix = "write the text again from its source; a cut went through a character"
        source.note("LW213", name, line, cause=cause, fix=fix)


def note_kinds(source: Source, name: str, code: str, refused: list[tuple[int, str]], *, expected: str) -> None:
    """Note every refused cell, or the column once where no cell of it will do."""
    count, fix = len(source.cells.lines), f"write {expected} in every row, or map another column"
    if len(refused) == count and count > 1:
        kinds = ", ".join(sorted({kind for _, kind in refused}))
        cause = f"all {count} rows hold {kinds} where {expected} is needed"
        source.note(code, name, refused[0][0], cause=cause, fix=fix)
        return
    for line, found in refused:
        source.note(code, name, line, cause=f"this is {found} where {expected} is needed", fix=fix)


def note_mixed(source: Source, name: str, strings: list[int], integers: list[int]) -> None:
    """Note once that a column has labels of both kinds, if it does; of each kind the lines are given."""
    if not strings or not integers:
        return
    kinds = sorted([(strings, "a string"), (integers, KINDS[int])], key=lambda found: len(found[0]))
    said = [f"{len(lines)} {'label is' if len(lines) == 1 else 'labels are'} {kind}" for lines, kind in kinds]
    source.note("LW303", name, kinds[0][0][0], cause=", ".join(said), fix="write all labels as strings")


def is_integer(value: object) -> bool:
    """Whether `value` is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def seen(value: object) -> str:
    """Say what `value` is, and where it is short, which one."""
    if isinstance(value, str):
        return f"the text {shown(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return f"the number {value}" if isinstance(value, int | float) else kind(value)


def kind(value: object) -> str:
    """Say what `value` is."""
    if isinstance(value, Foreign):
        return f"of the type {value.kind}"
    return KINDS.get(type(value), f"of the type {type(value).__name__}")
