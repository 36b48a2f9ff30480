"""Read labelled or plain text from anywhere into a `Table`, strictly.

Text in is text out, character for character. Everything that is wrong with a source is found in one pass and
raised as one `DataError` with a place, a cause and a remedy for each problem; nothing is skipped in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from loanword.config import expanded
from loanword.data import csv, hub, jsonl, parquet
from loanword.data.assemble import LANGUAGE_COLUMNS, assemble
from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells, wanted_columns
from loanword.data.records import Shape, Table
from loanword.data.shapes.labelled_text import LABELLED_TEXT
from loanword.data.text import decode, expect_file, load
from loanword.errors import UsageError
from loanword.language.tag import canonical

EXTENSIONS = (".csv", ".tsv", ".jsonl", ".json", ".parquet")
"""What can be read, each also with ``.gz`` added."""


def read(
    source: str | Path,
    *,
    language: str,
    shape: Shape = LABELLED_TEXT,
    columns: Mapping[str, str] | None = None,
    split: str | None = None,
) -> Table:
    """Read the rows of one `language` from a file, the Hub or a bundled corpus.

    Args:
        source: A path (``.csv``, ``.tsv``, ``.jsonl``, ``.json``, ``.parquet``, each also with ``.gz``),
            ``hub:org/name[:configuration][@split]``, or ``builtin:name[@split]``.
        language: The rows' language in any common spelling, or two with a colon between them, of the texts and of
            what goes with them. A column ``language`` or ``lang`` must agree with it.
        shape: The columns that are needed.
        columns: From a column of `shape` to the source's name for it, like ``{"text": "body"}``; the same name
            where nothing is said. Numbers (``{"text": "1", "label": "2"}``) are those of columns in a csv or tsv file
            without a header. Files without columns (``.tmx``, ``.po``, ``.xlf``) have no use for it.
        split: The part of a Hub or bundled data set, if the source does not name it; a file has none.

    Returns:
        The rows in their order, with the line that each starts at.

    Raises:
        DataError: The data has problems; all of them are listed.
        UsageError: The call does not fit: an unknown language or column of the shape, a split of a file.
        MissingExtra: The format needs a package that is not installed.
    """
    tag = canonical(language)
    wanted = {*wanted_columns(shape, columns), *LANGUAGE_COLUMNS}
    kind, colon, reference = str(source).partition(":")
    if colon and kind == "builtin":
        if columns:
            raise UsageError(f"'{source}' has the columns of its shape already; leave out columns")
        name, _, named = reference.partition("@")
        if split and named and split != named:
            raise UsageError(f"'{source}' asks for the split {named}, split={split} for another; give one of them")
        table: Table = import_module("loanword.data.builtin").load(name, language=tag, split=split or named)
        return table
    if colon and kind == "hub":
        findings = Findings(str(source), unit="row")
        cells = hub.parse(reference, split=split, wanted=wanted, findings=findings)
    else:
        if split is not None:
            raise UsageError(f"split={split} does not fit the file '{source}'; give the path of that split's file")
        path = expanded(source)
        if _extension(path) in shape.documents:
            columns = None
        header = not columns or not all(column.isdecimal() for column in columns.values())
        cells, findings = _read_file(path, shape, wanted, header=header, language=tag)
    return assemble(cells, language=tag, shape=shape, columns=columns, findings=findings)


def split_of(source: str, role: str) -> str | None:
    """Return the split to `read` from `source` for its `role` in a run; None where the source says so, as a file does.

    The Hub's name of dev is "validation".
    """
    kind, colon, reference = source.partition(":")
    if not colon or kind not in ("builtin", "hub") or "@" in reference:
        return None
    return "validation" if (kind, role) == ("hub", "dev") else role


def _extension(path: Path) -> str:
    return Path(path.stem if path.suffix.lower() == ".gz" else path.name).suffix.lower()


def _read_file(path: Path, shape: Shape, wanted: set[str], *, header: bool, language: str) -> tuple[Cells, Findings]:
    extension = _extension(path)
    findings = Findings(str(path), unit="row" if extension == ".parquet" else "line")
    expect_file(path, findings)
    extensions = tuple(dict.fromkeys([*EXTENSIONS, *shape.formats, *shape.documents]))
    if extension not in extensions:
        findings.stop(
            "LW104",
            cause=f"the extension {shown(extension)} is not one that can be read",
            fix=f"use one of {', '.join(extensions)}, each also with .gz",
        )
    packed = path.suffix.lower() == ".gz"
    data = load(path, packed=packed, parquet=extension == ".parquet", findings=findings)
    if extension == ".parquet":
        return parquet.parse(data, wanted=wanted, findings=findings), findings
    if extension in shape.documents:
        parse = shape.documents[extension]
        return parse(data, language=language, labelled=shape.labelled, findings=findings), findings
    text = decode(data, findings)
    if extension in shape.formats:
        return shape.formats[extension](text, wanted=wanted, findings=findings), findings
    if extension in (".csv", ".tsv"):
        tabs = extension == ".tsv"
        return csv.parse(text, tabs=tabs, wanted=wanted, findings=findings, header=header), findings
    return jsonl.parse(text, array=extension == ".json", wanted=wanted, findings=findings), findings
