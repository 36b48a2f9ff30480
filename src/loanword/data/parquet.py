"""Parquet through pyarrow, which only this module imports. Lines are row numbers, counted from 1.

Strings and integers come through as they are, dictionary-encoded ones and lists of them too; a column that the
`datasets` library marked as class labels brings its class names.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells, Foreign, expect_column
from loanword.data.text import FREE_BYTES, MAX_RATIO, PIECE
from loanword.errors import MissingExtra

ROWS = 256
"""Rows decoded at a time, so that a file that unpacks without end is given up early."""


def parse(data: bytes, *, wanted: Collection[str], findings: Findings) -> Cells:
    """Return the `wanted` columns of the parquet file `data`; text that is not UTF-8 is noted."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("parquet", "pyarrow", "reading parquet") from None
    try:
        file = parquet.ParquetFile(pyarrow.BufferReader(data))
        schema = file.schema_arrow
        for name in sorted(set(schema.names) & set(wanted)):
            if schema.names.count(name) > 1:
                cause = f"{schema.names.count(name)} columns are called {shown(name)}"
                findings.stop("LW113", cause=cause, fix="give each column its own name", column=name)
        kept = [name for name in schema.names if name in wanted]
        values: dict[str, list[object]] = {name: [] for name in kept}
        limit, size, rows = max(FREE_BYTES, MAX_RATIO * len(data)), 0, 0
        for batch in file.iter_batches(batch_size=ROWS, columns=kept) if kept else ():
            # Decoded, for each batch brings the whole dictionary of its row group.
            arrays = [_decoded(array) for array in batch.columns]
            # A row costs the lists that it goes into at least eight bytes.
            size += sum(array.nbytes for array in arrays) + 8 * batch.num_rows
            if size > limit:
                cause = f"{len(data):,} bytes hold more than {limit:,}"
                findings.stop("LW107", cause=cause, fix="write the rows that you need to a file of their own")
            for name, array in zip(batch.schema.names, arrays, strict=True):
                values[name].extend(_values(array, rows, name, findings))
            rows += batch.num_rows
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        findings.stop("LW115", cause=f"the parquet file is damaged: {reason}", fix="copy or write the file again")
    return Cells(
        columns=tuple(schema.names),
        lines=list(range(1, rows + 1)),
        values=values,
        class_names=_class_names(schema.metadata),
    )


def stream(path: Path, column: str, findings: Findings) -> Iterator[tuple[int, object]]:
    """Yield row by row what the parquet file `path` has in `column`; the file is never held, but page after page."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise MissingExtra("parquet", "pyarrow", "reading parquet") from None
    limit, size, rows = max(FREE_BYTES, MAX_RATIO * path.stat().st_size), 0, 0
    try:
        with parquet.ParquetFile(path, buffer_size=PIECE, pre_buffer=False) as file:
            expect_column(column, file.schema_arrow.names, findings)
            for batch in file.iter_batches(batch_size=ROWS, columns=[column], use_threads=False):
                array = _decoded(batch.column(0))
                size += array.nbytes + 8 * batch.num_rows
                if size > limit:
                    cause = f"{path.stat().st_size:,} bytes hold more than {limit:,}"
                    findings.stop("LW107", cause=cause, fix="write the rows that you need to a file of their own")
                yield from enumerate(_values(array, rows, column, findings), start=rows + 1)
                rows += batch.num_rows
    except (pyarrow.ArrowException, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".") if str(error).strip() else type(error).__name__
        findings.stop("LW115", cause=f"the parquet file is damaged: {reason}", fix="copy or write the file again")


def _decoded(array: Any) -> Any:
    return array.dictionary_decode() if hasattr(array, "dictionary_decode") else array


def _values(array: Any, offset: int, column: str, findings: Findings) -> list[object]:
    if not _is_read(array.type):
        return [Foreign(str(array.type)) if value.is_valid else None for value in array]
    try:
        return list(array.to_pylist())
    except UnicodeDecodeError:
        return [_value(value, offset + row, column, findings) for row, value in enumerate(array, start=1)]


def _is_read(kind: Any) -> bool:
    """Whether values of this type come through: texts, numbers, true and false, and lists of these."""
    from pyarrow import types

    if types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind):
        return _is_read(kind.value_type)
    text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return text or any(of(kind) for of in (types.is_integer, types.is_floating, types.is_boolean, types.is_null))


def _value(value: Any, line: int, column: str, findings: Findings) -> object:
    try:
        found: object = value.as_py()
    except UnicodeDecodeError:
        fix = "write the column again as UTF-8"
        findings.add("LW109", cause="the text is not valid UTF-8", fix=fix, line=line, column=column)
        return "\ufffd"
    return found


def _class_names(metadata: dict[bytes, bytes] | None) -> dict[str, list[str]]:
    """Read the class names that the `datasets` library leaves in a parquet schema; anything else is no names."""
    try:
        features = json.loads((metadata or {})[b"huggingface"])["info"]["features"]
        items = {name: feature.get("feature", feature) for name, feature in features.items()}  # What lists are made of.
        classes = {name: feature["names"] for name, feature in items.items() if feature["_type"] == "ClassLabel"}
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}
    return {
        name: names
        for name, names in classes.items()
        if isinstance(names, list) and all(isinstance(one, str) for one in names)
    }
