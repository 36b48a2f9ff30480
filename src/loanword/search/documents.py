"""Documents of a folder, as text: pages and plain files whole, tables row by row.

Read as strictly as data for training: everything that is wrong with any of them is told at once, and what is no
document is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from loanword.config import expanded
from loanword.data.codes import Findings
from loanword.data.read import EXTENSIONS, read
from loanword.data.shapes.texts import TEXTS
from loanword.data.text import MARK, decode, expect_file, load
from loanword.errors import DataError, Problem, UsageError
from loanword.search.html import Run, text_of

PAGES = (".html", ".htm")
WHOLE = (".txt", ".md", *PAGES)
"""Files that are one document each."""

KINDS = (*WHOLE, *EXTENSIONS)
"""What can be read, each also with ``.gz`` added."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text and where it is from: the file's path in the folder, and the line of a row (0 for a whole file).

    `runs` say where in the file the parts of the text stand, if it is not the file as it is; a byte order mark is a
    code point of the file.
    """

    name: str
    text: str = field(repr=False)
    line: int = 0
    runs: tuple[Run, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Documents:
    """The `files` of a folder, or a single one, to be read one by one; `others` are those that are no documents.

    Documents are called by their paths from `root`.
    """

    root: Path
    files: tuple[Path, ...]
    others: tuple[Path, ...] = ()
    is_folder: bool = True

    @classmethod
    def within(cls, source: str | Path) -> Documents:
        """List the documents of the folder `source`, whatever is in its subfolders included, or take it as one file.

        What begins with a dot is not looked at. Raises `UsageError` where there are none.
        """
        root = expanded(source)
        if not root.is_dir():
            return cls(root.parent, (root,), is_folder=False)
        files = [path for path in sorted(root.rglob("*")) if path.is_file() and not _is_hidden(path.relative_to(root))]
        found = tuple(path for path in files if _kind(path) in KINDS)
        if not found:
            seen = f"{len(files)} of other kinds" if files else "nothing"
            raise UsageError(f"{source} holds no documents, but {seen}; expected files that end in {', '.join(KINDS)}")
        return cls(root, found, tuple(path for path in files if _kind(path) not in KINDS))

    def read(self, *, columns: Mapping[str, str] | None = None) -> Iterator[Document]:
        """Give the documents, in the order of their names; `columns` as for `loanword.read`.

        After the last one, raises `DataError` with the problems of all files, if there are any.
        """
        problems: list[Problem] = []
        for path in self.files:
            try:
                yield from self._read(path, columns)
            except DataError as error:
                problems += error.problems
        if problems:
            raise DataError(problems)

    def _read(self, path: Path, columns: Mapping[str, str] | None) -> Iterator[Document]:
        name, kind = path.relative_to(self.root).as_posix(), _kind(path)
        if kind not in WHOLE:
            table = read(path, language="und", shape=TEXTS, columns=columns)
            yield from (Document(name, text, line) for text, line in zip(table.text, table.line, strict=True))
            return
        findings = Findings(str(path))
        expect_file(path, findings)
        data = load(path, packed=path.suffix.lower() == ".gz", parquet=False, findings=findings)
        text, before = decode(data, findings), int(data.startswith(MARK.encode()))
        if (place := text.find("\0")) >= 0:
            line = text.count("\n", 0, place) + 1
            findings.add("LW212", cause="a NUL character stands in the text", fix="remove it", line=line)
        findings.raise_any()
        if kind not in PAGES:
            yield Document(name, text, runs=((0, len(text), before, before + len(text)),) if before else ())
            return
        found, runs = text_of(text)
        if not found:
            findings.stop("LW110", cause="the page holds no text", fix="give the page as a browser shows it")
        yield Document(
            name, found, runs=tuple((start, end, there + before, then + before) for start, end, there, then in runs)
        )


def _kind(path: Path) -> str:
    return Path(path.stem if path.suffix.lower() == ".gz" else path.name).suffix.lower()


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
