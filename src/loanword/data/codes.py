"""The codes of data problems, and the collector that the readers write them to.

A code keeps its meaning for good: scripts and documents may rely on it. ``LW1xx`` is about the file as a whole,
``LW2xx`` about a row, ``LW3xx`` about a label, ``LW4xx`` about the language.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from loanword.errors import ConfigError, DataError, Problem

CODES: dict[str, str] = {
    "LW101": "the file does not exist",
    "LW102": "the path is not a regular file (a directory, a pipe, a device)",
    "LW103": "the file cannot be opened or read (permission, a loop of links, a failing disk)",
    "LW104": "the file's extension is not one that can be read",
    "LW105": "the content is not what the extension says",
    "LW106": "the compressed data is damaged or cut short",
    "LW107": "the content unpacks to far more than text does",
    "LW108": "the text is in UTF-16 or UTF-32",
    "LW109": "the text is not valid UTF-8",
    "LW110": "the file is empty",
    "LW111": "there are no rows",
    "LW112": "a column that is needed is not there",
    "LW113": "two columns have one name",
    "LW114": "the header was not split at the expected delimiter",
    "LW115": "the parquet file is damaged",
    "LW116": "the JSON of the file as a whole is not laid out as rows",
    "LW117": "the Hub cannot be reached and has left no copy on this machine",
    "LW118": "the Hub has no such data set, configuration or split",
    "LW119": "the XML is damaged, nested too deeply, or uses entities of its own",
    "LW120": "the file is not in the encoding that it names, or that encoding is not known",
    "LW121": "the rows of a file are laid out in two ways",
    "LW201": "a row has more or fewer cells than the header",
    "LW202": "a quoted cell is never closed",
    "LW203": "a quotation mark stands where none may stand",
    "LW204": "a bare carriage return stands outside quotation marks",
    "LW205": "a row is not valid JSON",
    "LW206": "a row is JSON, but not an object",
    "LW207": "a JSON object has a key twice",
    "LW208": "a number is not one that JSON has (NaN, Infinity) or is absurdly long",
    "LW209": "JSON is nested too deeply",
    "LW210": "a row has no text",
    "LW211": "a cell that must be a string is something else",
    "LW212": "a cell holds a NUL character",
    "LW213": "a cell holds half of a surrogate pair",
    "LW214": "an entry of a TMX, PO or XLIFF file is not written as its format has it",
    "LW215": "an image is not there, or cannot be read",
    "LW216": "a line, or a document of several, is too long to be held",
    "LW217": "an extract of a wiki dump is not written as WikiExtractor writes it",
    "LW301": "a row has no label",
    "LW302": "a label is neither a string nor an integer",
    "LW303": "some labels are strings and some are integers",
    "LW304": "a class number has no class name",
    "LW305": "the training data has fewer than two labels",
    "LW306": "a score is no finite number",
    "LW307": "a row has more or fewer tags than words",
    "LW308": "a span is not one, or does not lie in its text",
    "LW309": "an answer is none, or does not stand in the text where it is said to",
    "LW310": "the labels of a row are not a list of different names",
    "LW311": "a known pair names a sentence that is not there",
    "LW312": "a tag among those of entities is none",
    "LW401": "a row's language is not the one that was asked for",
    "LW402": "a row's language is not a known tag",
    "LW403": "the file has nothing in the languages that were asked for",
    "LW404": "an entry has several texts in the language that was asked for",
}
"""Code to meaning; the reference page of the documentation is made from this table."""


class Findings:
    """Collects the problems of one source, so that all of them are told at once."""

    def __init__(self, path: str, *, unit: str = "line", most: int = 0) -> None:
        """Start empty for the source `path`; `unit` is "row" where the rows are not lines of text.

        With the problem number `most`, if it is not 0, reading ends: a source without end may have as many.
        """
        self.path = plain(path)
        self.unit = unit
        self.most = most
        self.problems: list[Problem] = []

    def add(self, code: str, *, cause: str, fix: str, line: int = 0, column: str = "") -> None:
        """Note a problem with the `code` of `CODES` at `line` (1-based, 0 for the file as a whole).

        `cause` and `fix` are phrases without a full stop; the message makes sentences of them. Nothing in a problem
        has control characters, wherever its words come from.
        """
        if line and self.unit != "line":
            cause = f"{self.unit} {line}: {cause}"
        cause, fix = plain(cause), plain(fix)
        self.problems.append(Problem(code, self.path, line, cause, fix[0].upper() + fix[1:], plain(column)))
        if len(self.problems) == self.most:
            raise self._error(unfinished=True)

    def stop(self, code: str, *, cause: str, fix: str, line: int = 0, column: str = "") -> NoReturn:
        """Note a problem after which nothing more can be read, and raise."""
        self.add(code, cause=cause, fix=fix, line=line, column=column)
        raise self._error()

    def raise_any(self) -> None:
        """Raise `DataError` with every problem in the order of lines, or return if there is none."""
        if self.problems:
            raise self._error()

    def _error(self, *, unfinished: bool = False) -> DataError:
        return DataError(sorted(self.problems, key=lambda problem: problem.line), unfinished=unfinished)


def raise_all(wrong: Sequence[str], problems: Sequence[Problem]) -> None:
    """Raise all that is amiss with some sources at once, if anything is.

    Raises:
        ConfigError: some are `wrong` as they are written; they come first, then the `problems` of the data.
        DataError: there are but `problems`.
    """
    told = DataError(problems)
    if wrong:
        raise ConfigError([*dict.fromkeys(wrong), *str(told).splitlines()], where="data")
    if problems:
        raise told


def plain(text: str) -> str:
    """Escape what a terminal would obey, or a reader not see: line ends, control and format characters."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def shown(name: str) -> str:
    """Render a name from the data for a message: quoted, escaped and at most 40 characters long.

    Labels, columns and keys go through here, wherever a message names them; `plain` is for what is not to be quoted.
    """
    return repr(name) if len(name) <= 40 else repr(name[:39]) + "…"
