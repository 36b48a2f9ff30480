"""One text with one label: topics, intents, sentiment."""

from __future__ import annotations

from loanword.data.cells import check_characters, is_integer, kind, note_kinds, note_mixed, texts
from loanword.data.columns import Source
from loanword.data.records import Filled, Label, Shape


def _fill(source: Source) -> Filled:
    return Filled(text=texts(source, "text"), label=labels(source, "label"))


LABELLED_TEXT = Shape("labelled text", inputs=("text",), label="label", fill=_fill, classes=True)
PLAIN_TEXT = LABELLED_TEXT.unlabelled


def labels(source: Source, name: str) -> list[Label | None]:
    """Return a column of classes as strings; note missing, unusable and mixed ones.

    An integer becomes its decimal digits, or its class name where the source carries class names.
    """
    class_names = source.cells.class_names.get(source.names[name])
    values: list[Label | None] = []
    refused: list[tuple[int, str]] = []
    strings: list[int] = []
    integers: list[int] = []
    for line, value in source.column(name):
        label: str | None = None
        if isinstance(value, str) and value.strip():
            check_characters(source, name, line, value)
            strings.append(line)
            label = value
        elif class_names is not None and is_integer(value) and value != -1:
            if isinstance(value, int) and 0 <= value < len(class_names):
                label = class_names[value]
            else:
                cause = f"class {value} has no name; names are there for 0 to {len(class_names) - 1}"
                source.note("LW304", name, line, cause=cause, fix="correct the class or write labels as strings")
        elif class_names is None and is_integer(value):
            integers.append(line)
            label = str(value)
        elif value is None or isinstance(value, str) or (class_names is not None and value == -1):
            if source.labelled:
                source.note("LW301", name, line, cause="the row has no label", fix="add one or remove the row")
        else:
            refused.append((line, kind(value)))
        values.append(label)
    note_kinds(source, name, "LW302", refused, expected="a string or an integer")
    note_mixed(source, name, strings, integers)
    return values
