"""Comma- and tab-separated text, with a header or without.

CSV is RFC 4180 and nothing looser: cells with a comma, a quotation mark or a line break are quoted, a quotation
mark inside them is doubled, no delimiter is guessed. TSV has no quoting at all, as is the field's habit (tweets are
full of stray quotation marks): a row is a line, a cell is what stands between tabs.
Rows end with LF or CRLF, mixed as they please. Blank lines are skipped, except that in a file of one column a blank
line is a row without text, unless only blank lines follow.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import chain

from loanword.data.codes import Findings, shown
from loanword.data.columns import Cells

QUOTED = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
PLAIN = re.compile(r'[^",\r\n]*+')
CELL = re.compile(rf"(?:{QUOTED.pattern}|({PLAIN.pattern}))(,|\r?\n|\Z)")
JSON_START = re.compile(r'\s*(?:\[\s*)?\{\s*"')
DELIMITERS = "\t;|,"

Row = tuple[int, list[str]]


def parse(text: str, *, tabs: bool, wanted: Collection[str], findings: Findings, header: bool = True) -> Cells:
    """Return the `wanted` columns of CSV `text`, or of TSV if `tabs`; rows that cannot be read are noted.

    Without a `header` columns are called by their numbers, "1" for the first.
    """
    if header:
        _check_layout(text, mark="\t" if tabs else ",", wanted=wanted, findings=findings)
    before = len(findings.problems)
    body = _without_blank_end(text)
    rows = _tab_rows(body) if tabs else _comma_rows(body, findings)
    number, first = next(((number, row) for number, row in rows if row != [""]), (0, []))
    if len(findings.problems) > before:
        # Without the first row no later one can be understood.
        findings.raise_any()
    names = first if header else [str(place) for place in range(1, len(first) + 1)]
    _check_names(names, findings)
    kept = {name: names.index(name) for name in names if name in wanted}
    cells = Cells(columns=tuple(names), values={name: [] for name in kept})
    if not header and first:
        rows = chain([(number, first)], rows)
    for line, row in rows:
        if len(row) != len(names):
            if row == [""]:
                continue
            findings.add(
                "LW201",
                cause=f"the row has {len(row)} cells, the {'header' if header else 'first row'} has {len(names)}",
                fix="remove the extra tabs or add the missing ones"
                if tabs
                else "put cells that hold a comma in quotation marks and add cells that are missing",
                line=line,
            )
            continue
        cells.lines.append(line)
        for name, place in kept.items():
            cells.values[name].append(row[place])
    return cells


def _check_layout(text: str, *, mark: str, wanted: Collection[str], findings: Findings) -> None:
    """Stop at JSON, and at a header that another delimiter than `mark` would split."""
    if JSON_START.match(text):
        findings.stop("LW105", cause="the content looks like JSON", fix="rename the file to end in .jsonl", line=1)
    header = text.lstrip("\r\n").partition("\n")[0]
    other = next((character for character in DELIMITERS if character != mark and character in header), "")
    if other and mark not in header and header.strip('"\r') not in wanted:
        findings.stop(
            "LW114",
            cause=f"the header is one column that holds {other!r}; columns were expected to part at {mark!r}",
            fix="rename the file to end in .tsv" if other == "\t" else "write it with commas as .csv or tabs as .tsv",
            line=1,
        )


def _check_names(header: list[str], findings: Findings) -> None:
    for name in dict.fromkeys(header):
        if name and header.count(name) > 1:
            findings.add(
                "LW113",
                cause=f"{header.count(name)} columns are called {shown(name)}",
                fix="give each column its own name",
                line=1,
                column=name,
            )


def _without_blank_end(text: str) -> str:
    end = len(text)
    while text.endswith("\n", 0, end):
        end -= 2 if text.endswith("\r\n", 0, end) else 1
    return text[:end]


def _tab_rows(text: str) -> Iterator[Row]:
    for line, content in enumerate(text.split("\n"), start=1):
        yield line, content.removesuffix("\r").split("\t")


def _comma_rows(text: str, findings: Findings) -> Iterator[Row]:
    """Walk the rows; after a broken one go on with the next physical line."""
    place, line, end = 0, 1, len(text)
    start = line
    row: list[str] = []
    while place < end or row:
        match = CELL.match(text, place)
        if match is None:
            _explain(text, place, line, findings)
            following = text.find("\n", place)
            if following < 0:
                return
            place, line, row = following + 1, line + 1, []
            start = line
            continue
        quoted, plain, stop = match.groups()
        if quoted is None:
            row.append(plain)
        else:
            row.append(quoted.replace('""', '"'))
            line += quoted.count("\n")
        place = match.end()
        if stop != ",":
            yield start, row
            line += 1
            start, row = line, []


def _explain(text: str, place: int, line: int, findings: Findings) -> None:
    """Note why no cell could be read at `place`."""
    fix = "put the cell in quotation marks and double those inside it"
    opened = text.startswith('"', place)
    match = (QUOTED if opened else PLAIN).match(text, place)
    if match is None:
        findings.add("LW202", cause="a quoted cell opens here and is never closed", fix="close it", line=line)
        return
    crossed = match.group().count("\n")
    if text.startswith("\r", match.end()):
        findings.add(
            "LW204",
            cause="a bare carriage return stands outside quotation marks",
            fix="end rows with LF or CRLF, or put the cell in quotation marks",
            line=line + crossed,
        )
    elif crossed:
        findings.add(
            "LW202",
            cause=f"a quoted cell opens here and is not closed: the next mark, {crossed} lines on, does not end a cell",
            fix=f"close it; if a mark is meant, {fix}",
            line=line,
        )
    else:
        cause = "text follows a closing quotation mark" if opened else "a quotation mark stands in an unquoted cell"
        findings.add("LW203", cause=cause, fix=fix, line=line)
