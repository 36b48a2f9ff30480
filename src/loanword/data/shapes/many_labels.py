"""One text with any number of labels: topics, emotions, kinds of abuse.

A label is the names of a row's classes, sorted: () where it has none, None where it is not labelled.
"""

from __future__ import annotations

from collections.abc import Sequence

from loanword.data.cells import UNUSABLE, is_integer, kind, note_kinds, note_mixed, seen, texts
from loanword.data.codes import shown
from loanword.data.columns import Source
from loanword.data.records import Filled, Label, Shape

BETWEEN = "|"
"""What stands between the labels of a cell that is one string, as all cells of csv and tsv are."""

EXPECTED = f"a list of strings, or one string with {BETWEEN} between labels,"


def _fill(source: Source) -> Filled:
    return Filled(text=texts(source, "text"), label=_labels(source))


MANY_LABELS = Shape("text with labels", inputs=("text",), label="labels", fill=_fill, classes=True)


def _labels(source: Source) -> list[Label | None]:
    """Read the labels of every row; note missing ones, and what is no list of different names."""
    class_names = source.cells.class_names.get(source.names["labels"])
    found: list[Label | None] = []
    refused: list[tuple[int, str]] = []
    strings: list[int] = []
    integers: list[int] = []
    for line, value in source.rows("labels"):
        named: list[str] | None = None
        if isinstance(value, str):
            named = value.split(BETWEEN) if value else []
            cause = _spelled_wrong(value, named) or _wrong(named, named)
            strings += [line] * len(named)
        elif isinstance(value, list):
            named = [_name(item, class_names) for item in value]
            cause = _wrong(named, value)
            strings += [line for item in value if isinstance(item, str)]
            integers += [line for item in value if class_names is None and is_integer(item)]
        elif value is None:
            if source.labelled:
                fix = "add them (an empty list where there are none) or remove the row"
                source.note("LW301", "labels", line, cause="the row has no labels", fix=fix)
        else:
            refused.append((line, kind(value)))
        if named is not None and cause:
            fix = f"write each label once: a JSON list of strings, or {shown(f'a{BETWEEN}b')}"
            source.note("LW310", "labels", line, cause=cause, fix=fix)
        found.append(None if named is None else tuple(sorted(named)))
    note_kinds(source, "labels", "LW302", refused, expected=EXPECTED)
    note_mixed(source, "labels", strings, integers)
    return found


def _name(item: object, class_names: Sequence[str] | None) -> str:
    """Return the class that an item of a list names, "" if it names none; an integer is its digits or its name."""
    if not is_integer(item):
        return item if isinstance(item, str) else ""
    place = int(str(item))
    if class_names is None:
        return str(place)
    return class_names[place] if 0 <= place < len(class_names) else ""


def _spelled_wrong(value: str, named: Sequence[str]) -> str:
    """Say why a string is not labels with a bar between them, "" if it is."""
    if value.lstrip().startswith("[") and value.rstrip().endswith("]"):
        return f"the cell holds a list written as a string, {shown(value)}"
    return _blank(named)


def _wrong(named: Sequence[str], items: Sequence[object]) -> str:
    """Say why what the `items` of a row are `named` is not different classes, "" if it is."""
    for number, (name, item) in enumerate(zip(named, items, strict=True), start=1):
        if not name.strip():
            return f"label {number} of the row is {seen(item)}, which names no class"
    if blank := _blank(items):
        return blank
    if any(UNUSABLE.search(name) for name in named):
        return "a label holds what no text may: NUL or half a surrogate pair"
    twice = next((name for name in named if named.count(name) > 1), None)
    return "" if twice is None else f"the label {shown(twice)} stands there twice"


def _blank(items: Sequence[object]) -> str:
    blank = next((item for item in items if isinstance(item, str) and item != item.strip()), None)
    return "" if blank is None else f"a blank stands at the edge of the label {shown(blank)}"
